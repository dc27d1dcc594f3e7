/**
 * Lets rows of one table go of files: those among up to some thousands that are still as they were seen, that the policy
 * still lets go, and that nobody holds. In two steps of one statement: `locked` finds and locks them in the order of their
 * ids and passes over whoever is held (no row is waited for, so nobody's transaction deadlocks with it); what it gives
 * changes no more until the commit. A row that changed after the statement began is looked at again as it is by then; rows of
 * other tables are seen as they were when it began.
 *
 * Asked again of each row: every rule of the policy, as `keptBecause` tells it, except those for which there is no index by
 * row. Follow requests are asked all of them once for the batch. Of cards, every rule about posts is asked about the posts
 * that name the card and were made after the policy, or at most a day before it: a range of the primary key. Not asked
 * again is what people here did since the policy was made with an older post of the card: whom that keeps was found ahead.
 *
 * Cost, by EXPLAIN ANALYZE on 200,000 accounts, for 5,000 rows: 36 ms to find and ask again (an index look-up for each row and
 * the look-ups of its rules), 3 ms to lock, 7 ms to find the locked rows once more, 170 ms to write them; a plain UPDATE of as
 * many by range takes 140 ms: the indexes get an entry for each row that moves to another page. `prune-editor.ts` has fewer
 * rows move.
 * Relies on what `kept-because.ts` and `record-columns.ts` rely on, and on cornac.leases.
 */
import { KINDS, type Kind } from '../../../core/model/media.ts'
import { keepRulesFor, postIdSince, type PrunePolicy } from '../../../core/model/prune-policy.ts'
import type { SchemaFacts } from '../../../core/model/schema.ts'
import type { Fence } from '../../../core/ports/state.ts'
import { whileHeld, type Statement } from './change-file.ts'
import { cardsTouchedAmong, REQUESTED_AMONG } from './kept-ahead.ts'
import { policySql, timestampText } from './kept-because.ts'
import { FOUND_AHEAD, notKeptBy, type KindsOfTable, type NotKept } from './prunable-rows.ts'
import { gatherValues, type Put } from './put-values.ts'
import { FILE_COLUMNS, remote, sameFile, seenRows, type SeenRow } from './seen-rows.ts'

/** Gives the ids of the rows that changed. `rows` have files of these kinds only. */
export function letGoStatement(
  kinds: KindsOfTable,
  rows: readonly SeenRow[],
  policy: PrunePolicy,
  touchedAtMs: number | null,
  fence: Fence | null,
  schema: SchemaFacts,
): Statement {
  const { values, put } = gatherValues()
  const [first] = kinds
  const { table } = KINDS[first]
  const { files, ofRow } = notKeptBy(kinds, policySql(policy, put), schema, FOUND_AHEAD[first])
  const ahead = keptSince(first, policy, schema, put)
  const conditions = [
    ...(fence === null ? [] : [whileHeld(fence, put)]),
    remote(files[0]?.kind as Kind, schema),
    'r.updated_at = s.row_updated_at',
    ...files.map((file) => stillGoes(file, schema)),
    ...ofRow,
    ...(ahead === null ? [] : [`r.id <> ALL(ARRAY(${ahead}))`]),
  ]
  const goes = files.map(({ kind }) => `s.${kind}_name IS NOT NULL AS ${kind}`)
  const set = files.flatMap(({ kind }) =>
    FILE_COLUMNS.map((column) => {
      const name = `${KINDS[kind].columns}_${column}`
      return files.length === 1 ? `${name} = NULL` : `${name} = CASE WHEN NOT l.${kind} THEN r.${name} END`
    }),
  )
  if (touchedAtMs !== null) set.push(`updated_at = ${put(timestampText(touchedAtMs))}::timestamp`)
  const text = `WITH seen AS MATERIALIZED (SELECT * FROM ${seenRows(
    files.map(({ kind }) => kind),
    rows,
    put,
  )}),
    locked AS MATERIALIZED (
      SELECT r.id, ${goes.join(', ')} FROM seen s JOIN ${table} r ON r.id = s.id
        WHERE ${conditions.join('\n AND ')}
        ORDER BY r.id FOR NO KEY UPDATE OF r SKIP LOCKED)
    UPDATE ${table} r SET ${set.join(', ')} FROM locked l WHERE r.id = l.id RETURNING r.id`
  return { text, values }
}

/** Of a picture that is not to go nothing is asked; an attachment's other file may not have come to be meanwhile. */
function stillGoes({ kind, goes }: NotKept['files'][number], schema: SchemaFacts): string {
  const prefix = KINDS[kind].columns
  const unnamed =
    prefix === 'file' || prefix === 'thumbnail' ? ` AND coalesce(r.${prefix}_file_name, '') = ''` : ''
  return `(CASE WHEN s.${kind}_name IS NULL THEN true${unnamed} ELSE
    ${sameFile(kind, schema)} AND r.${prefix}_updated_at IS NOT DISTINCT FROM s.${kind}_at AND ${goes} END)`
}

/** Ids among those seen that rules found ahead keep by now; null if no such rule holds under the policy. */
function keptSince(kind: KindsOfTable[0], policy: PrunePolicy, schema: SchemaFacts, put: Put): string | null {
  const rules = keepRulesFor(policy, kind, schema.has).filter((rule) => FOUND_AHEAD[kind].includes(rule))
  if (rules.length === 0) return null
  return kind === 'card'
    ? cardsTouchedAmong(rules, `${put(String(postIdSince(policy.madeAtMs)))}::bigint`)
    : REQUESTED_AMONG
}

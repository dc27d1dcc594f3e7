/**
 * Lets rows of one table go of files: those among up to some thousands that nobody has written since they were read, that the
 * policy still lets go, and that nobody holds. In two steps of one statement: `locked` finds and locks them in the order of
 * their ids and passes over whoever is held (no row is waited for, so nobody's transaction deadlocks with it); what it gives
 * changes no more until the commit. A row that changed after the statement began is looked at again as it is by then; rows of
 * other tables are seen as they were when it began.
 *
 * Written since: by the transaction that made the row's version (`xmin`). Whatever writes a row makes a version of its own, and
 * of one transaction's versions only the last is ever seen by others. A table rewritten as a whole looks written, and is left
 * for the next run.
 *
 * Asked again of each row: every rule of the policy, as `keptBecause` tells it, except those for which there is no index by
 * row. Follow requests are asked all of them once for the batch. Of cards, every rule about posts is asked about the posts
 * that name the card and were made after the policy, or at most a day before it: a range of the primary key. Not asked
 * again is what people here did since the policy was made with an older post of the card: whom that keeps was found ahead.
 *
 * Cost, by EXPLAIN ANALYZE on 300,000 accounts, for 1,800 rows: 10 ms to find and ask again (an index look-up for each row
 * and the look-ups of its rules), 2 ms to lock, 15 ms to write them where what they leave behind takes them, 70 ms where each
 * moves to another page and is entered into twenty indexes. `stripe-rows.ts` has fewer rows move. They are found by their ids:
 * only a look through an index clears a page of what was left behind. Once locked, a row stays where it lies.
 * Relies on what `kept-because.ts` and `record-columns.ts` rely on, and on cornac.leases.
 */
import { KINDS, type Kind } from '../../../core/model/media.ts'
import type { SeenCandidate } from '../../../core/model/prune-candidate.ts'
import { keepRulesFor, postIdSince, type PrunePolicy } from '../../../core/model/prune-policy.ts'
import type { SchemaFacts } from '../../../core/model/schema.ts'
import type { Fence } from '../../../core/ports/state.ts'
import { whileHeld, type Statement } from './change-file.ts'
import { cardsTouchedAmong, REQUESTED_AMONG } from './kept-ahead.ts'
import { policySql, timestampText } from './kept-because.ts'
import { FOUND_AHEAD, notKeptBy, type KindsOfTable } from './prunable-rows.ts'
import { gatherValues, type Put } from './put-values.ts'
import { FILE_COLUMNS, remote } from './seen-rows.ts'

/** One text: the ids of the rows that changed, a space between them; NULL if none did. `rows` have files of these kinds only. */
export function letGoStatement(
  kinds: KindsOfTable,
  rows: readonly SeenCandidate[],
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
    'r.xmin = s.xmin',
    ...files.map(({ kind, goes }) => `(NOT s.${kind} OR ${goes})`),
    ...ofRow,
    ...(ahead === null ? [] : [`r.id <> ALL(ARRAY(${ahead}))`]),
  ]
  const goes = files.map(({ kind }) => `s.${kind}`)
  const set = files.flatMap(({ kind }) =>
    FILE_COLUMNS.map((column) => {
      const name = `${KINDS[kind].columns}_${column}`
      return files.length === 1 ? `${name} = NULL` : `${name} = CASE WHEN NOT l.${kind} THEN r.${name} END`
    }),
  )
  if (touchedAtMs !== null) set.push(`updated_at = ${put(timestampText(touchedAtMs))}::timestamp`)
  const text = `WITH seen AS MATERIALIZED (SELECT * FROM ${seenVersions(
    files.map(({ kind }) => kind),
    rows,
    put,
  )}),
    locked AS MATERIALIZED (
      SELECT r.id, r.ctid AS place, ${goes.join(', ')} FROM seen s JOIN ${table} r ON r.id = s.id
        WHERE ${conditions.join('\n AND ')}
        ORDER BY r.id FOR NO KEY UPDATE OF r SKIP LOCKED),
    gone AS (UPDATE ${table} r SET ${set.join(', ')} FROM locked l WHERE r.ctid = l.place RETURNING r.id)
    SELECT string_agg(id::text, ' ') FROM gone`
  return { text, values }
}

/**
 * `unnest(…) s(id, xmin, …)`: for each of the kinds whether its file goes. Digits and switches, so that arrays can be written
 * as they are: the driver looks at every element for what it would have to mask.
 */
function seenVersions(kinds: readonly Kind[], rows: readonly SeenCandidate[], put: Put): string {
  const columns: readonly (readonly [name: string, type: string, values: readonly unknown[]])[] = [
    ['id', 'bigint', rows.map(({ id }) => BigInt(id))],
    ['xmin', 'xid', rows.map(({ version }) => Number(version.xmin))],
    ...kinds.map(
      (kind) =>
        [kind, 'boolean', rows.map(({ files }) => files.some(({ record }) => record.kind === kind))] as const,
    ),
  ]
  const arrays = columns.map(([, type, values]) => `${put(`{${values.join(',')}}`)}::${type}[]`)
  return `unnest(${arrays.join(', ')}) s(${columns.map(([name]) => name).join(', ')})`
}

/** Ids among those seen that rules found ahead keep by now; null if no such rule holds under the policy. */
function keptSince(kind: KindsOfTable[0], policy: PrunePolicy, schema: SchemaFacts, put: Put): string | null {
  const rules = keepRulesFor(policy, kind, schema.has).filter((rule) => FOUND_AHEAD[kind].includes(rule))
  if (rules.length === 0) return null
  return kind === 'card'
    ? cardsTouchedAmong(rules, `${put(String(postIdSince(policy.madeAtMs)))}::bigint`)
    : REQUESTED_AMONG
}

/**
 * Makes rows of one table name files again that they were let go of: the way back of `let-go.ts`, column by column, where
 * the row names nothing for the kind and knows the same address. Rows somebody holds are passed over. A row may take one file
 * back and not the other.
 * Cost: an index look-up for each row, and one for the change.
 * Relies on what `record-columns.ts` relies on, and on cornac.leases.
 */
import { KINDS, type Kind } from '../../../core/model/media.ts'
import type { SchemaFacts } from '../../../core/model/schema.ts'
import type { Fence } from '../../../core/ports/state.ts'
import { whileHeld, type Statement } from './change-file.ts'
import { timestampText } from './kept-because.ts'
import { gatherValues } from './put-values.ts'
import { FILE_COLUMNS, remote, sameUrl, seenRows, type SeenRow } from './seen-rows.ts'

type Kinds = readonly [Kind, ...Kind[]]

/** Gives id, and for each of the kinds whether the row names its file again. A row without `rowUpdatedAt` keeps its time. */
export function nameAgainStatement(
  kinds: Kinds,
  rows: readonly SeenRow[],
  touchedAtMs: number | null,
  fence: Fence | null,
  schema: SchemaFacts,
): Statement {
  const { values, put } = gatherValues()
  const { table } = KINDS[kinds[0]]
  const flags = kinds.map((kind) => {
    const unnamed = `coalesce(r.${KINDS[kind].columns}_file_name, '') = ''`
    return `(s.${kind}_name IS NOT NULL AND ${unnamed} AND ${sameUrl(kind, schema)})`
  })
  const set = kinds.flatMap((kind) =>
    FILE_COLUMNS.map((column, at) => {
      const name = `${KINDS[kind].columns}_${column}`
      const back = `b.${kind}_${['name', 'type', 'bytes', 'at'][at] as string}`
      return `${name} = CASE WHEN l.${kind} THEN ${back} ELSE r.${name} END`
    }),
  )
  if (touchedAtMs !== null)
    set.push(`updated_at = CASE WHEN r.updated_at = ${put(timestampText(touchedAtMs))}::timestamp
      THEN coalesce(b.row_updated_at, r.updated_at) ELSE r.updated_at END`)
  const told = kinds.map((kind) => `l.${kind}`).join(', ')
  const text = `WITH seen AS MATERIALIZED (SELECT * FROM ${seenRows(kinds, rows, put, 'whole')}),
    locked AS MATERIALIZED (
      SELECT r.id, ${flags.map((flag, at) => `${flag} AS ${kinds[at] as Kind}`).join(', ')}
        FROM seen s JOIN ${table} r ON r.id = s.id
        WHERE ${fence === null ? 'true' : whileHeld(fence, put)} AND ${remote(kinds[0], schema)}
          AND (${flags.join(' OR ')})
        ORDER BY r.id FOR NO KEY UPDATE OF r SKIP LOCKED)
    UPDATE ${table} r SET ${set.join(', ')}
      FROM locked l JOIN seen b ON b.id = l.id WHERE r.id = l.id RETURNING r.id, ${told}`
  return { text, values }
}

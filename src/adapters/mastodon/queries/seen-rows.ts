/**
 * Rows of one table as they were seen, as a relation inside a statement: a line for each row, with what its files were.
 * Times are UTC without a zone (docs/mastodon.md#times), to the microsecond.
 * Relies on what `record-columns.ts` relies on.
 */
import type { Kind } from '../../../core/model/media.ts'
import type { PruneFile } from '../../../core/model/prune-candidate.ts'
import type { SchemaFacts } from '../../../core/model/schema.ts'
import type { Put } from './put-values.ts'
import { kindColumns } from './record-columns.ts'

export interface SeenRow {
  readonly id: string
  readonly rowUpdatedAt: string | null
  /** At most one of each kind; a kind that has none is NULL in the line. */
  readonly files: readonly PruneFile[]
}

/** The four columns of a file that naming it sets and letting it go empties, unprefixed (docs/mastodon.md#file-columns). */
export const FILE_COLUMNS = ['file_name', 'content_type', 'file_size', 'updated_at'] as const

type Column = readonly [name: string, type: string, of: (row: SeenRow) => unknown]

/**
 * `unnest(…) s(id, row_updated_at, …)`: for each of the kinds `<kind>_name`, `<kind>_at` and, where it has one, `<kind>_url`;
 * of whole files `<kind>_type` and `<kind>_bytes` as well.
 */
export function seenRows(
  kinds: readonly Kind[],
  rows: readonly SeenRow[],
  put: Put,
  extent: 'whole' | 'identity' = 'identity',
): string {
  const columns: Column[] = [
    ['id', 'bigint', (row) => row.id],
    ['row_updated_at', 'timestamp', (row) => row.rowUpdatedAt],
    ...kinds.flatMap((kind) => [...identity(kind), ...(extent === 'whole' ? rest(kind) : [])]),
  ]
  const arrays = columns.map(([, type, of]) => `${put(rows.map(of))}::${type}[]`)
  return `unnest(${arrays.join(', ')}) s(${columns.map(([name]) => name).join(', ')})`
}

function identity(kind: Kind): readonly Column[] {
  const columns: readonly Column[] = [
    [`${kind}_name`, 'text', (row) => fileOf(row, kind)?.record.fileName ?? null],
    [`${kind}_at`, 'timestamp', (row) => fileOf(row, kind)?.assignedAt ?? null],
  ]
  return kind === 'card'
    ? columns
    : [...columns, [`${kind}_url`, 'text', (row) => fileOf(row, kind)?.record.remoteUrl ?? null]]
}

function rest(kind: Kind): readonly Column[] {
  return [
    [`${kind}_type`, 'text', (row) => fileOf(row, kind)?.record.contentType ?? null],
    [`${kind}_bytes`, 'bigint', (row) => fileOf(row, kind)?.record.bytes ?? null],
  ]
}

function fileOf(row: SeenRow, kind: Kind): PruneFile | undefined {
  return row.files.find(({ record }) => record.kind === kind)
}

/** Does the row `r` know the same address for the file as `s`? Cards know none. */
export function sameUrl(kind: Kind, schema: SchemaFacts): string {
  return kind === 'card'
    ? 'true'
    : `nullif(${kindColumns(kind, schema).remoteUrl}, '') IS NOT DISTINCT FROM s.${kind}_url`
}

/** Is the row `r` a remote one, whose files of this kind may go? */
export function remote(kind: Kind, schema: SchemaFacts): string {
  return `(${kindColumns(kind, schema).remote})`
}

/**
 * Files that remote rows name now, of some kinds of one table, counted over the ids above `$1` through `$2`.
 * Cost: an index range of the primary key.
 * Relies on what `record-columns.ts` relies on.
 */
import { KINDS, type Kind } from '../../../core/model/media.ts'
import type { SchemaFacts } from '../../../core/model/schema.ts'
import { kindColumns } from './record-columns.ts'

/** A number for each of the kinds, which are all of one table. */
export function namedFiles(kinds: readonly [Kind, ...Kind[]], schema: SchemaFacts): string {
  const counts = kinds.map((kind) => {
    const { remote } = kindColumns(kind, schema)
    return `count(*) FILTER (WHERE (${remote}) AND r.${KINDS[kind].columns}_file_name <> '')::float8`
  })
  return `SELECT ${counts.join(', ')} FROM ${KINDS[kinds[0]].table} r WHERE r.id > $1 AND r.id <= $2`
}

/** Avatar and header columns of accounts, in the order `toPictures` reads. Relies on accounts as in 4.3 to 4.6. */
import type { SchemaFacts } from '../../../core/model/schema.ts'
import { fileColumns } from './record-columns.ts'

function pictureColumns(schema: SchemaFacts): string {
  return `${fileColumns('avatar', schema)}, ${fileColumns('header', schema)},
    lower(r.domain), r.suspended_at IS NOT NULL, r.username,
    (extract(epoch FROM r.updated_at) * 1000)::float8`
}

/** Remote accounts that `$1` follows, account id above `$2`, at most `$3`, by id. */
export function followedPage(schema: SchemaFacts): string {
  return `SELECT ${pictureColumns(schema)} FROM follows f JOIN accounts r ON r.id = f.target_account_id
    WHERE f.account_id = $1 AND f.target_account_id > $2 AND r.domain IS NOT NULL
    ORDER BY f.target_account_id LIMIT $3`
}

/** The account `$1`. */
export function accountById(schema: SchemaFacts): string {
  return `SELECT ${pictureColumns(schema)} FROM accounts r WHERE r.id = $1`
}

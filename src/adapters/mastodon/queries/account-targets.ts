/**
 * The remote accounts among the ids in `$1`, in the order `accountTargets` reads: five columns of the account, then eight
 * for each of the kinds. Relies on accounts as in 4.3 to 4.6.
 */
import type { PictureKind } from '../../../core/model/heal-target.ts'
import type { SchemaFacts } from '../../../core/model/schema.ts'
import { fileColumns } from './record-columns.ts'

export function accountTargetsById(kinds: readonly PictureKind[], schema: SchemaFacts): string {
  return `SELECT r.id, r.username, lower(r.domain), nullif(r.uri, ''), r.suspended_at IS NOT NULL,
      ${kinds.map((kind) => fileColumns(kind, schema)).join(', ')}
    FROM accounts r WHERE r.id = ANY($1::bigint[]) AND r.domain IS NOT NULL`
}

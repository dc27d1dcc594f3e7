/**
 * Accounts that have posted, latest first: `$3` rows of account_stats before the time `$1` and account `$2`, through the
 * index (last_status_at, account_id), with the account if it is remote. The first two columns are where the next page
 * begins; `to_char` is exact to the microsecond and does not depend on DateStyle.
 * Relies on account_stats and accounts as in 4.3 to 4.6.
 */
import type { PictureKind } from '../../../core/model/account-picture.ts'
import type { SchemaFacts } from '../../../core/model/schema.ts'
import { accountTargetColumns } from './account-targets.ts'

export function lastPostedAccounts(kinds: readonly PictureKind[], schema: SchemaFacts): string {
  return `SELECT to_char(s.last_status_at, 'YYYY-MM-DD HH24:MI:SS.US'), s.account_id,
      ${accountTargetColumns(kinds, schema)}
    FROM (SELECT last_status_at, account_id FROM account_stats
      WHERE (last_status_at, account_id) < ($1::timestamp, $2::bigint)
      ORDER BY last_status_at DESC, account_id DESC LIMIT $3) s
    LEFT JOIN accounts r ON r.id = s.account_id AND r.domain IS NOT NULL
    ORDER BY s.last_status_at DESC, s.account_id DESC`
}

/**
 * Accounts that have posted, latest first, local ones among them: `$3` of them before the time `$1` and account `$2`. The
 * index (last_status_at, account_id) alone answers it. The second column is the time for the next page: `to_char` is
 * exact to the microsecond and does not depend on DateStyle.
 * Relies on account_stats as in 4.3 to 4.6.
 */
export const LAST_POSTED_ACCOUNTS = `SELECT account_id, to_char(last_status_at, 'YYYY-MM-DD HH24:MI:SS.US')
  FROM account_stats WHERE (last_status_at, account_id) < ($1::timestamp, $2::bigint)
  ORDER BY last_status_at DESC, account_id DESC LIMIT $3`

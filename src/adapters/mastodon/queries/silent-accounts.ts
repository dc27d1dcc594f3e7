/**
 * Remote accounts of which no post is known, newest first: `$2` of them with ids below `$1`. The subquery is answered
 * row by row from the unique index of account_stats: as a join, every page could hash the whole table.
 * Relies on accounts and account_stats as in 4.3 to 4.6.
 */
export const SILENT_ACCOUNTS = `SELECT r.id FROM accounts r
  WHERE r.id < $1 AND r.domain IS NOT NULL
    AND (SELECT s.last_status_at FROM account_stats s WHERE s.account_id = r.id) IS NULL
  ORDER BY r.id DESC LIMIT $2`

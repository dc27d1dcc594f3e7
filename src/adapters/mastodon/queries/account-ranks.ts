/**
 * For the account ids in `$1`: their number in `$1` from 0, how many local accounts follow them, and when they posted
 * last (seconds since the epoch, 0 if unknown). Every look-up is one in an index, whatever the statistics say: as a join,
 * the local accounts might be gone through for every row.
 * Relies on follows, accounts and account_stats as in 4.3 to 4.6.
 */
export const ACCOUNT_RANKS = `SELECT (i.n - 1)::int,
    (SELECT count(*) FROM follows f WHERE f.target_account_id = i.id
      AND (SELECT l.domain FROM accounts l WHERE l.id = f.account_id) IS NULL)::int,
    coalesce((SELECT floor(extract(epoch FROM s.last_status_at)) FROM account_stats s
      WHERE s.account_id = i.id), 0)::float8
  FROM unnest($1::bigint[]) WITH ORDINALITY AS i(id, n)`

/**
 * Accounts by name, through the unique index on lower(username) and coalesce(lower(domain), ''). Where that index was
 * damaged there may be several: the oldest is meant. Relies on accounts as in 4.3 to 4.6.
 */

/** The local account `$1`. */
export const LOCAL_ACCOUNT = `SELECT id FROM accounts
  WHERE lower(username) = lower($1) AND coalesce(lower(domain), '') = '' AND domain IS NULL
  ORDER BY id LIMIT 1`

/** The account `$1` of the domain `$2`. */
export const REMOTE_ACCOUNT = `SELECT id FROM accounts
  WHERE lower(username) = lower($1) AND coalesce(lower(domain), '') = lower($2) AND domain IS NOT NULL
  ORDER BY id LIMIT 1`

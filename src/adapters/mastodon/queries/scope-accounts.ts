/**
 * Account ids of a scope, in keyset pages: above `$1`, at most `$2`, ascending, each once; local ones may be among them.
 * Relies on follows and accounts as in 4.3 to 4.6.
 */

/** Everybody a local account follows. */
export const FOLLOWED_BY_LOCALS = `SELECT f.target_account_id FROM follows f JOIN accounts l ON l.id = f.account_id
  WHERE f.target_account_id > $1 AND l.domain IS NULL
  GROUP BY f.target_account_id ORDER BY f.target_account_id LIMIT $2`

/** Everybody the account `$3` follows. */
export const FOLLOWED_BY_ONE = `SELECT target_account_id FROM follows
  WHERE account_id = $3 AND target_account_id > $1 ORDER BY target_account_id LIMIT $2`

/** Everybody of the domain `$3`. */
export const OF_DOMAIN = 'SELECT id FROM accounts WHERE domain = $3 AND id > $1 ORDER BY id LIMIT $2'

/** Everybody of the domain `$3` and of those like `$4`. No index knows subdomains: each page reads on through the table. */
export const OF_DOMAIN_AND_BELOW = `SELECT id FROM accounts
  WHERE id > $1 AND (lower(domain) = $3 OR lower(domain) LIKE $4) ORDER BY id LIMIT $2`

/** The local accounts. */
export const LOCAL_ACCOUNTS = 'SELECT id FROM accounts WHERE domain IS NULL AND id > $1 ORDER BY id LIMIT $2'

/** The pattern of the domains below one, for LIKE: `_` and `%` mean themselves. */
export function belowDomain(domain: string): string {
  return `%.${domain.replaceAll(/[\\%_]/g, String.raw`\$&`)}`
}

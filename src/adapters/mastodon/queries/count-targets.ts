/** Numbers of rows for progress. Relies on accounts, media_attachments and custom_emojis as in 4.3 to 4.6. */
import { emojiOfDomains, type EmojiDomains } from './emoji-targets.ts'

/** Rows of the table `$1`, as the planner believes. */
export const ESTIMATE_ROWS =
  'SELECT greatest(reltuples, 0)::float8 FROM pg_catalog.pg_class WHERE oid = to_regclass($1)'

/** Different accounts in notifications, as the planner believes; below zero it is a share of the rows. */
export const ESTIMATE_NOTIFIERS = `SELECT (CASE WHEN s.n_distinct >= 0 THEN s.n_distinct
      ELSE -s.n_distinct * greatest(c.reltuples, 0) END)::float8
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname
    WHERE c.oid = to_regclass('notifications') AND s.attname = 'from_account_id'`

/** Remote ones among the ids in `$1`. */
export const COUNT_ACCOUNTS =
  'SELECT count(*)::float8 FROM accounts WHERE id = ANY($1::bigint[]) AND domain IS NOT NULL'

/** Remote attachments of the accounts in `$1`. */
export const COUNT_ATTACHMENTS = `SELECT count(*)::float8 FROM media_attachments
  WHERE account_id = ANY($1::bigint[]) AND remote_url <> ''`

/** Emoji of the domains; the values are numbered as where pages are read, so `$1` and `$2` are not used. */
export function countEmoji(domains: EmojiDomains): string {
  const where = emojiOfDomains(domains).replaceAll('$3', '$1').replaceAll('$4', '$2')
  return `SELECT count(*)::float8 FROM custom_emojis r WHERE ${where}`
}

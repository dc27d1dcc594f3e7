/**
 * Remote custom emoji, in the order `emojiTarget` reads: shortcode, domain, eight file columns.
 * Relies on custom_emojis and accounts as in 4.3 to 4.6.
 */
import type { SchemaFacts } from '../../../core/model/schema.ts'
import { fileColumns, worthReading } from './record-columns.ts'

/** Which emoji, over alias `r`. */
export type EmojiDomains = 'all' | 'listed' | 'below'

/** The domains are in `$3` (`listed`, an array), or `$3` and the pattern `$4` (`below`). */
export function emojiOfDomains(domains: EmojiDomains): string {
  switch (domains) {
    case 'all':
      return 'r.domain IS NOT NULL'
    case 'listed':
      return 'lower(r.domain) = ANY($3::text[])'
    case 'below':
      return '(lower(r.domain) = $3 OR lower(r.domain) LIKE $4)'
  }
}

/** `$2` of them with ids below `$1`, newest first. */
export function emojiTargetsBelow(schema: SchemaFacts, domains: EmojiDomains): string {
  return `SELECT r.shortcode, lower(r.domain), ${fileColumns('emoji', schema)} FROM custom_emojis r
    WHERE r.id < $1 AND ${worthReading('emoji', schema)} AND ${emojiOfDomains(domains)}
    ORDER BY r.id DESC LIMIT $2`
}

/** Those among the ids in `$1`. */
export function emojiTargetsById(schema: SchemaFacts): string {
  return `SELECT r.shortcode, lower(r.domain), ${fileColumns('emoji', schema)} FROM custom_emojis r
    WHERE r.id = ANY($1::bigint[]) AND r.domain IS NOT NULL`
}

/** The domains of the remote accounts among the ids in `$1`. */
export const DOMAINS_OF_ACCOUNTS = `SELECT DISTINCT lower(domain) FROM accounts
  WHERE id = ANY($1::bigint[]) AND domain IS NOT NULL`

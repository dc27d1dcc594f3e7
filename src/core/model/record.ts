import type { Kind } from './media.ts'

/**
 * What one database row claims about one file of one kind.
 *
 * A row of `accounts` gives two records (avatar, header), a row of `media_attachments` two (attachment, thumbnail).
 */
export interface MediaRecord {
  readonly kind: Kind
  /** Primary key in decimal digits, possibly with a minus. Never a JavaScript number: snowflake ids pass 2^53. */
  readonly id: string
  /** Mastodon's own locality: `domain` for accounts and emoji, `remote_url` for media, always true for cards. */
  readonly remote: boolean
  /** Domain of the remote owner (lower case, punycode as stored); null for local media and for kinds without an owner. */
  readonly domain: string | null
  /** The stored file name; null when the row names nothing (NULL or empty in the database). */
  readonly fileName: string | null
  readonly contentType: string | null
  /** Bytes of the `original` variant as the row states them. */
  readonly bytes: number | null
  /** When the file was last assigned (`<prefix>_updated_at`), milliseconds since the epoch. */
  readonly assignedAtMs: number | null
  /** `<prefix>_storage_schema_version`; a missing column and NULL count as 0. */
  readonly storageVersion: number
  /** Where the origin serves it; null when the row knows no URL (NULL or empty). */
  readonly remoteUrl: string | null
  /**
   * Mastodon closed its files on purpose (mode 0600, private ACL): the owner is suspended, or the status was deleted
   * but is kept for a report (docs/mastodon.md#closed-files). For account pictures this is exactly "suspended".
   */
  readonly hidden: boolean
}

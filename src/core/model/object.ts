/** What a listing shows of one object. */
export interface StoredObject {
  /** Full name in storage, below the media root or `S3_KEY_PREFIX`. */
  readonly key: string
  readonly bytes: number
  /** Last modification, milliseconds since the epoch, by the storage's own clock. */
  readonly modifiedAtMs: number
  /**
   * `open`: whoever serves media may read it; `closed`: there, but its mode shuts the web server or this process out.
   * Stores that do not tell in a listing (S3) always say `open`.
   */
  readonly access: 'open' | 'closed'
}

/** A part of the key space that could not be listed: nothing is known about any key that starts with `prefix`. */
export interface UnlistedPrefix {
  /** Ends with `/`. */
  readonly unlisted: string
  /** Why, as one short phrase: `permission denied`. */
  readonly reason: string
}

/** One entry of a listing; entries come in key order, an unlisted prefix at the place of its own name. */
export type Listed = StoredObject | UnlistedPrefix

export function isUnlisted(entry: Listed): entry is UnlistedPrefix {
  return 'unlisted' in entry
}

/** The key at which an entry stands in the order of the listing. */
export function listedKey(entry: Listed): string {
  return 'unlisted' in entry ? entry.unlisted : entry.key
}

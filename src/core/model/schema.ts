/** What was probed of the database: versions are named for people, columns decide. */

/** Mastodon minor versions whose tables and rules this program knows. */
export type MastodonVersion = '4.3' | '4.4' | '4.5' | '4.6'

export interface SchemaFacts {
  /** The known version the columns and migrations fit; null if none does. */
  readonly version: MastodonVersion | null
  /** Highest entry of `schema_migrations`. */
  readonly schemaVersion: string
  /** Columns that only some versions have. */
  readonly has: {
    readonly thumbnailStorageVersion: boolean
    readonly quotes: boolean
    readonly keypairs: boolean
    /** `settings.thing_type`: only rows without a thing are the server's own (4.3). */
    readonly settingsThing: boolean
  }
  /** Why only reading is allowed; null if writing is. One sentence. */
  readonly readOnlyBecause: string | null
}

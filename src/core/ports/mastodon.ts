/** What we ask of one Mastodon server's database as a whole, besides its sorted records. */
import type { AccountPicture } from '../model/account-picture.ts'
import type { DomainBlock } from '../model/domain-policy.ts'
import type { SchemaFacts } from '../model/schema.ts'
import type { RecordSource, UsageSource } from './records.ts'
import type { CallOptions } from './storage.ts'
import type { VitalsSource } from './vitals.ts'

/** Where a local user's follows come from, and under which rules their pictures may be fetched. */
export interface FollowSource {
  /** The id of a local account by name (with or without `@`, any case); null if there is none. */
  localAccount(username: string, options?: CallOptions): Promise<string | null>
  /** How many remote accounts the local account follows. */
  countFollowed(accountId: string, options?: CallOptions): Promise<number>
  /** Avatar and header of every remote account the local account follows, in bounded pages, each account once. */
  followedPictures(accountId: string, options?: CallOptions): AsyncIterable<readonly AccountPicture[]>
}

/** What the server's moderators decided about other domains. */
export interface DomainRules {
  readonly blocks: ReadonlyMap<string, DomainBlock>
  /** Domains allowed under limited federation. */
  readonly allowed: ReadonlySet<string>
}

/** A new file for one account picture, with what was seen when the decision was made. */
export interface PictureChange {
  readonly seen: AccountPicture
  readonly fileName: string
  readonly contentType: string
  readonly bytes: number
}

export interface PictureEditor {
  /**
   * Asked before any work: could `nameFile` change a row at all? Changes nothing.
   * @throws KnownError if this Mastodon is only read, the database is a standby, or the user may not change accounts
   */
  refuseIfReadOnly(options?: CallOptions): Promise<void>
  /**
   * Makes the row name the new file if it is still as it was seen: same file name, same remote URL, not suspended.
   * False if it was not; then nothing changed. Sets `updated_at` as Mastodon's own redownload does.
   */
  nameFile(change: PictureChange, options?: CallOptions): Promise<boolean>
}

/** One open Mastodon database. */
export interface MastodonDatabase
  extends RecordSource, UsageSource, FollowSource, PictureEditor, VitalsSource {
  readonly schema: SchemaFacts
  domainRules(options?: CallOptions): Promise<DomainRules>
  /** A picture as it is now; null if the account is gone. */
  picture(
    which: AccountPicture['which'],
    accountId: string,
    options?: CallOptions,
  ): Promise<AccountPicture | null>
  close(): Promise<void>
}

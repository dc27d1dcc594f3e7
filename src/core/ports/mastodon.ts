/** What we ask of one Mastodon server's database as a whole, besides its sorted records. */
import type { DomainBlock } from '../model/domain-policy.ts'
import type { HealKind, HealScope, HealTarget } from '../model/heal-target.ts'
import type { Kind } from '../model/media.ts'
import type { MediaRecord } from '../model/record.ts'
import type { SchemaFacts } from '../model/schema.ts'
import type { PruneEditor, PruneSource } from './prune.ts'
import type { RecordSource, UsageSource } from './records.ts'
import type { Fence } from './state.ts'
import type { CallOptions } from './storage.ts'
import type { VitalsSource } from './vitals.ts'

/** Who is in a scope, in the order in which people see them. */
export interface HealSource {
  /** The id of a local account by name (with or without `@`, any case); null if there is none. */
  localAccount(username: string, options?: CallOptions): Promise<string | null>
  /** The id of a remote account by `user@domain` (any case, with or without a leading `@`); null if there is none. */
  remoteAccount(handle: string, options?: CallOptions): Promise<string | null>
  /** How many remote rows of the kinds' tables are in the scope: exact for accounts named or followed, else an estimate. */
  countTargets(scope: HealScope, kinds: readonly HealKind[], options?: CallOptions): Promise<number>
  /**
   * Every remote record of the scope that names a file or knows where one is (cards: every card that names a file or has
   * ever named one, `image_updated_at` or a blurhash being the trace), each once, in bounded pages. Order: accounts that
   * most local accounts follow first, then those interacted with, then those that posted last; attachments, emoji and cards
   * newest first. Memory grows by no more than some bytes per account of the scope; no cursor, no session state.
   */
  targets(
    scope: HealScope,
    kinds: readonly HealKind[],
    options?: CallOptions,
  ): AsyncIterable<readonly HealTarget[]>
  /** The targets of these records as they are now, in no order; what is gone or not remote is absent. */
  targetsById(kind: Kind, ids: readonly string[], options?: CallOptions): Promise<readonly HealTarget[]>
}

/** What the server's moderators decided about other domains. */
export interface DomainRules {
  readonly blocks: ReadonlyMap<string, DomainBlock>
  /** Domains allowed under limited federation. */
  readonly allowed: ReadonlySet<string>
}

/** Width and height of the variants of an image attachment, for `media_attachments.file_meta` (docs/mastodon.md#pictures). */
export interface ImageMeta {
  readonly original: { readonly width: number; readonly height: number }
  readonly small: { readonly width: number; readonly height: number }
}

/** A new file for one record, with what was seen when the decision was made. */
export interface FileChange {
  readonly seen: MediaRecord
  readonly fileName: string
  readonly contentType: string
  /** Of the stored `original`. */
  readonly bytes: number
  /** Where the picture was found, if that is not what the row says; recorded with it. */
  readonly newUrl: string | null
  /** Written where the row has none; null for kinds without one. */
  readonly blurhash: string | null
  /** Merged into what the row has, whose `focus` and `colors` stay; null for kinds without it. */
  readonly meta: ImageMeta | null
}

export interface FileEditor {
  /**
   * Asked before any work: could rows of these kinds be changed at all? Changes nothing.
   * @throws KnownError if this Mastodon is only read, the database is a standby, or the user may not change a table
   */
  refuseIfReadOnly(kinds: readonly HealKind[], options?: CallOptions): Promise<void>
  /**
   * Makes the row name the new file if it is still as it was seen: same file name, same remote URL, still remote, owner not
   * suspended (of attachments also: status not deleted, nobody processing it), and `fence` (if any) still held. False if
   * not; then nothing changed. Sets `updated_at` as Mastodon's own workers do, and the kind's storage version to 1 where it
   * has one; an attachment of unknown type becomes an image with its image. Waits for whoever holds the row.
   */
  nameFile(change: FileChange, fence: Fence | null, options?: CallOptions): Promise<boolean>
  /**
   * Makes the row name nothing, under the same conditions: file name, content type, size and `<file>_updated_at` become NULL
   * together; URL, blurhash, meta and storage version stay, and so does the row's own `updated_at` (as the vacuum does it).
   * Never for emoji. Why: docs/mastodon.md#file-columns.
   */
  clearFile(seen: MediaRecord, fence: Fence | null, options?: CallOptions): Promise<boolean>
}

/** One open Mastodon database. */
export interface MastodonDatabase extends RecordSource, UsageSource, HealSource, FileEditor, VitalsSource {
  readonly schema: SchemaFacts
  /** What a prune would let go of, and the right to do so. */
  readonly prune: PruneSource & PruneEditor
  /**
   * The private key of the instance actor (id -99) as PEM; null if the database does not hold it in the clear
   * (docs/mastodon.md#instance-actor).
   */
  instanceActorKey(options?: CallOptions): Promise<string | null>
  domainRules(options?: CallOptions): Promise<DomainRules>
  close(): Promise<void>
}

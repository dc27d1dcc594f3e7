/** One opened Mastodon server: what compose hands to the apps. Parts open on first use, so a verb pays for what it asks. */
import type { MastodonDatabase } from './mastodon.ts'
import type { ImageMaker } from './images.ts'
import type { ActorReader, OriginFetcher, PageReader } from './origin.ts'
import type { Clock, OtherWork } from './runtime.ts'
import type { OwnState, ScanStore } from './state.ts'
import type { LeftoverLister, SparingStorage, Storage } from './storage.ts'
import type { RailsCache, RedownloadQueue, SidekiqSource } from './vitals.ts'

/** Storage without the rights to write and to remove. */
export type ReadableStorage = Pick<Storage, 'list' | 'stat' | 'read' | 'traits' | 'use' | 'removalTraits'> & {
  readonly leftovers: LeftoverLister | null
}

export interface OpenInstance {
  /** Which server and storage this is: for the scan store and for people, without secrets. */
  readonly name: string
  /** Opened and probed once; throws a KnownError if it cannot be used. */
  database(): Promise<MastodonDatabase>
  /** Opened and checked once; throws a KnownError if it cannot be used. */
  storage(): Promise<ReadableStorage>
  /** The same storage for whoever changes it: refuses to change anything but remote media and Cornac's own objects. */
  sparingStorage(): Promise<SparingStorage>
  /** Where scans keep what they need to resume. */
  scans(): Promise<ScanStore>
  /** Our own tables; opening makes nothing. */
  state(): Promise<OwnState>
  /** Sidekiq's queues, through Redis. */
  sidekiq(): Promise<SidekiqSource>
  /** Mastodon's own workers; throws a KnownError if the version is unknown, or Redis cannot be used. */
  redownloads(): Promise<RedownloadQueue>
  /** Throws a KnownError if Redis cannot be used. */
  railsCache(): Promise<RailsCache>
  /** One object, so that the limit per host holds over files and documents together. */
  origin(): Promise<OriginFetcher & ActorReader & PageReader>
  images(): Promise<ImageMaker>
  readonly clock: Clock
  readonly otherWork: OtherWork
  /** From 0 up to 1, each time another: spreads what should not happen all at once. */
  readonly chance: () => number
  /** Sixteen random hexadecimal digits, as Mastodon names new files. */
  readonly newName: () => string
  /** Closes whatever was opened; never throws. */
  close(): Promise<void>
}

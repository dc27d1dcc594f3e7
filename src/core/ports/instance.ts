/** One opened Mastodon server: what compose hands to the apps. Parts open on first use, so a verb pays for what it asks. */
import type { MastodonDatabase } from './mastodon.ts'
import type { ImageMaker } from './images.ts'
import type { OriginFetcher } from './origin.ts'
import type { Clock } from './runtime.ts'
import type { ScanStore } from './state.ts'
import type { Storage } from './storage.ts'

export interface OpenInstance {
  /** Which server and storage this is: for the scan store and for people, without secrets. */
  readonly name: string
  /** Opened and probed once; throws a KnownError if it cannot be used. */
  database(): Promise<MastodonDatabase>
  /** Opened and checked once; throws a KnownError if it cannot be used. */
  storage(): Promise<Storage>
  /** The same storage as heal gets it: refuses to remove anything but remote media under `cache/`. */
  healStorage(): Promise<Storage>
  /** Where scans keep what they need to resume. */
  scans(): Promise<ScanStore>
  origin(): Promise<OriginFetcher>
  images(): Promise<ImageMaker>
  readonly clock: Clock
  /** Sixteen random hexadecimal digits, as Mastodon names new files. */
  newName(): string
  /** Closes whatever was opened; never throws. */
  close(): Promise<void>
}

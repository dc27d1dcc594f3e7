/** What mending one record needs, whichever way it is mended. */
import type { MastodonVersion } from '../../model/schema.ts'
import type { ImageMaker } from '../../ports/images.ts'
import type { MastodonDatabase } from '../../ports/mastodon.ts'
import type { ActorReader, OriginFetcher, PageReader } from '../../ports/origin.ts'
import type { Clock } from '../../ports/runtime.ts'
import type { HealJournal, Lease } from '../../ports/state.ts'
import type { ObjectReader, ObjectRemover, ObjectWriter, SparingStorage } from '../../ports/storage.ts'
import type { RailsCache } from '../../ports/vitals.ts'
import type { HostBook } from '../memory/host-book.ts'

/** Storage as heal gets it: it can change nothing but remote files. */
export type HealObjects = ObjectReader & ObjectWriter & ObjectRemover & Pick<SparingStorage, 'vouchFor'>

export interface MendPorts {
  readonly database: Pick<MastodonDatabase, 'nameFile' | 'clearFile' | 'targetsById' | 'schema'>
  readonly objects: HealObjects
  readonly origin: OriginFetcher & ActorReader & PageReader
  readonly images: ImageMaker
  readonly journal: Pick<HealJournal, 'open' | 'close'>
  readonly cache: Pick<RailsCache, 'dropEmoji'>
  readonly clock: Clock
  /** Sixteen random hexadecimal digits, as Mastodon names new files. */
  readonly newName: () => string
}

/** What one run shares among its records. */
export interface MendRun {
  readonly lease: Lease
  readonly hosts: HostBook
  /** For one file, redirects included. */
  readonly timeoutMs: number
  readonly version: MastodonVersion | null
  readonly useLibvips: boolean | null
  /** Told of every body that arrived, in bytes. */
  readonly fetched: (bytes: number) => void
  /** Told of objects that could not be removed: the journal keeps them for the next run. */
  readonly leftBehind: (count: number) => void
}

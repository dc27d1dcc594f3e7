/** What `doctor` asks about a server's health, besides opening its parts. */
import type { MediaRecord } from '../model/record.ts'
import type { CallOptions } from './storage.ts'

/** Mastodon's own retention settings; days, or null for "off" (absent, blank, or not a whole number above zero). */
export interface RetentionSettings {
  readonly mediaDays: number | null
  readonly contentDays: number | null
  readonly backupDays: number | null
  /** Settings whose text Mastodon reads as "off" although somebody wrote something, such as a quoted number. */
  readonly ignored: readonly string[]
}

export interface DatabaseVitals {
  /** The database's clock, milliseconds since the epoch. */
  readonly nowMs: number
  /** A standby: nothing can be written here. */
  readonly standby: boolean
  /** The user may update the columns heal writes. */
  readonly mayWrite: boolean
  readonly retention: RetentionSettings
  /** When the oldest remote attachment that still names a file was last fetched; null if there is none. */
  readonly oldestCachedMs: number | null
}

export interface VitalsSource {
  vitals(options?: CallOptions): Promise<DatabaseVitals>
  /** Some records that name a remote file, newest accounts first: enough to see whether storage is the right one. */
  sampleNamed(count: number, options?: CallOptions): Promise<readonly MediaRecord[]>
}

export interface SidekiqQueue {
  readonly name: string
  readonly depth: number
  /** Age of the oldest waiting job; null for an empty queue. */
  readonly latencyMs: number | null
}

export interface SidekiqVitals {
  readonly queues: readonly SidekiqQueue[]
  /** Sidekiq processes that reported in. */
  readonly processes: number
  readonly retries: number
  readonly dead: number
}

export interface SidekiqSource {
  vitals(nowMs: number, options?: CallOptions): Promise<SidekiqVitals>
}

/** One of Mastodon's own workers that fetches a file again (docs/mastodon.md#redownload-workers). */
export type RedownloadWorker = 'RedownloadAvatarWorker' | 'RedownloadHeaderWorker' | 'RedownloadMediaWorker'

/** `id` is an account's, or an attachment's for RedownloadMediaWorker; decimal digits. */
export interface RedownloadJob {
  readonly worker: RedownloadWorker
  readonly id: string
}

/** Where a job is now. `gone`: finished, or given up for good without a trace. */
export type JobPlace = 'queued' | 'running' | 'scheduled' | 'retrying' | 'dead' | 'gone'

export interface QueueLoad {
  readonly depth: number
  /** Age of the oldest waiting job; null for an empty queue. */
  readonly latencyMs: number | null
  /** Sidekiq processes that reported in lately and take from the queue. */
  readonly processes: number
}

/** Work handed to Mastodon itself. */
export interface RedownloadQueue {
  /** The `pull` queue, which the Redownload workers live in. */
  load(options?: CallOptions): Promise<QueueLoad>
  /** Puts the jobs into the `pull` queue in the format of this Mastodon's Sidekiq; gives their ids (jid), in order. */
  push(jobs: readonly RedownloadJob[], options?: CallOptions): Promise<readonly string[]>
  /** Where jobs we pushed are now, by jid. */
  places(jids: readonly string[], options?: CallOptions): Promise<ReadonlyMap<string, JobPlace>>
  /** Redownload jobs that wait already, whoever pushed them (queue, schedule, retry), in bounded pages. */
  waiting(options?: CallOptions): AsyncIterable<readonly RedownloadJob[]>
  /** Takes pushed jobs that nobody has begun out of the queue again; gives how many there were. */
  withdraw(jids: readonly string[], options?: CallOptions): Promise<number>
}

/** Mastodon's Rails cache, where rows changed behind its back would live on (docs/mastodon.md#rails-cache). */
export interface RailsCache {
  /** Deletes the cached copy of one remote emoji, so that its new file name is seen. */
  dropEmoji(shortcode: string, domain: string, options?: CallOptions): Promise<void>
}

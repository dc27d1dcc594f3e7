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

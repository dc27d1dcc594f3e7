/** Our own memory between runs: here, of scans under way. */
import type { Finding } from '../model/finding.ts'
import type { Shard, ShardTotals } from '../model/shard.ts'
import type { CallOptions } from './storage.ts'

/** What identifies a scan: two runs with the same scope over the same instance may share shards. */
export interface ScanScope {
  /** Database and storage, without secrets. */
  readonly instance: string
  readonly kinds: readonly string[]
  readonly minAgeMs: number
}

export interface ScanStart {
  readonly id: string
  readonly scope: ScanScope
  /** Milliseconds since the epoch; every guard of the scan counts from here, also after a resume. */
  readonly startedAtMs: number
  readonly shards: readonly Shard[]
}

/** One shard being written. Nothing of it counts until `finish`. */
export interface ShardRecorder {
  add(findings: readonly Finding[]): Promise<void>
  finish(totals: ShardTotals): Promise<void>
  /** Forgets what was added: the shard will be done again. */
  discard(): Promise<void>
}

/** One scan being written. Shards may finish in any order; a shard is there whole or not at all. */
export interface ScanRecorder {
  readonly start: ScanStart
  /** Totals of shards that an earlier, interrupted run finished, by shard number. */
  readonly finished: ReadonlyMap<number, ShardTotals>
  openShard(shard: number): Promise<ShardRecorder>
  /** Findings of all finished shards, in shard order. */
  findings(options?: CallOptions): AsyncIterable<readonly Finding[]>
  /** The scan is complete. */
  complete(): Promise<void>
}

export interface ScanStore {
  /** Why scans kept here cannot be resumed by a later process; null if they can. One sentence. */
  readonly forgetfulBecause: string | null
  /** A new scan; keeps only the latest few of the same scope. */
  begin(start: ScanStart): Promise<ScanRecorder>
  /**
   * The interrupted scan of this scope that began last, at or after `notBeforeMs`; null if there is none, or if a later one
   * was completed: then nothing is left to go on with.
   */
  unfinished(scope: ScanScope, notBeforeMs: number): Promise<ScanRecorder | null>
}

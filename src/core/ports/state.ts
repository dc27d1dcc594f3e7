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

/** A finished shard: what it counted, and whether its findings are stored. */
export interface FinishedShard {
  readonly totals: ShardTotals
}

/** One scan being written. Shards may finish in any order; a shard is there whole or not at all. */
export interface ScanRecorder {
  readonly start: ScanStart
  /** Totals of shards that an earlier, interrupted run finished, by shard number. */
  readonly finished: ReadonlyMap<number, ShardTotals>
  finishShard(shard: number, totals: ShardTotals, findings: readonly Finding[]): Promise<void>
  /** Findings of all finished shards, in shard order. */
  findings(options?: CallOptions): AsyncIterable<readonly Finding[]>
  /** The scan is complete. */
  complete(): Promise<void>
}

export interface ScanStore {
  /** A new scan; keeps only the latest few of the same scope. */
  begin(start: ScanStart): Promise<ScanRecorder>
  /** The latest interrupted scan of this scope that began at or after `notBeforeMs`; null if there is none. */
  unfinished(scope: ScanScope, notBeforeMs: number): Promise<ScanRecorder | null>
}

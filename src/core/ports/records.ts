/** What we ask of Mastodon's own database: sorted reads, and compare-and-set writes. */
import type { Kind } from '../model/media.ts'
import type { MediaRecord } from '../model/record.ts'
import type { Root } from '../model/storage-key.ts'
import type { CallOptions } from './storage.ts'

/** One run of rows: a kind, the root their files lie under, and ids from `from` through `to` (both included). */
export interface RecordRun {
  readonly kind: Kind
  readonly root: Root
  readonly from: bigint
  readonly to: bigint
}

export interface RecordSource {
  /**
   * Records of the run that name a file or know a remote URL, ascending by id (descending for negative ids, whose
   * folders grow that way), in bounded pages. Keyset reads: no cursor, no session state, no long transaction.
   */
  records(run: RecordRun, options?: CallOptions): AsyncIterable<readonly MediaRecord[]>
  /** Records as they are now, by id, also those that name nothing any more; only ids whose row is gone are absent. */
  reread(kind: Kind, ids: readonly string[], options?: CallOptions): Promise<ReadonlyMap<string, MediaRecord>>
  /** Roughly how many rows the kind has (planner statistics), for progress only. */
  estimate(kind: Kind, options?: CallOptions): Promise<number>
  /**
   * Every `rows`-th id of the kind's table, ascending; none where rows are few.
   * A cut is only a hint for dividing work: correctness never depends on it.
   */
  cuts(kind: Kind, rows: number, options?: CallOptions): Promise<readonly bigint[]>
}

/** What the database believes it stores, from its own columns. */
export interface BelievedUse {
  readonly kind: Kind
  readonly remote: boolean
  /** Records that name a file. */
  readonly count: number
  /** Sum of the stated sizes of originals. */
  readonly bytes: number
}

export interface UsageSource {
  believed(options?: CallOptions): Promise<readonly BelievedUse[]>
}

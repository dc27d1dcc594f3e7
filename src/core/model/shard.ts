/** A scan's unit of work: one kind under one root (or no kind at all), and a part of its key space. */
import type { Finding, FindingCode } from './finding.ts'
import type { Kind } from './media.ts'
import type { Root } from './storage-key.ts'
import type { Tally } from './tally.ts'

export interface Shard {
  readonly number: number
  /** Null for the space between the kinds' prefixes, where only strays can lie. */
  readonly kind: Kind | null
  readonly root: Root
  /** Keys greater than this, byte order. */
  readonly after: string
  /** Keys up to and including this; null to the end. */
  readonly through: string | null
  /** First and last positions (see `idPosition`), both included, of ids whose folders lie in this shard; null without a kind. */
  readonly positions: { readonly from: number; readonly to: number } | null
}

/** Age of objects by last modification, for the table of ages. */
export type AgeClass = 'day' | 'week' | 'month' | 'quarter' | 'year' | 'older'

/** What a shard counted. Plain data: it is stored, and added up. */
export interface ShardTotals {
  records: number
  /** Records that name a file. */
  named: number
  objects: number
  /** Measured: objects claimed by a row, by `kind/local|remote`. */
  measured: Record<string, Tally>
  /** Measured objects of remote records by domain. */
  domains: Record<string, Tally>
  ages: Partial<Record<AgeClass, Tally>>
  /** Findings by `kind/code` (`-/stray` without a kind). */
  findings: Record<string, Tally>
  /** Young, half-written or just changed things that were left out of the findings. */
  tooYoung: number
}

export type { Finding, FindingCode }

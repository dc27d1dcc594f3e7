/** A row that a prune would let go of, as it was when that was decided, and sums over such rows. */
import type { Kind } from './media.ts'
import type { KeepRule } from './prune-policy.ts'
import type { MediaRecord } from './record.ts'
import type { Tally } from './tally.ts'

/** One file the row would no longer name: what its four columns say now, and what lies in storage for it. */
export interface PruneFile {
  /** Names a file, is remote, and its kind is one of avatar, header, attachment, thumbnail and card. */
  readonly record: MediaRecord & { readonly fileName: string }
  /**
   * `<prefix>_updated_at` to the microsecond, UTC: `2026-01-31 23:59:59.000001`, trailing zeros left out; null if the row has
   * none.
   */
  readonly assignedAt: string | null
  /** Every key the record claims, derived variants included, in key order. */
  readonly keys: readonly string[]
}

/** One row, with all its files that would go: an account gives up to two, an attachment its thumbnail as well. */
export interface PruneCandidate {
  readonly table: 'accounts' | 'media_attachments' | 'preview_cards'
  /** Primary key in decimal digits. */
  readonly id: string
  /** At least one. */
  readonly files: readonly PruneFile[]
  /** The row's own `updated_at` to the microsecond, UTC, written as `assignedAt` is. */
  readonly rowUpdatedAt: string
  /** The youngest of the row's times that count for its age, milliseconds since the epoch, rounded down. */
  readonly quietSinceMs: number
  /** Of the owner, lower case; null for cards, and for attachments whose account is gone. */
  readonly domain: string | null
  /** Sum of the stated sizes of the files' originals. */
  readonly bytes: number
}

/** A candidate just read, with what tells whether anybody has written its row since. */
export interface SeenCandidate extends PruneCandidate {
  /** Which version of the row was read, and where it lies; as long as they are the same, so is every column of it. */
  readonly version: RowVersion
}

/** System columns of PostgreSQL, as it writes them: `(109,4)`, `7421`. Of one database, and for as long as a run lasts. */
export interface RowVersion {
  readonly ctid: string
  readonly xmin: string
}

/** What would become of one record, and why. */
export type PruneVerdict =
  /** There is no such row. */
  | { readonly verdict: 'absent' }
  /** At least one rule holds, in the order of `keepRulesFor`. */
  | { readonly verdict: 'kept'; readonly because: readonly KeepRule[] }
  | { readonly verdict: 'let-go'; readonly candidate: PruneCandidate }

/** Upper ends in days; what is older than the last of them is in the bucket after it. */
export const AGE_ENDS_DAYS = [7, 30, 90, 180, 365] as const

/** One line of the ages: files quiet for `fromDays` or longer, and for less than `toDays` (null: no upper end). */
export interface AgeTally extends Readonly<Tally> {
  readonly fromDays: number
  readonly toDays: number | null
}

export interface DomainTally extends Readonly<Tally> {
  readonly domain: string
}

/** What a policy would let go of, counted: files and the stated bytes of their originals. */
export interface PruneTotals {
  /** Rows that would change; a row may have two files. */
  readonly rows: number
  readonly files: Readonly<Tally>
  readonly byKind: Readonly<Partial<Record<Kind, Readonly<Tally>>>>
  /** The twenty with the most bytes, most first. */
  readonly topDomains: readonly DomainTally[]
  /** Youngest first, every bucket there. */
  readonly byAge: readonly AgeTally[]
}

/** How many domains are named. */
export const TOP_DOMAINS = 20

import type { Kind } from './media.ts'

/** What a scan can find wrong with one file. The codes are stable: JSON, tables and docs use the same words. */
export type FindingCode = 'missing' | 'pruned' | 'orphan' | 'stray' | 'mismatched' | 'unreadable'

/** The meaning of each code in one sentence, in the order in which reports show them. */
export const FINDING_MEANINGS: Readonly<Record<FindingCode, string>> = {
  missing: 'the row names a file that storage does not hold',
  pruned: 'the row names no file, but knows where the origin keeps it',
  unreadable: 'the file may be there, but it cannot be read or served',
  mismatched: 'the stored size is not the size the row states',
  orphan: 'storage holds a file that no row claims',
  stray: 'a file with a name of no kind Cornac knows; told, never touched',
}

/** In the order in which reports show them. */
export const FINDING_CODES = Object.keys(FINDING_MEANINGS) as readonly FindingCode[]

/** One thing a scan found, about one key or (for `pruned`) one record. */
export interface Finding {
  readonly code: FindingCode
  /** Null for a stray. */
  readonly kind: Kind | null
  /** The row concerned, in decimal digits; null for an orphan and a stray. */
  readonly id: string | null
  /** Null for `pruned`: nothing is named. */
  readonly key: string | null
  readonly style: string | null
  readonly remote: boolean | null
  readonly domain: string | null
  /** Bytes measured in storage; null where nothing was measured. */
  readonly bytes: number | null
  /** Of an orphan: last modification by the storage's clock, milliseconds since the epoch; else null. */
  readonly modifiedAtMs: number | null
  /** Whatever a person needs besides: expected bytes, the reason a folder could not be listed. */
  readonly detail: string | null
}

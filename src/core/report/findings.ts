/** The read model of `scan`: findings by code and kind. */
import { FINDING_CODES, type FindingCode } from '../model/finding.ts'
import type { Kind } from '../model/media.ts'
import type { ShardTotals } from '../model/shard.ts'

/** Every server has some of these, and neither asks for anything: they are counted, and are no reason to call anybody. */
export const ONLY_TOLD: ReadonlySet<FindingCode> = new Set(['pruned', 'stray'])

/** What was found of one sort. */
export interface FindingLine {
  readonly code: FindingCode
  /** Null for what belongs to no kind: strays, folders. */
  readonly kind: Kind | null
  readonly count: number
  /** Measured bytes; zero for what is not there. */
  readonly bytes: number
}

/** In the order of severity, kinds by name. */
export function findingLines(totals: ShardTotals): readonly FindingLine[] {
  return Object.entries(totals.findings)
    .map(([name, tally]): FindingLine => {
      const [kind, code] = name.split('/') as [Kind | '-', FindingCode]
      return { code, kind: kind === '-' ? null : kind, ...tally }
    })
    .sort(
      (a, b) =>
        FINDING_CODES.indexOf(a.code) - FINDING_CODES.indexOf(b.code) ||
        ((a.kind ?? '') < (b.kind ?? '') ? -1 : 1),
    )
}

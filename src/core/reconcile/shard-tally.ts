/** Counts of one shard, and their sum over shards. */
import type { Finding } from '../model/finding.ts'
import type { Kind } from '../model/media.ts'
import type { AgeClass, ShardTotals } from '../model/shard.ts'
import { addTo, tallyOf, type Tally } from '../model/tally.ts'

/** Nothing counted yet; the totals are their owner's to change. */
export function emptyTotals(): ShardTotals {
  return {
    records: 0,
    named: 0,
    objects: 0,
    measured: {},
    domains: {},
    ages: {},
    findings: {},
    tooYoung: 0,
  }
}

/** An object that belongs to a kind, local or remote, whether or not a row claims it. */
export function countMeasured(totals: ShardTotals, kind: Kind, remote: boolean, bytes: number): void {
  addTo(tallyOf(totals.measured, `${kind}/${remote ? 'remote' : 'local'}`), bytes)
}

export function countDomain(totals: ShardTotals, domain: string, bytes: number): void {
  addTo(tallyOf(totals.domains, domain), bytes)
}

export function countAge(totals: ShardTotals, ageMs: number, bytes: number): void {
  addTo(tallyOf(totals.ages, ageClass(ageMs)), bytes)
}

export function countFinding(totals: ShardTotals, finding: Finding): void {
  addTo(tallyOf(totals.findings, `${finding.kind ?? '-'}/${finding.code}`), finding.bytes ?? 0)
}

const DAY_MS = 86_400_000

/** Upper bounds of the age classes, youngest first. */
const AGE_BOUNDS: readonly (readonly [AgeClass, number])[] = [
  ['day', DAY_MS],
  ['week', 7 * DAY_MS],
  ['month', 30 * DAY_MS],
  ['quarter', 91 * DAY_MS],
  ['year', 365 * DAY_MS],
]

function ageClass(ageMs: number): AgeClass {
  return AGE_BOUNDS.find(([, bound]) => ageMs < bound)?.[0] ?? 'older'
}

/** Adds the second to the first. */
export function addTotals(sum: ShardTotals, part: ShardTotals): void {
  sum.records += part.records
  sum.named += part.named
  sum.objects += part.objects
  sum.tooYoung += part.tooYoung
  addTallies(sum.measured, part.measured)
  addTallies(sum.domains, part.domains)
  addTallies(sum.ages, part.ages)
  addTallies(sum.findings, part.findings)
}

function addTallies<Name extends string>(
  sum: Partial<Record<Name, Tally>>,
  part: Partial<Record<Name, Tally>>,
): void {
  for (const [name, tally] of Object.entries(part) as [Name, Tally][])
    addTo(tallyOf(sum, name), tally.bytes, tally.count)
}

/** The read model of `usage`: what the database believes beside what storage holds, by kind, locality, domain and age. */
import type { FindingCode } from '../model/finding.ts'
import { FINDING_CODES } from '../model/finding.ts'
import { ALL_KINDS, type Kind } from '../model/media.ts'
import type { AgeClass, ShardTotals } from '../model/shard.ts'
import { emptyTally, type Tally } from '../model/tally.ts'
import type { LeftoverUse } from '../count-leftovers.ts'
import type { BelievedUse } from '../ports/records.ts'

export interface UsageLine {
  readonly kind: Kind
  readonly place: 'remote' | 'local'
  /** Files named by rows, and the sum of the sizes those rows state (originals only, as Mastodon counts). */
  readonly believed: Readonly<Tally>
  /** Objects that belong to such rows, every variant; null if storage was not measured. */
  readonly measured: Readonly<Tally> | null
}

export interface UsageReport {
  readonly lines: readonly UsageLine[]
  readonly believed: Readonly<Tally>
  readonly measured: Readonly<Tally> | null
  /** Objects that belong to no row: `orphan`, `stray`, `unreadable`. */
  readonly unclaimed: Readonly<Partial<Record<FindingCode, Readonly<Tally>>>> | null
  /** What a bucket holds beside its objects; null for storage without such lists, and if storage was not measured. */
  readonly leftovers: LeftoverUse | null
  /** Remote media by domain, most bytes first. */
  readonly domains: readonly ({ readonly domain: string } & Readonly<Tally>)[] | null
  /** Objects by age of their last modification, youngest first. */
  readonly ages: readonly ({ readonly age: AgeClass } & Readonly<Tally>)[] | null
}

const AGE_ORDER: readonly AgeClass[] = ['day', 'week', 'month', 'quarter', 'year', 'older']

/** Pure. `totals` is null when storage was not measured. */
export function reportUsage(
  believed: readonly BelievedUse[],
  totals: ShardTotals | null,
  leftovers: LeftoverUse | null,
  mostDomains: number,
): UsageReport {
  const lines: UsageLine[] = []
  for (const kind of ALL_KINDS)
    for (const place of ['remote', 'local'] as const) {
      const use = believed.find((line) => line.kind === kind && line.remote === (place === 'remote'))
      const measured = totals?.measured[`${kind}/${place}`]
      if (use === undefined && measured === undefined) continue
      lines.push({
        kind,
        place,
        believed: { count: use?.count ?? 0, bytes: use?.bytes ?? 0 },
        measured: totals === null ? null : (measured ?? emptyTally()),
      })
    }
  return {
    lines,
    believed: sum(lines.map((line) => line.believed)),
    measured: totals === null ? null : sum(lines.map((line) => line.measured ?? emptyTally())),
    unclaimed: totals === null ? null : unclaimed(totals),
    leftovers,
    domains: totals === null ? null : largestDomains(totals, mostDomains),
    ages: totals === null ? null : ageLines(totals),
  }
}

function sum(tallies: readonly Readonly<Tally>[]): Tally {
  const total = emptyTally()
  for (const { count, bytes } of tallies) {
    total.count += count
    total.bytes += bytes
  }
  return total
}

/** Only orphans and strays: whatever is unreadable is counted with its row where it has one. */
function unclaimed(totals: ShardTotals): Partial<Record<FindingCode, Tally>> {
  const byCode: Partial<Record<FindingCode, Tally>> = {}
  for (const code of FINDING_CODES) {
    if (code !== 'orphan' && code !== 'stray') continue
    const tallies = Object.entries(totals.findings)
      .filter(([name]) => name.endsWith(`/${code}`))
      .map(([, tally]) => tally)
    if (tallies.length > 0) byCode[code] = sum(tallies)
  }
  return byCode
}

/** Measured remote media by domain, most bytes first. */
export function largestDomains(totals: ShardTotals, most: number): ({ domain: string } & Tally)[] {
  return Object.entries(totals.domains)
    .map(([domain, tally]) => ({ domain, ...tally }))
    .sort((a, b) => b.bytes - a.bytes || (a.domain < b.domain ? -1 : 1))
    .slice(0, most)
}

/** Measured objects by age, youngest class first, empty classes included. */
export function ageLines(totals: ShardTotals): ({ age: AgeClass } & Tally)[] {
  return AGE_ORDER.map((age) => ({ age, ...(totals.ages[age] ?? emptyTally()) }))
}

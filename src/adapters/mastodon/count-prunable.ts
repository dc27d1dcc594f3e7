/** What a policy would let go of, added up page by page by the database. */
import type { Kind } from '../../core/model/media.ts'
import {
  AGE_ENDS_DAYS,
  TOP_DOMAINS,
  type AgeTally,
  type PruneTotals,
} from '../../core/model/prune-candidate.ts'
import type { PrunePolicy } from '../../core/model/prune-policy.ts'
import { addTo, emptyTally, tallyOf, type Tally } from '../../core/model/tally.ts'
import { askAhead } from './ask-ahead.ts'
import { askPage } from './ask-page.ts'
import { pagesOf } from './prune-pages.ts'
import type { PruneReading } from './prune-reading.ts'
import { prunableTotals } from './queries/prunable-rows.ts'

/** Held meanwhile: a line for each domain that loses something. */
export async function countPrunable(reading: PruneReading, policy: PrunePolicy): Promise<PruneTotals> {
  const files = emptyTally()
  const byKind: Partial<Record<Kind, Tally>> = {}
  const byDomain = new Map<string, Tally>()
  const buckets = Array.from({ length: AGE_ENDS_DAYS.length + 1 }, emptyTally)
  let rows = 0
  const answers = askAhead(pagesOf(reading, policy), 1, ({ kinds, page }) => {
    const { text, values } = prunableTotals(kinds, policy, page, reading.schema)
    return askPage(reading.pool, text, values, reading.options)
  })
  for await (const lines of answers)
    for (const line of lines) {
      const [kind, domain, bucket, led, count, bytes] = line as [
        Kind,
        string | null,
        number,
        number,
        number,
        number,
      ]
      rows += led
      addTo(files, bytes, count)
      addTo(tallyOf(byKind, kind), bytes, count)
      // The statement counts buckets from the oldest.
      addTo(buckets[AGE_ENDS_DAYS.length - bucket] as Tally, bytes, count)
      if (domain === null) continue
      let tally = byDomain.get(domain)
      if (tally === undefined) byDomain.set(domain, (tally = emptyTally()))
      addTo(tally, bytes, count)
    }
  return { rows, files, byKind, topDomains: mostBytes(byDomain), byAge: buckets.map(ageTally) }
}

function mostBytes(byDomain: ReadonlyMap<string, Tally>): PruneTotals['topDomains'] {
  return [...byDomain]
    .map(([domain, tally]) => ({ domain, ...tally }))
    .sort((a, b) => b.bytes - a.bytes || b.count - a.count || (a.domain < b.domain ? -1 : 1))
    .slice(0, TOP_DOMAINS)
}

function ageTally(tally: Tally, at: number): AgeTally {
  return { fromDays: AGE_ENDS_DAYS[at - 1] ?? 0, toDays: AGE_ENDS_DAYS[at] ?? null, ...tally }
}

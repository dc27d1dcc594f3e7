/** Ids that rules keep for which the database has no index by row, found before the pages are read. */
import { keepRulesFor, type PruneKind, type PrunePolicy } from '../../core/model/prune-policy.ts'
import { askAhead } from './ask-ahead.ts'
import { askPage } from './ask-page.ts'
import { IdList } from './id-list.ts'
import { rangesOf, type IdsBetween, type PruneReading } from './prune-reading.ts'
import { cardsTouchedHere, FOLLOW_REQUESTED } from './queries/kept-ahead.ts'
import { FOUND_AHEAD } from './queries/prunable-rows.ts'
import { CARD_STATUS_EDGE, FOLLOW_REQUEST_EDGE } from './queries/prune-edges.ts'

/** Ascending. Eight bytes each: accounts with a follow request, cards of posts that people here had to do with. */
export async function keptAhead(
  reading: PruneReading,
  kind: PruneKind,
  policy: PrunePolicy,
): Promise<BigInt64Array> {
  const ids = new IdList()
  const rules = keepRulesFor(policy, kind, reading.schema.has).filter((rule) =>
    FOUND_AHEAD[kind].includes(rule),
  )
  if (rules.length > 0) {
    const [edge, text] =
      kind === 'card' ? [CARD_STATUS_EDGE, cardsTouchedHere(rules)] : [FOLLOW_REQUEST_EDGE, FOLLOW_REQUESTED]
    const answers = askAhead(rangesOf(reading, edge), 1, ({ from, to }) =>
      askPage(reading.pool, text, [from, to], reading.options),
    )
    for await (const rows of answers) for (const [id] of rows) ids.add(id as string)
  }
  return ids.sorted()
}

/** Those of the ascending list above `from`, through `to`. */
export function keptBetween(sorted: BigInt64Array, { from, to }: IdsBetween): string[] {
  return Array.from(sorted.subarray(firstAbove(sorted, BigInt(from)), firstAbove(sorted, BigInt(to))), String)
}

function firstAbove(sorted: BigInt64Array, id: bigint): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as bigint) <= id) low = middle + 1
    else high = middle
  }
  return low
}

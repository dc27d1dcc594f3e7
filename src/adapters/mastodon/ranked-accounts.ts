/**
 * Accounts in the order in which people see them: those that most local accounts follow first, then (where it was asked)
 * those interacted with, then those that posted last, then the newest.
 *
 * Memory: sixteen bytes for each account while they are ranked, twelve afterwards.
 */
import { ask } from '../postgres/ask.ts'
import { someIds, type HealReading } from './heal-reading.ts'
import { holds } from './id-list.ts'
import { ACCOUNT_RANKS } from './queries/account-ranks.ts'

export interface RankedAccounts {
  /** Ascending. */
  readonly ids: BigInt64Array
  /** Places in `ids`, first to be healed first. */
  readonly order: Uint32Array
}

/** `ids` ascending, each once; `met`, ascending too, are those a local account had to do with, where that was asked. */
export async function rankAccounts(
  { pool, sizes, options }: HealReading,
  ids: BigInt64Array,
  met: BigInt64Array | null,
): Promise<RankedAccounts> {
  const ranks = new Float64Array(ids.length)
  let from = 0
  for (const some of someIds(ids, sizes.accounts)) {
    for (const [place, followers, postedAtSeconds] of await ask(pool, ACCOUNT_RANKS, [some], options)) {
      const at = from + (place as number)
      const isMet = met !== null && holds(met, ids[at] as bigint)
      ranks[at] = rankOf(followers as number, isMet, postedAtSeconds as number)
    }
    from += some.length
  }
  const order = Uint32Array.from(ids, (_, at) => at)
  order.sort((a, b) => (ranks[b] as number) - (ranks[a] as number) || b - a)
  return { ids, order }
}

/** Three facts in one number below 2^53; more than a million followers count as a million. */
function rankOf(followers: number, met: boolean, postedAtSeconds: number): number {
  const seconds = Math.min(Math.max(postedAtSeconds, 0), 2 ** 32 - 1)
  return Math.min(followers, 1_000_000) * 2 ** 33 + (met && followers === 0 ? 2 ** 32 : 0) + seconds
}

/** The ids of the first accounts, then of the next ones, as decimal digits. */
export function* inOrder({ ids, order }: RankedAccounts, count: number): Generator<string[]> {
  for (let from = 0; from < order.length; from += count)
    yield Array.from(order.subarray(from, from + count), (at) => String(ids[at] as bigint))
}

/**
 * The accounts of a scope in the order in which people see them: those that most local accounts follow first, then (where
 * it was asked) those interacted with, then those that posted last, then the newest.
 *
 * Memory: sixteen bytes for each account while they are ranked, twelve afterwards.
 */
import type { Pool } from 'pg'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask } from '../postgres/ask.ts'
import { holds } from './id-list.ts'
import { ACCOUNT_RANKS } from './queries/account-ranks.ts'

/** Accounts asked about at once. */
const CHUNK = 5_000

export interface RankedAccounts {
  /** Ascending. */
  readonly ids: BigInt64Array
  /** Places in `ids`, first to be healed first. */
  readonly order: Uint32Array
}

/**
 * `ids` ascending, each once; `met`, ascending too, are those a local account had to do with, where that was asked.
 */
export async function rankAccounts(
  pool: Pool,
  ids: BigInt64Array,
  met: BigInt64Array | null,
  options: CallOptions | undefined,
): Promise<RankedAccounts> {
  const ranks = new Float64Array(ids.length)
  for (let from = 0; from < ids.length; from += CHUNK) {
    const chunk = Array.from(ids.subarray(from, from + CHUNK), String)
    for (const [place, followers, postedAtSeconds] of await ask(pool, ACCOUNT_RANKS, [chunk], options)) {
      const at = from + (place as number)
      const isMet = met !== null && holds(met, ids[at] as bigint)
      ranks[at] = rankOf(followers as number, isMet, postedAtSeconds as number)
    }
  }
  const order = Uint32Array.from(ids, (_, at) => at)
  order.sort((a, b) => (ranks[b] as number) - (ranks[a] as number) || b - a)
  return { ids, order }
}

/** Three facts in one number below 2^53; followers beyond a million count as a million. */
function rankOf(followers: number, met: boolean, postedAtSeconds: number): number {
  const seconds = Math.min(Math.max(postedAtSeconds, 0), 2 ** 32 - 1)
  return Math.min(followers, 1_000_000) * 2 ** 33 + (met && followers === 0 ? 2 ** 32 : 0) + seconds
}

/** The ids of the first accounts, then of the next ones, as decimal digits. */
export function* inOrder({ ids, order }: RankedAccounts, count: number): Generator<string[]> {
  for (let from = 0; from < order.length; from += count) {
    yield Array.from(order.subarray(from, from + count), (at) => String(ids[at] as bigint))
  }
}

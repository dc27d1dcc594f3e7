/** The ids of the accounts of a scope in the order in which people see them, a page at a time. */
import type { HealScope } from '../../core/model/heal-target.ts'
import { ask } from '../postgres/ask.ts'
import type { HealReading } from './heal-reading.ts'
import { AFTER_ALL_IDS, holds } from './id-list.ts'
import { LAST_POSTED_ACCOUNTS } from './queries/last-posted-accounts.ts'
import { SILENT_ACCOUNTS } from './queries/silent-accounts.ts'
import { inOrder, rankAccounts } from './ranked-accounts.ts'
import { scopeAccounts } from './scope-accounts.ts'

/** The accounts of a scope that was collected: `ids` ascending, `count` in a page. */
export async function* accountsInOrder(
  reading: HealReading,
  scope: Exclude<HealScope, { by: 'all' }>,
  ids: BigInt64Array,
  count: number,
): AsyncGenerator<string[]> {
  // Who is interacted with is asked only where strangers may be among the accounts: it takes the longest of all.
  const met = scope.by === 'domain' ? await scopeAccounts(reading, { by: 'interacted' }) : null
  yield* inOrder(await rankAccounts(reading, ids, met), count)
}

/**
 * Every account, local ones among them: the followed, then those interacted with, then the others by their last post, then those of which no
 * post is known. Only the first two are held. An account whose last post changes while it runs may be met twice or not at
 * all, which does no harm: one healed already is found whole, and the next run meets it again.
 */
export async function* allAccountsInOrder(reading: HealReading, count: number): AsyncGenerator<string[]> {
  const followed = await scopeAccounts(reading, { by: 'followed' })
  yield* inOrder(await rankAccounts(reading, followed, null), count)
  const met = (await scopeAccounts(reading, { by: 'interacted' })).filter((id) => !holds(followed, id))
  yield* inOrder(await rankAccounts(reading, met, null), count)
  for await (const ids of everybody(reading)) {
    const others = ids.filter((id) => !holds(followed, BigInt(id)) && !holds(met, BigInt(id)))
    for (let from = 0; from < others.length; from += count) yield others.slice(from, from + count)
  }
}

async function* everybody({ pool, sizes, options }: HealReading): AsyncGenerator<string[]> {
  let before: readonly unknown[] = ['infinity', AFTER_ALL_IDS]
  for (;;) {
    const rows = await ask(pool, LAST_POSTED_ACCOUNTS, [...before, sizes.ids], options)
    yield rows.map(([id]) => id as string)
    const last = rows.at(-1)
    if (last === undefined || rows.length < sizes.ids) break
    before = [last[1], last[0]]
  }
  let below: unknown = AFTER_ALL_IDS
  for (;;) {
    const rows = await ask(pool, SILENT_ACCOUNTS, [below, sizes.ids], options)
    yield rows.map(([id]) => id as string)
    const last = rows.at(-1)
    if (last === undefined || rows.length < sizes.ids) return
    below = last[0]
  }
}

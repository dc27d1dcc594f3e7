/** The ids of the accounts of a scope in the order in which people see them, a page at a time, local ones among them. */
import type { Pool } from 'pg'
import type { HealScope } from '../../core/model/heal-target.ts'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask } from '../postgres/ask.ts'
import { AFTER_ALL_IDS, holds } from './id-list.ts'
import { LAST_POSTED_ACCOUNTS } from './queries/last-posted-accounts.ts'
import { SILENT_ACCOUNTS } from './queries/silent-accounts.ts'
import { inOrder, rankAccounts } from './ranked-accounts.ts'
import { interacted, scopeAccounts } from './scope-accounts.ts'

/** Ids asked for at once. */
const PAGE_IDS = 10_000

/** What walking over accounts takes. */
export interface AccountWalk {
  readonly pool: Pool
  readonly schema: SchemaFacts
  readonly pageRows: number
  readonly options: CallOptions | undefined
}

/** The accounts of a scope that was collected: `ids` ascending. */
export async function* accountsInOrder(
  { pool, schema, pageRows, options }: AccountWalk,
  scope: Exclude<HealScope, { by: 'all' }>,
  ids: BigInt64Array,
): AsyncGenerator<string[]> {
  // Who is interacted with is asked only where strangers may be among the accounts: it takes the longest of all.
  const met = scope.by === 'domain' ? await interacted(pool, schema, options) : null
  yield* inOrder(await rankAccounts(pool, ids, met, options), pageRows)
}

/**
 * Every account: the followed, then those interacted with, then the others by their last post, then those of which no
 * post is known. Only the first two are held. An account whose last post changes while it runs may be met twice or not at
 * all, which does no harm: one healed already is found whole, and the next run meets it again.
 */
export async function* allAccountsInOrder(walk: AccountWalk): AsyncGenerator<string[]> {
  const { pool, schema, pageRows, options } = walk
  const followed = await scopeAccounts(pool, schema, { by: 'followed' }, options)
  yield* inOrder(await rankAccounts(pool, followed, null, options), pageRows)
  const met = (await interacted(pool, schema, options)).filter((id) => !holds(followed, id))
  yield* inOrder(await rankAccounts(pool, met, null, options), pageRows)
  for await (const ids of everybody(walk)) {
    const others = ids.filter((id) => !holds(followed, BigInt(id)) && !holds(met, BigInt(id)))
    for (let from = 0; from < others.length; from += pageRows) yield others.slice(from, from + pageRows)
  }
}

async function* everybody({ pool, options }: AccountWalk): AsyncGenerator<string[]> {
  let before: readonly unknown[] = ['infinity', AFTER_ALL_IDS]
  for (;;) {
    const rows = await ask(pool, LAST_POSTED_ACCOUNTS, [...before, PAGE_IDS], options)
    yield rows.map(([id]) => id as string)
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE_IDS) break
    before = [last[1], last[0]]
  }
  let below: unknown = AFTER_ALL_IDS
  for (;;) {
    const rows = await ask(pool, SILENT_ACCOUNTS, [below, PAGE_IDS], options)
    yield rows.map(([id]) => id as string)
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE_IDS) return
    below = last[0]
  }
}

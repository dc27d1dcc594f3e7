/** Which accounts are in a scope: ids only, eight bytes each. */
import type { HealScope } from '../../core/model/heal-target.ts'
import { ask } from '../postgres/ask.ts'
import { someIds, type HealReading } from './heal-reading.ts'
import { BEFORE_ALL_IDS, holds, IdList } from './id-list.ts'
import { FOLLOWERS, interactedAccounts } from './queries/met-accounts.ts'
import {
  belowDomain,
  FOLLOWED_BY_LOCALS,
  FOLLOWED_BY_ONE,
  LOCAL_ACCOUNTS,
  OF_DOMAIN,
  OF_DOMAIN_AND_BELOW,
} from './queries/scope-accounts.ts'

/** Ascending, each once, no local ones among them. `all` is not collected but walked. */
export async function scopeAccounts(
  reading: HealReading,
  scope: Exclude<HealScope, { by: 'all' }>,
): Promise<BigInt64Array> {
  const locals = await pagedIds(reading, LOCAL_ACCOUNTS, [])
  return (await collected(reading, scope, locals)).filter((id) => !holds(locals, id))
}

function collected(
  reading: HealReading,
  scope: Exclude<HealScope, { by: 'all' }>,
  locals: BigInt64Array,
): Promise<BigInt64Array> {
  switch (scope.by) {
    case 'follows-of':
      return pagedIds(reading, FOLLOWED_BY_ONE, [scope.accountId])
    case 'followed':
      return pagedIds(reading, FOLLOWED_BY_LOCALS, [])
    case 'followers':
      return metBy(reading, locals, FOLLOWERS)
    case 'interacted':
      return metBy(reading, locals, interactedAccounts(reading.schema))
    case 'domain':
      return scope.subdomains
        ? pagedIds(reading, OF_DOMAIN_AND_BELOW, [scope.domain, belowDomain(scope.domain)])
        : pagedIds(reading, OF_DOMAIN, [scope.domain])
    case 'accounts': {
      const ids = new IdList()
      for (const id of scope.ids) ids.add(id)
      return Promise.resolve(ids.sorted())
    }
  }
}

async function pagedIds(
  { pool, sizes, options }: HealReading,
  text: string,
  values: readonly unknown[],
): Promise<BigInt64Array> {
  const ids = new IdList()
  let after = BEFORE_ALL_IDS
  for (;;) {
    const rows = await ask(pool, text, [after, sizes.ids, ...values], options)
    for (const [id] of rows) ids.add(id as string)
    const last = rows.at(-1)
    if (last === undefined || rows.length < sizes.ids) return ids.sorted()
    after = last[0] as string
  }
}

/** Asks for a few local accounts at a time, so that no statement grows with the server. */
async function metBy(reading: HealReading, locals: BigInt64Array, text: string): Promise<BigInt64Array> {
  const met = new IdList()
  for (const some of someIds(locals, reading.sizes.localAccounts))
    for (const [id] of await ask(reading.pool, text, [some], reading.options)) met.add(id as string)
  return met.sorted()
}

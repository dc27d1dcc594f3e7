/** Which accounts are in a scope: ids only, eight bytes each. */
import type { Pool } from 'pg'
import type { HealScope } from '../../core/model/heal-target.ts'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask } from '../postgres/ask.ts'
import { BEFORE_ALL_IDS, IdList } from './id-list.ts'
import { FOLLOWERS, interactedAccounts } from './queries/met-accounts.ts'
import {
  belowDomain,
  FOLLOWED_BY_LOCALS,
  FOLLOWED_BY_ONE,
  LOCAL_ACCOUNTS,
  OF_DOMAIN,
  OF_DOMAIN_AND_BELOW,
} from './queries/scope-accounts.ts'

const PAGE_IDS = 50_000
/** Local accounts asked about at once: their statuses are held by the database while one statement runs. */
const LOCAL_ACCOUNTS_AT_ONCE = 200

/** Ascending, each once; local ones may be among them. `all` is not collected but walked. */
export function scopeAccounts(
  pool: Pool,
  schema: SchemaFacts,
  scope: Exclude<HealScope, { by: 'all' }>,
  options: CallOptions | undefined,
): Promise<BigInt64Array> {
  switch (scope.by) {
    case 'follows-of':
      return pagedIds(pool, FOLLOWED_BY_ONE, [scope.accountId], options)
    case 'followed':
      return pagedIds(pool, FOLLOWED_BY_LOCALS, [], options)
    case 'followers':
      return metByLocals(pool, FOLLOWERS, options)
    case 'interacted':
      return interacted(pool, schema, options)
    case 'domain':
      return scope.subdomains
        ? pagedIds(pool, OF_DOMAIN_AND_BELOW, [scope.domain, belowDomain(scope.domain)], options)
        : pagedIds(pool, OF_DOMAIN, [scope.domain], options)
    case 'accounts': {
      const ids = new IdList()
      for (const id of scope.ids) ids.add(id)
      return Promise.resolve(ids.sorted())
    }
  }
}

/** Everybody local accounts had to do with. */
export function interacted(
  pool: Pool,
  schema: SchemaFacts,
  options: CallOptions | undefined,
): Promise<BigInt64Array> {
  return metByLocals(pool, interactedAccounts(schema), options)
}

async function pagedIds(
  pool: Pool,
  text: string,
  values: readonly unknown[],
  options: CallOptions | undefined,
): Promise<BigInt64Array> {
  const ids = new IdList()
  let after = BEFORE_ALL_IDS
  for (;;) {
    const rows = await ask(pool, text, [after, PAGE_IDS, ...values], options)
    for (const [id] of rows) ids.add(id as string)
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE_IDS) return ids.sorted()
    after = last[0] as string
  }
}

/** Asks for a few local accounts at a time, so that no statement grows with the server. */
async function metByLocals(
  pool: Pool,
  text: string,
  options: CallOptions | undefined,
): Promise<BigInt64Array> {
  const locals = Array.from(await pagedIds(pool, LOCAL_ACCOUNTS, [], options), String)
  const met = new IdList()
  for (let from = 0; from < locals.length; from += LOCAL_ACCOUNTS_AT_ONCE) {
    const chunk = locals.slice(from, from + LOCAL_ACCOUNTS_AT_ONCE)
    for (const [id] of await ask(pool, text, [chunk], options)) met.add(id as string)
  }
  return met.sorted()
}

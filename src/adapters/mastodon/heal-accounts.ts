/** Avatars and headers of the accounts of a scope, in the order in which people see them. */
import type { Pool } from 'pg'
import type { PictureKind } from '../../core/model/account-picture.ts'
import type { HealTarget } from '../../core/model/heal-target.ts'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask, type Row } from '../postgres/ask.ts'
import { AFTER_ALL_IDS, holds } from './id-list.ts'
import { accountTargetsById } from './queries/account-targets.ts'
import { lastPostedAccounts } from './queries/last-posted-accounts.ts'
import { silentAccounts } from './queries/silent-accounts.ts'
import { inOrder, rankAccounts, type RankedAccounts } from './ranked-accounts.ts'
import { interacted, scopeAccounts } from './scope-accounts.ts'
import { accountTargets } from './to-targets.ts'

/** What reading the accounts of a scope takes. */
export interface AccountWalk {
  readonly pool: Pool
  readonly schema: SchemaFacts
  readonly kinds: readonly PictureKind[]
  readonly pageRows: number
  readonly options: CallOptions | undefined
}

/** Pages of targets of these accounts, in their order. */
export async function* rankedTargets(
  { pool, schema, kinds, pageRows, options }: AccountWalk,
  ranked: RankedAccounts,
): AsyncGenerator<HealTarget[]> {
  const text = accountTargetsById(kinds, schema)
  for (const ids of inOrder(ranked, pageRows)) {
    const rows = await ask(pool, text, [ids], options)
    const byId = new Map(rows.map((row) => [row[0], row]))
    yield ids.flatMap((id) => {
      const row = byId.get(id)
      return row === undefined ? [] : accountTargets(row, kinds)
    })
  }
}

/**
 * Every remote account: the followed, then those interacted with, then the others by their last post, then those of which
 * no post is known. An account whose last post changes while it runs may be met twice or not at all; whoever heals meets
 * a healed one as fine, and the next run meets it again.
 */
export async function* allTargets(walk: AccountWalk): AsyncGenerator<HealTarget[]> {
  const { pool, schema, options } = walk
  const followed = await scopeAccounts(pool, schema, { by: 'followed' }, options)
  yield* rankedTargets(walk, await rankAccounts(pool, followed, null, options))
  const everybodyMet = await interacted(pool, schema, options)
  const met = everybodyMet.filter((id) => !holds(followed, id))
  yield* rankedTargets(walk, await rankAccounts(pool, met, null, options))
  const others = (id: string): boolean => {
    const number = BigInt(id)
    return !holds(followed, number) && !holds(met, number)
  }
  yield* lastPosted(walk, others)
  yield* silent(walk, others)
}

async function* lastPosted(walk: AccountWalk, others: (id: string) => boolean): AsyncGenerator<HealTarget[]> {
  const { pool, schema, kinds, pageRows, options } = walk
  const text = lastPostedAccounts(kinds, schema)
  let before: readonly unknown[] = ['infinity', AFTER_ALL_IDS]
  for (;;) {
    const rows = await ask(pool, text, [...before, pageRows], options)
    // The account is absent if it is local; then only the first two columns say anything.
    yield targetsOf(
      rows.filter((row) => row[2] !== null).map((row) => row.slice(2)),
      kinds,
      others,
    )
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageRows) return
    before = last.slice(0, 2)
  }
}

async function* silent(walk: AccountWalk, others: (id: string) => boolean): AsyncGenerator<HealTarget[]> {
  const { pool, schema, kinds, pageRows, options } = walk
  const text = silentAccounts(kinds, schema)
  let before = AFTER_ALL_IDS
  for (;;) {
    const rows = await ask(pool, text, [before, pageRows], options)
    yield targetsOf(rows, kinds, others)
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageRows) return
    before = last[0] as string
  }
}

function targetsOf(
  rows: readonly Row[],
  kinds: readonly PictureKind[],
  others: (id: string) => boolean,
): HealTarget[] {
  return rows.filter((row) => others(row[0] as string)).flatMap((row) => accountTargets(row, kinds))
}

/** Attachments and thumbnails of a scope, newest first. */
import type { HealTarget } from '../../core/model/heal-target.ts'
import { ask } from '../postgres/ask.ts'
import { askAhead } from './ask-ahead.ts'
import { someIds, type HealReading } from './heal-reading.ts'
import { AFTER_ALL_IDS, holds, IdList } from './id-list.ts'
import {
  ATTACHMENT_OWNERS_BELOW,
  ATTACHMENTS_OF_ACCOUNTS,
  attachmentTargetsById,
} from './queries/attachment-targets.ts'
import { attachmentTargets } from './to-targets.ts'

/** Pages under way besides the one the consumer has. */
const PAGES_AHEAD = 2

/** Those of the accounts, whose ids are ascending; null means every remote attachment. */
export async function* attachmentsOf(
  reading: HealReading,
  accounts: BigInt64Array | null,
): AsyncGenerator<HealTarget[]> {
  const count = Math.max(1, Math.floor(reading.sizes.targets / 2))
  const held = accounts === null ? null : await heldIds(reading, accounts)
  const pages = held === null ? walkedIds(reading, accounts, count) : newestFirst(held, count)
  const text = attachmentTargetsById(reading.schema)
  yield* askAhead(pages, PAGES_AHEAD, async (ids) =>
    (await ask(reading.pool, text, [ids], reading.options)).flatMap(attachmentTargets),
  )
}

/** The ids of all of them through the index of accounts; null if they are too many to hold. */
async function heldIds(
  { pool, sizes, options }: HealReading,
  accounts: BigInt64Array,
): Promise<BigInt64Array | null> {
  const ids = new IdList()
  for (const some of someIds(accounts, sizes.accounts)) {
    const left = sizes.attachmentsHeld - ids.length
    const rows = await ask(pool, ATTACHMENTS_OF_ACCOUNTS, [some, left + 1], options)
    if (rows.length > left) return null
    for (const [id] of rows) ids.add(id as string)
  }
  return ids.sorted()
}

async function* newestFirst(ids: BigInt64Array, count: number): AsyncGenerator<string[]> {
  yield* someIds(ids.toReversed(), count)
}

/** Every attachment's owner is looked at; only the rows of wanted ones are read. */
async function* walkedIds(
  { pool, sizes, options }: HealReading,
  accounts: BigInt64Array | null,
  count: number,
): AsyncGenerator<string[]> {
  let before: unknown = AFTER_ALL_IDS
  let page: string[] = []
  for (;;) {
    const rows = await ask(pool, ATTACHMENT_OWNERS_BELOW, [before, sizes.ids], options)
    for (const [id, owner] of rows as (readonly [string, string | null])[]) {
      if (accounts !== null && (owner === null || !holds(accounts, BigInt(owner)))) continue
      page.push(id)
      if (page.length < count) continue
      yield page
      page = []
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < sizes.ids) break
    before = last[0]
  }
  if (page.length > 0) yield page
}

/** Attachments and thumbnails of a scope, newest first. */
import type { Pool } from 'pg'
import type { HealTarget } from '../../core/model/heal-target.ts'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask } from '../postgres/ask.ts'
import { askAhead } from './ask-ahead.ts'
import { AFTER_ALL_IDS, holds, IdList } from './id-list.ts'
import {
  ATTACHMENT_OWNERS_BELOW,
  ATTACHMENTS_OF_ACCOUNTS,
  attachmentTargetsById,
} from './queries/attachment-targets.ts'
import { attachmentTargets } from './to-targets.ts'

/** What reading attachments takes. */
export interface AttachmentWalk {
  readonly pool: Pool
  readonly schema: SchemaFacts
  readonly pageRows: number
  readonly options: CallOptions | undefined
}

/** So many ids are held (two megabytes); beyond, the whole table is read once in order instead. */
const IDS_HELD = 250_000
const ACCOUNTS_AT_ONCE = 1_000
const IDS_AT_ONCE = 10_000
/** Pages under way besides the one the consumer has. */
const PAGES_AHEAD = 2

/** Those of the accounts, whose ids are ascending; null means every remote attachment. */
export async function* attachmentsOf(
  walk: AttachmentWalk,
  accounts: BigInt64Array | null,
): AsyncGenerator<HealTarget[]> {
  const held = accounts === null ? null : await heldIds(walk, accounts)
  const pages = held === null ? walkedIds(walk, accounts) : newestFirst(held, walk.pageRows)
  const text = attachmentTargetsById(walk.schema)
  yield* askAhead(pages, PAGES_AHEAD, async (ids) =>
    (await ask(walk.pool, text, [ids], walk.options)).flatMap(attachmentTargets),
  )
}

/** The ids of all of them through the index of accounts; null if they are too many to hold. */
async function heldIds(
  { pool, options }: AttachmentWalk,
  accounts: BigInt64Array,
): Promise<BigInt64Array | null> {
  const ids = new IdList()
  for (let from = 0; from < accounts.length; from += ACCOUNTS_AT_ONCE) {
    const chunk = Array.from(accounts.subarray(from, from + ACCOUNTS_AT_ONCE), String)
    const left = IDS_HELD - ids.length
    const rows = await ask(pool, ATTACHMENTS_OF_ACCOUNTS, [chunk, left + 1], options)
    if (rows.length > left) return null
    for (const [id] of rows) ids.add(id as string)
  }
  return ids.sorted()
}

async function* newestFirst(ids: BigInt64Array, count: number): AsyncGenerator<string[]> {
  for (let to = ids.length; to > 0; to -= count) {
    yield Array.from(ids.subarray(Math.max(0, to - count), to).toReversed(), String)
  }
}

/** Every attachment's owner is looked at; only the rows of wanted ones are read. */
async function* walkedIds(
  { pool, pageRows, options }: AttachmentWalk,
  accounts: BigInt64Array | null,
): AsyncGenerator<string[]> {
  let before = AFTER_ALL_IDS
  let page: string[] = []
  for (;;) {
    const rows = await ask(pool, ATTACHMENT_OWNERS_BELOW, [before, IDS_AT_ONCE], options)
    for (const [id, owner] of rows) {
      const wanted = accounts === null || (owner !== null && holds(accounts, BigInt(owner as string)))
      if (!wanted) continue
      page.push(id as string)
      if (page.length < pageRows) continue
      yield page
      page = []
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < IDS_AT_ONCE) break
    before = last[0] as string
  }
  if (page.length > 0) yield page
}

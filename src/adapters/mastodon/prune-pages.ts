/** Which rows are looked at, a page after another; whether they go is the statement's business. */
import { attachmentIdBound, ID_CLOCK_TOLERANCE_MS, type PrunePolicy } from '../../core/model/prune-policy.ts'
import type { PrunePosition } from '../../core/ports/prune.ts'
import { ask } from '../postgres/ask.ts'
import { AFTER_ALL_IDS, IdList } from './id-list.ts'
import { someIds } from './heal-reading.ts'
import { keptAhead, keptBetween } from './kept-ahead.ts'
import { goOn, placeOf, positionOf, type PrunePlace, type Walk } from './prune-position.ts'
import { rangesOf, type IdsBetween, type PruneReading } from './prune-reading.ts'
import type { KindsOfTable, RowPage } from './queries/prunable-rows.ts'
import {
  ACCOUNT_EDGE,
  ACCOUNT_EDGE_OF_DOMAIN,
  ATTACHMENT_EDGE,
  ATTACHMENTS_OF_DOMAIN,
  CARD_EDGE,
  IDS_RUN_AHEAD,
} from './queries/prune-edges.ts'

export interface TablePage {
  readonly kinds: KindsOfTable
  readonly page: RowPage
  /** Everything up to here has been looked at once this page has. */
  readonly position: PrunePosition
}

/**
 * Every row that the policy could let go of is in exactly one page. After a position, the pages before it are not looked at
 * again, nor is what only they need.
 */
export async function* pagesOf(
  reading: PruneReading,
  policy: PrunePolicy,
  after: PrunePosition | null = null,
): AsyncGenerator<TablePage> {
  const place = after === null ? null : placeOf(after)
  const [picture, ...more] = (['avatar', 'header'] as const).filter((kind) => policy.kinds.includes(kind))
  if (picture !== undefined) yield* walked(reading, policy, 'accounts', [picture, ...more], place)
  if (policy.kinds.includes('attachment'))
    yield* walked(
      reading,
      policy,
      policy.domain === null ? 'media_attachments' : 'owners',
      ['attachment'],
      place,
    )
  // Cards belong to no domain.
  if (policy.kinds.includes('card') && policy.domain === null)
    yield* walked(reading, policy, 'preview_cards', ['card'], place)
}

interface Step {
  readonly page: RowPage
  /** Through this id of the walk everything has been looked at. */
  readonly through: string
}

const STEPS: Readonly<
  Record<Walk, (reading: PruneReading, policy: PrunePolicy, from: string) => AsyncGenerator<Step>>
> = {
  accounts: accountPages,
  owners: attachmentsOfOwners,
  media_attachments: attachmentPages,
  preview_cards: cardPages,
}

async function* walked(
  reading: PruneReading,
  policy: PrunePolicy,
  walk: Walk,
  kinds: KindsOfTable,
  after: PrunePlace | null,
): AsyncGenerator<TablePage> {
  const from = goOn(walk, after)
  if (from === null) return
  for await (const { page, through } of STEPS[walk](reading, policy, from))
    yield { kinds, page, position: positionOf({ walk, id: through }) }
}

async function* accountPages(reading: PruneReading, policy: PrunePolicy, from: string): AsyncGenerator<Step> {
  const kept = await keptAhead(reading, 'avatar', policy)
  const ranges =
    policy.domain === null
      ? rangesOf(reading, ACCOUNT_EDGE, { from })
      : rangesOf(reading, ACCOUNT_EDGE_OF_DOMAIN, { from, more: [policy.domain] })
  yield* withoutKept(ranges, kept)
}

async function* cardPages(reading: PruneReading, policy: PrunePolicy, from: string): AsyncGenerator<Step> {
  yield* withoutKept(rangesOf(reading, CARD_EDGE, { from }), await keptAhead(reading, 'card', policy))
}

async function* withoutKept(ranges: AsyncGenerator<IdsBetween>, kept: BigInt64Array): AsyncGenerator<Step> {
  for await (const range of ranges)
    yield { page: { ...range, kept: keptBetween(kept, range) }, through: range.to }
}

async function* attachmentPages(
  reading: PruneReading,
  policy: PrunePolicy,
  from: string,
): AsyncGenerator<Step> {
  const last = await lastAttachment(reading, policy)
  for await (const range of rangesOf(reading, ATTACHMENT_EDGE, { from, last, more: [last] }))
    yield { page: { ...range, kept: [] }, through: range.to }
}

/** Ids only ever run behind times, except where somebody moved the times. */
async function lastAttachment({ pool, options }: PruneReading, policy: PrunePolicy): Promise<string> {
  const [row] = await ask(pool, IDS_RUN_AHEAD, [ID_CLOCK_TOLERANCE_MS], options)
  return row?.[0] === false ? String(attachmentIdBound(policy.cutoffMs) - 1n) : AFTER_ALL_IDS
}

/**
 * No index of attachments is led by domain: they are found through that of accounts, some accounts at a time. Accounts
 * whose attachments take several pages are passed with the last of these.
 */
async function* attachmentsOfOwners(
  reading: PruneReading,
  { domain }: PrunePolicy,
  start: string,
): AsyncGenerator<Step> {
  const { pool, sizes, options } = reading
  const owners = rangesOf({ ...reading, sizes: { ...sizes, rows: sizes.accounts } }, ACCOUNT_EDGE_OF_DOMAIN, {
    from: start,
    more: [domain],
  })
  for await (const { from, to } of owners) {
    const ids = new IdList()
    for (const [id] of await ask(pool, ATTACHMENTS_OF_DOMAIN, [domain, from, to], options))
      ids.add(id as string)
    const sorted = ids.sorted()
    let told = 0
    for (const some of someIds(sorted, sizes.rows)) {
      told += some.length
      yield { page: { ids: some }, through: told < sorted.length ? from : to }
    }
  }
}

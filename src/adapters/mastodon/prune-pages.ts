/** Which rows are looked at, a page after another; whether they go is the statement's business. */
import { attachmentIdBound, ID_CLOCK_TOLERANCE_MS, type PrunePolicy } from '../../core/model/prune-policy.ts'
import { ask } from '../postgres/ask.ts'
import { AFTER_ALL_IDS, IdList } from './id-list.ts'
import { someIds } from './heal-reading.ts'
import { keptAhead, keptBetween } from './kept-ahead.ts'
import { rangesOf, type IdsBetween, type PruneReading } from './prune-reading.ts'
import type { KindsOfTable, PrunePage } from './queries/prunable-rows.ts'
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
  readonly page: PrunePage
}

/** Every row that the policy could let go of is in exactly one page. */
export async function* pagesOf(reading: PruneReading, policy: PrunePolicy): AsyncGenerator<TablePage> {
  const [picture, ...more] = (['avatar', 'header'] as const).filter((kind) => policy.kinds.includes(kind))
  if (picture !== undefined)
    for await (const page of accountPages(reading, policy)) yield { kinds: [picture, ...more], page }
  if (policy.kinds.includes('attachment'))
    for await (const page of attachmentPages(reading, policy)) yield { kinds: ['attachment'], page }
  // Cards belong to no domain.
  if (policy.kinds.includes('card') && policy.domain === null)
    for await (const page of cardPages(reading, policy)) yield { kinds: ['card'], page }
}

async function* accountPages(reading: PruneReading, policy: PrunePolicy): AsyncGenerator<PrunePage> {
  const kept = await keptAhead(reading, 'avatar', policy)
  const ranges =
    policy.domain === null
      ? rangesOf(reading, ACCOUNT_EDGE)
      : rangesOf(reading, ACCOUNT_EDGE_OF_DOMAIN, AFTER_ALL_IDS, [policy.domain])
  yield* withoutKept(ranges, kept)
}

async function* cardPages(reading: PruneReading, policy: PrunePolicy): AsyncGenerator<PrunePage> {
  yield* withoutKept(rangesOf(reading, CARD_EDGE), await keptAhead(reading, 'card', policy))
}

async function* withoutKept(
  ranges: AsyncGenerator<IdsBetween>,
  kept: BigInt64Array,
): AsyncGenerator<PrunePage> {
  for await (const range of ranges) yield { ...range, kept: keptBetween(kept, range) }
}

async function* attachmentPages(reading: PruneReading, policy: PrunePolicy): AsyncGenerator<PrunePage> {
  if (policy.domain !== null) {
    yield* attachmentsOfDomain(reading, policy.domain)
    return
  }
  const last = await lastAttachment(reading, policy)
  for await (const range of rangesOf(reading, ATTACHMENT_EDGE, last, [last])) yield { ...range, kept: [] }
}

/** Ids only ever run behind times, except where somebody moved the times. */
async function lastAttachment({ pool, options }: PruneReading, policy: PrunePolicy): Promise<string> {
  const [row] = await ask(pool, IDS_RUN_AHEAD, [ID_CLOCK_TOLERANCE_MS], options)
  return row?.[0] === false ? String(attachmentIdBound(policy.cutoffMs) - 1n) : AFTER_ALL_IDS
}

/** No index of attachments is led by domain: they are found through that of accounts, some accounts at a time. */
async function* attachmentsOfDomain(reading: PruneReading, domain: string): AsyncGenerator<PrunePage> {
  const { pool, sizes, options } = reading
  for await (const { from, to } of rangesOf(
    { ...reading, sizes: { ...sizes, rows: sizes.accounts } },
    ACCOUNT_EDGE_OF_DOMAIN,
    AFTER_ALL_IDS,
    [domain],
  )) {
    const ids = new IdList()
    for (const [id] of await ask(pool, ATTACHMENTS_OF_DOMAIN, [domain, from, to], options))
      ids.add(id as string)
    for (const some of someIds(ids.sorted(), sizes.rows)) yield { ids: some }
  }
}

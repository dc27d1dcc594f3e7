/** How many rows a heal will look at: exact where accounts are named or followed, from statistics elsewhere. */
import type { HealKind, HealScope } from '../../core/model/heal-target.ts'
import { ask } from '../postgres/ask.ts'
import { emojiScope } from './heal-emoji.ts'
import { someIds, type HealReading } from './heal-reading.ts'
import {
  countEmoji,
  COUNT_ACCOUNTS,
  COUNT_ATTACHMENTS,
  ESTIMATE_NOTIFIERS,
  ESTIMATE_ROWS,
} from './queries/count-targets.ts'
import { scopeAccounts } from './scope-accounts.ts'

export function countTargets(
  reading: HealReading,
  scope: HealScope,
  kinds: readonly HealKind[],
): Promise<number> {
  switch (scope.by) {
    case 'all':
      return estimateAll(reading, kinds)
    case 'interacted':
      return estimateMet(reading, kinds)
    case 'follows-of':
    case 'followed':
    case 'followers':
    case 'accounts':
    case 'domain':
      return countScope(reading, scope, kinds)
  }
}

function hasPictures(kinds: readonly HealKind[]): boolean {
  return kinds.includes('avatar') || kinds.includes('header')
}

async function estimateAll(reading: HealReading, kinds: readonly HealKind[]): Promise<number> {
  let total = 0
  if (hasPictures(kinds)) total += await number(reading, ESTIMATE_ROWS, ['accounts'])
  if (kinds.includes('attachment')) total += await number(reading, ESTIMATE_ROWS, ['media_attachments'])
  if (kinds.includes('emoji')) total += await number(reading, countEmoji('all'), [])
  if (kinds.includes('card')) total += await number(reading, ESTIMATE_ROWS, ['preview_cards'])
  return total
}

/** Everybody met would have to be collected for an exact number; those in notifications are most of them. */
async function estimateMet(reading: HealReading, kinds: readonly HealKind[]): Promise<number> {
  const accounts = Math.max(1, await number(reading, ESTIMATE_ROWS, ['accounts']))
  const met = Math.min(accounts, await number(reading, ESTIMATE_NOTIFIERS, []))
  let total = hasPictures(kinds) ? met : 0
  if (kinds.includes('attachment'))
    total += (met / accounts) * (await number(reading, ESTIMATE_ROWS, ['media_attachments']))
  if (kinds.includes('emoji')) total += (met / accounts) * (await number(reading, countEmoji('all'), []))
  return Math.round(total)
}

async function countScope(
  reading: HealReading,
  scope: Exclude<HealScope, { by: 'all' }>,
  kinds: readonly HealKind[],
): Promise<number> {
  const accounts = await scopeAccounts(reading, scope)
  let total = 0
  for (const some of someIds(accounts, reading.sizes.accounts)) {
    if (hasPictures(kinds)) total += await number(reading, COUNT_ACCOUNTS, [some])
    if (kinds.includes('attachment')) total += await number(reading, COUNT_ATTACHMENTS, [some])
  }
  if (kinds.includes('emoji')) {
    const { domains, values } = await emojiScope(reading, scope, accounts)
    total += await number(reading, countEmoji(domains), values)
  }
  return total
}

async function number(
  { pool, options }: HealReading,
  text: string,
  values: readonly unknown[],
): Promise<number> {
  return Number((await ask(pool, text, values, options))[0]?.[0] ?? 0)
}

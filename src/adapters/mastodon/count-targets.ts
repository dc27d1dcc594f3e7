/** How many rows a heal will look at: exact where accounts are named or followed, from statistics elsewhere. */
import type { Pool } from 'pg'
import type { HealKind, HealScope } from '../../core/model/heal-target.ts'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask } from '../postgres/ask.ts'
import { emojiScope } from './heal-emoji.ts'
import {
  countEmoji,
  COUNT_ACCOUNTS,
  COUNT_ATTACHMENTS,
  ESTIMATE_NOTIFIERS,
  ESTIMATE_ROWS,
} from './queries/count-targets.ts'
import { scopeAccounts } from './scope-accounts.ts'

const ACCOUNTS_AT_ONCE = 1_000

export async function countTargets(
  pool: Pool,
  schema: SchemaFacts,
  scope: HealScope,
  kinds: readonly HealKind[],
  options: CallOptions | undefined,
): Promise<number> {
  const number = async (text: string, values: readonly unknown[]): Promise<number> =>
    Number((await ask(pool, text, values, options))[0]?.[0] ?? 0)
  const rows = (table: string): Promise<number> => number(ESTIMATE_ROWS, [table])
  const pictures = kinds.includes('avatar') || kinds.includes('header')
  const attachments = kinds.includes('attachment')
  if (scope.by === 'all')
    return (
      (pictures ? await rows('accounts') : 0) +
      (attachments ? await rows('media_attachments') : 0) +
      (kinds.includes('emoji') ? await number(countEmoji('all'), []) : 0) +
      (kinds.includes('card') ? await rows('preview_cards') : 0)
    )
  if (scope.by === 'interacted') {
    // Everybody met would have to be met for an exact number; those in notifications are most of them.
    const accounts = Math.max(1, await rows('accounts'))
    const met = Math.min(accounts, await number(ESTIMATE_NOTIFIERS, [accounts]))
    const share = met / accounts
    return Math.round(
      (pictures ? met : 0) +
        (attachments ? share * (await rows('media_attachments')) : 0) +
        (kinds.includes('emoji') ? share * (await number(countEmoji('all'), [])) : 0),
    )
  }
  const accounts = await scopeAccounts(pool, schema, scope, options)
  const sum = async (text: string): Promise<number> => {
    let total = 0
    for (let from = 0; from < accounts.length; from += ACCOUNTS_AT_ONCE)
      total += await number(text, [Array.from(accounts.subarray(from, from + ACCOUNTS_AT_ONCE), String)])
    return total
  }
  const emoji = async (): Promise<number> => {
    const { domains, values } = await emojiScope(pool, scope, accounts, options)
    return number(countEmoji(domains), values)
  }
  return (
    (pictures ? await sum(COUNT_ACCOUNTS) : 0) +
    (attachments ? await sum(COUNT_ATTACHMENTS) : 0) +
    (kinds.includes('emoji') ? await emoji() : 0)
  )
}

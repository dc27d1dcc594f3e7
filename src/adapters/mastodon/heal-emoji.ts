/** Custom emoji of a scope's domains, newest first. */
import type { Pool } from 'pg'
import type { HealScope, HealTarget } from '../../core/model/heal-target.ts'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask } from '../postgres/ask.ts'
import { AFTER_ALL_IDS } from './id-list.ts'
import { DOMAINS_OF_ACCOUNTS, emojiTargetsBelow, type EmojiDomains } from './queries/emoji-targets.ts'
import { belowDomain } from './queries/scope-accounts.ts'
import { emojiTarget } from './to-targets.ts'

const ACCOUNTS_AT_ONCE = 10_000

/** The domains whose emoji are in a scope, and the values their query takes. */
export interface EmojiScope {
  readonly domains: EmojiDomains
  readonly values: readonly unknown[]
}

/** `accounts` are those of the scope, ascending; null if it is not made of accounts. */
export async function emojiScope(
  pool: Pool,
  scope: HealScope,
  accounts: BigInt64Array | null,
  options: CallOptions | undefined,
): Promise<EmojiScope> {
  if (scope.by === 'all') return { domains: 'all', values: [] }
  if (scope.by === 'domain')
    return scope.subdomains
      ? { domains: 'below', values: [scope.domain, belowDomain(scope.domain)] }
      : { domains: 'listed', values: [[scope.domain]] }
  const ids = accounts ?? new BigInt64Array()
  const domains = new Set<string>()
  for (let from = 0; from < ids.length; from += ACCOUNTS_AT_ONCE) {
    const chunk = Array.from(ids.subarray(from, from + ACCOUNTS_AT_ONCE), String)
    for (const [domain] of await ask(pool, DOMAINS_OF_ACCOUNTS, [chunk], options))
      domains.add(domain as string)
  }
  return { domains: 'listed', values: [[...domains]] }
}

/** One pass over the emoji, in pages. */
export async function* emojiTargets(
  pool: Pool,
  schema: SchemaFacts,
  { domains, values }: EmojiScope,
  pageRows: number,
  options: CallOptions | undefined,
): AsyncGenerator<HealTarget[]> {
  const text = emojiTargetsBelow(schema, domains)
  let before = AFTER_ALL_IDS
  for (;;) {
    const targets = (await ask(pool, text, [before, pageRows, ...values], options)).map(emojiTarget)
    yield targets
    const last = targets.at(-1)
    if (last === undefined || targets.length < pageRows) return
    before = last.record.id
  }
}

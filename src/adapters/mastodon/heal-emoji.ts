/** Custom emoji of a scope's domains, newest first. */
import type { HealScope, HealTarget } from '../../core/model/heal-target.ts'
import { ask } from '../postgres/ask.ts'
import { someIds, type HealReading } from './heal-reading.ts'
import { AFTER_ALL_IDS } from './id-list.ts'
import { DOMAINS_OF_ACCOUNTS, emojiTargetsBelow, type EmojiDomains } from './queries/emoji-targets.ts'
import { belowDomain } from './queries/scope-accounts.ts'
import { emojiTarget } from './to-targets.ts'

/** The domains whose emoji are in a scope, and the values their query takes. */
export interface EmojiScope {
  readonly domains: EmojiDomains
  readonly values: readonly unknown[]
}

/** `accounts` are those of the scope; null if it is not made of accounts. */
export async function emojiScope(
  { pool, sizes, options }: HealReading,
  scope: HealScope,
  accounts: BigInt64Array | null,
): Promise<EmojiScope> {
  if (scope.by === 'all' || accounts === null) return { domains: 'all', values: [] }
  if (scope.by === 'domain')
    return scope.subdomains
      ? { domains: 'below', values: [scope.domain, belowDomain(scope.domain)] }
      : { domains: 'listed', values: [[scope.domain]] }
  const domains = new Set<string>()
  for (const some of someIds(accounts, sizes.accounts))
    for (const [domain] of await ask(pool, DOMAINS_OF_ACCOUNTS, [some], options))
      domains.add(domain as string)
  return { domains: 'listed', values: [[...domains]] }
}

/** One pass over the emoji, in pages. */
export async function* emojiTargets(
  { pool, schema, sizes, options }: HealReading,
  { domains, values }: EmojiScope,
): AsyncGenerator<HealTarget[]> {
  const text = emojiTargetsBelow(schema, domains)
  let before = AFTER_ALL_IDS
  for (;;) {
    const targets = (await ask(pool, text, [before, sizes.targets, ...values], options)).map(emojiTarget)
    yield targets
    const last = targets.at(-1)
    if (last === undefined || targets.length < sizes.targets) return
    before = last.record.id
  }
}

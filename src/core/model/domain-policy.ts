/**
 * Whether Mastodon would fetch anything from a domain. Pure; the rules are Mastodon's own
 * (`app/models/domain_block.rb` rule_for, `app/helpers/domain_control_helper.rb`, 4.3 to 4.6).
 */

/** One row of `domain_blocks`. `reject_media` is independent of severity. */
export interface DomainBlock {
  readonly domain: string
  readonly severity: 'silence' | 'suspend' | 'noop'
  readonly rejectMedia: boolean
}

/** Why a domain's media must not be fetched; null if it may be. */
export type DomainRefusal = 'domain-suspended' | 'reject-media' | 'not-allowed'

/**
 * The effective block of a domain: of the rows naming it or one of its parents, the one with the longest name.
 * Only that row counts, so a `noop` row re-allows a subdomain of a blocked parent.
 */
export function effectiveBlock(
  domain: string,
  blocks: ReadonlyMap<string, DomainBlock>,
): DomainBlock | undefined {
  let name = domain.toLowerCase()
  for (;;) {
    const block = blocks.get(name)
    if (block !== undefined) return block
    const dot = name.indexOf('.')
    if (dot === -1) return undefined
    name = name.slice(dot + 1)
  }
}

/** Under limited federation only domains named exactly in `allowed` are fetched (no subdomains). */
export function refusalOf(
  domain: string,
  rules: {
    readonly blocks: ReadonlyMap<string, DomainBlock>
    readonly allowed: ReadonlySet<string>
    readonly limitedFederation: boolean
  },
): DomainRefusal | null {
  const block = effectiveBlock(domain, rules.blocks)
  if (block?.rejectMedia === true) return 'reject-media'
  if (rules.limitedFederation) return rules.allowed.has(domain.toLowerCase()) ? null : 'not-allowed'
  return block?.severity === 'suspend' ? 'domain-suspended' : null
}

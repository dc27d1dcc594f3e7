/** What the moderators decided about other domains: `domain_blocks` and `domain_allows`, thousands of rows at most. */
import type { Pool } from 'pg'
import type { DomainBlock } from '../../core/model/domain-policy.ts'
import type { DomainRules } from '../../core/ports/mastodon.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask } from '../postgres/ask.ts'

/** `domain_blocks.severity` as Mastodon numbers it (docs/mastodon.md#enumerations). */
const SEVERITIES = ['silence', 'suspend', 'noop'] as const

export async function readDomainRules(pool: Pool, options?: CallOptions): Promise<DomainRules> {
  const blocks = await ask(
    pool,
    'SELECT lower(domain), severity, reject_media FROM domain_blocks',
    [],
    options,
  )
  const allows = await ask(pool, 'SELECT lower(domain) FROM domain_allows', [], options)
  return {
    blocks: new Map(
      blocks.map(([domain, severity, rejectMedia]): [string, DomainBlock] => [
        String(domain),
        {
          domain: String(domain),
          severity: SEVERITIES[Number(severity)] ?? 'silence',
          rejectMedia: rejectMedia === true,
        },
      ]),
    ),
    allowed: new Set(allows.map(([domain]) => String(domain))),
  }
}

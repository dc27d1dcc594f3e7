/** Is this record broken, may it be fetched, and what can mend it? */
import { refusalOf } from '../../model/domain-policy.ts'
import type { Damage, HealOutcome, SkipReason } from '../../model/heal-outcome.ts'
import type { HealTarget } from '../../model/heal-target.ts'
import type { DomainRules } from '../../ports/mastodon.ts'
import type { CallOptions } from '../../ports/storage.ts'
import type { PresenceLook } from './presence.ts'

export interface FetchRules extends DomainRules {
  readonly limitedFederation: boolean
}

/** A record to be mended, and what is left of it in storage. */
export interface Broken {
  readonly target: HealTarget
  readonly damage: Damage
  /** Styles that are lost; every style if the row names nothing. */
  readonly lost: readonly string[] | 'all'
  /** Keys of the old file that storage still holds. */
  readonly left: readonly string[]
}

export type Assessment =
  | { readonly kind: 'settled'; readonly outcome: HealOutcome }
  | { readonly kind: 'broken'; readonly broken: Broken }

/** What the caller wants done with attachments: fetched here, or left to Mastodon's media proxy. */
export type AttachmentCare = 'on-view' | 'now'

/**
 * Looks at the row, then (only if it names a file) at storage. Local media is fine whatever it looks like. Storage saying
 * anything but yes or no settles it as uncertain.
 */
export async function assessTarget(
  target: HealTarget,
  rules: FetchRules,
  care: AttachmentCare,
  presence: PresenceLook,
  options: CallOptions,
): Promise<Assessment> {
  const { record } = target
  if (!record.remote) return settled({ kind: 'fine' })
  if (record.fileName === null) {
    if (!isWanted(target, care)) return settled({ kind: 'fine' })
    return judge({ target, damage: 'pruned', lost: 'all', left: [] }, rules)
  }
  const look = await presence.look(record, options)
  if (look.state === 'whole') return settled({ kind: 'fine' })
  if (look.state === 'uncertain')
    return settled({ kind: 'skipped', reason: 'storage-uncertain', damage: null })
  return judge({ target, damage: 'missing', lost: look.lost, left: look.left }, rules)
}

/** A row that names nothing: was there ever a picture, and does nobody else bring it back? */
function isWanted({ record, page }: HealTarget, care: AttachmentCare): boolean {
  switch (record.kind) {
    case 'attachment':
    case 'thumbnail':
      // Mastodon's media proxy fetches it when somebody looks (docs/mastodon.md#media-proxy).
      return care === 'now' && record.remoteUrl !== null
    case 'card':
      return page !== null
    case 'avatar':
    case 'header':
    case 'emoji':
      return record.remoteUrl !== null
    case 'site-upload':
    case 'backup':
      return false
  }
}

function judge(broken: Broken, rules: FetchRules): Assessment {
  const reason = skipReason(broken.target, rules)
  return reason === null
    ? { kind: 'broken', broken }
    : settled({ kind: 'skipped', reason, damage: broken.damage })
}

/** Mastodon fetches nothing for suspended accounts and refused domains; neither do we (ARCHITECTURE.md#promises). */
function skipReason(target: HealTarget, rules: FetchRules): SkipReason | null {
  const { record, owner, page } = target
  if (record.hidden) return 'suspended'
  // Any page may be previewed under limited federation; a block we keep to here too, which Mastodon does not.
  if (page !== null) return refusal(domainOf(page), { ...rules, limitedFederation: false })
  return refusal(record.domain ?? owner?.domain ?? null, rules)
}

function refusal(domain: string | null, rules: FetchRules): SkipReason | null {
  return domain === null ? null : refusalOf(domain, rules)
}

function domainOf(page: string): string | null {
  return URL.canParse(page) ? new URL(page).hostname : null
}

function settled(outcome: HealOutcome): Assessment {
  return { kind: 'settled', outcome }
}

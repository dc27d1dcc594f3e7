/** Is this picture broken, and may it be fetched? */
import type { AccountPicture } from '../model/account-picture.ts'
import { refusalOf } from '../model/domain-policy.ts'
import type { Damage, HealOutcome, SkipReason } from '../model/heal-outcome.ts'
import { claimedKeys } from '../model/storage-key.ts'
import type { DomainRules } from '../ports/mastodon.ts'
import type { CallOptions, ObjectReader } from '../ports/storage.ts'

export interface FetchRules extends DomainRules {
  readonly limitedFederation: boolean
}

export type Assessment =
  | { readonly kind: 'settled'; readonly outcome: HealOutcome }
  /** `url` is where the origin keeps it; `present` are keys of the old file that storage still holds. */
  | {
      readonly kind: 'broken'
      readonly damage: Damage
      readonly url: string
      readonly present: readonly string[]
    }

/**
 * Looks at the row, then (only if it names a file) at storage. A picture without a remote URL was never set by its
 * owner, or cannot come back: there is nothing to do about it. Storage saying anything but yes or no settles it as
 * uncertain.
 */
export async function assessPicture(
  picture: AccountPicture,
  rules: FetchRules,
  objects: ObjectReader,
  options: CallOptions,
): Promise<Assessment> {
  const { record } = picture
  if (record.remoteUrl === null || !record.remote) return settled({ kind: 'fine' })
  const look =
    record.fileName === null
      ? { damage: 'pruned' as const, present: [] }
      : await lookAt(record, objects, options)
  if (look === 'uncertain') return settled({ kind: 'skipped', reason: 'storage-uncertain', damage: null })
  if (look.damage === null) return settled({ kind: 'fine' })
  const reason = skipReason(picture, rules)
  if (reason !== null) return settled({ kind: 'skipped', reason, damage: look.damage })
  return { kind: 'broken', damage: look.damage, url: record.remoteUrl, present: look.present }
}

function settled(outcome: HealOutcome): Assessment {
  return { kind: 'settled', outcome }
}

/** Mastodon fetches nothing for suspended accounts and refused domains; neither do we (promise 12). */
function skipReason({ record }: AccountPicture, rules: FetchRules): SkipReason | null {
  if (record.hidden) return 'suspended'
  return record.domain === null ? null : refusalOf(record.domain, rules)
}

async function lookAt(
  record: AccountPicture['record'],
  objects: ObjectReader,
  options: CallOptions,
): Promise<'uncertain' | { damage: Damage | null; present: readonly string[] }> {
  const present: string[] = []
  let damage: Damage | null = null
  for (const { key } of claimedKeys(record)) {
    const stat = await objects.stat(key, options)
    if (stat.state === 'unknown') return 'uncertain'
    if (stat.state === 'present') present.push(key)
    if (stat.state === 'absent' || stat.bytes === 0) damage = 'missing'
  }
  return { damage, present }
}

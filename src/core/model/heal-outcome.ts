/** What came of one picture. Every word here is the same in text, JSON and docs. */
import type { DomainRefusal } from './domain-policy.ts'

/** Why a picture was left alone although it may be broken. */
export type SkipReason =
  | 'suspended'
  | DomainRefusal
  | 'storage-uncertain'
  /** Its last try said no, and the time for the next one has not come */
  | 'not-yet'
  /** Its origin is being left in peace */
  | 'host-resting'
  /** Only Mastodon can make it: a video, a sound, an animation that becomes a video */
  | 'needs-mastodon'
  /** A job for it waits in Sidekiq already */
  | 'already-queued'
  /** Nothing says where it could come from */
  | 'no-source'

/** Why a try to bring it back ended without a picture. */
export type FailReason =
  | 'gone'
  /** The owner's own document names no such picture, or the page no image */
  | 'none'
  | 'refused'
  | 'unavailable'
  | 'timeout'
  | 'too-large'
  | 'too-many-redirects'
  | 'private-address'
  | 'bad-url'
  | 'unreachable'
  | 'wrong-type'
  | 'too-many-pixels'
  | 'broken-image'
  | 'image-timeout'
  /** Mastodon's worker ended without a picture */
  | 'worker-gave-up'
  /** Mastodon's worker has not finished in time, and may still */
  | 'worker-pending'

/** How a picture is broken: the row names nothing, or names what storage has not (or has empty). */
export type Damage = 'pruned' | 'missing'

/** Where a healed picture came from. */
export type HealedFrom =
  /** The URL the row knows */
  | 'stored-url'
  /** A new URL, from the owner's document or the page; recorded with the picture */
  | 'new-url'
  /** Its own original in storage: only a derived variant was missing */
  | 'storage'
  /** Mastodon's own worker */
  | 'sidekiq'

export type HealOutcome =
  /** There and named, or never set by its owner. */
  | { readonly kind: 'fine' }
  | { readonly kind: 'skipped'; readonly reason: SkipReason; readonly damage: Damage | null }
  /** `verified`: storage confirmed the new object afterwards. */
  | {
      readonly kind: 'healed'
      readonly damage: Damage
      readonly from: HealedFrom
      readonly bytes: number
      readonly verified: boolean
    }
  /** The row names nothing now, so that Mastodon's media proxy fetches it when somebody looks. */
  | { readonly kind: 'cleared'; readonly damage: Damage }
  | { readonly kind: 'failed'; readonly reason: FailReason; readonly damage: Damage; readonly detail: string }
  /** The row changed while we worked; the newer state was left as it is. */
  | { readonly kind: 'changed'; readonly damage: Damage }

/** Reasons that mean the origin has nothing to give, however often it is asked. */
export const HOPELESS: readonly FailReason[] = ['gone', 'none']

/** Why a picture was left alone, for people. */
const SKIP_REASONS: Readonly<Record<SkipReason, string>> = {
  suspended: 'the account is suspended',
  'domain-suspended': 'its domain is suspended by a domain block',
  'reject-media': 'its domain is blocked from sending media (reject_media)',
  'not-allowed': 'its domain is not allowed under limited federation',
  'storage-uncertain': 'storage would not say whether the file is there',
  'not-yet': 'its origin said no lately; cornac ledger tells when it is asked again',
  'host-resting': 'its origin does not answer as it should and is left in peace for a while',
  'needs-mastodon': 'only Mastodon can make it (a video, a sound, an animation)',
  'already-queued': 'a Sidekiq job for it waits already',
  'no-source': 'nothing says where it could come from',
}

/** Why a try ended without a picture, for people. */
export const FAIL_REASONS: Readonly<Record<FailReason, string>> = {
  gone: 'the origin has it no more (404 or 410)',
  none: 'its owner has no such picture any more',
  refused: 'the origin refused to give it',
  unavailable: 'the origin is having trouble (5xx, 408 or 429)',
  timeout: 'the origin took too long',
  'too-large': 'it is larger than Mastodon accepts',
  'too-many-redirects': 'the origin redirects without end',
  'private-address': 'its address is not a public one',
  'bad-url': 'its stored URL cannot be fetched',
  unreachable: 'the origin could not be reached, or broke off',
  'wrong-type': 'the origin sent something that is not a picture Mastodon accepts',
  'too-many-pixels': 'the picture has more pixels than Mastodon accepts',
  'broken-image': 'the picture is damaged',
  'image-timeout': 'the picture took too long to process',
  'worker-gave-up': 'Mastodon’s worker ended without a picture',
  'worker-pending': 'Mastodon’s worker has not finished yet',
}

/** One sentence for each reason. */
export const REASONS: Readonly<Record<SkipReason | FailReason, string>> = { ...SKIP_REASONS, ...FAIL_REASONS }

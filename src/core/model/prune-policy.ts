/**
 * What a prune lets go and what it keeps, as data: which rules hold for which kind under which preset, and on which side of
 * the cut-off its very moment lies. Nothing here reads a row; adapters do, and answer with the names of the rules.
 * Source of the preset `tootctl`: Mastodon 4.6 `lib/mastodon/cli/media.rb` (remove), `lib/mastodon/cli/preview_cards.rb`,
 * `app/models/media_attachment.rb` (scope without_local_interaction).
 */

/** The words of `prune KIND...`; an attachment takes its thumbnail along. */
export type PruneKind = 'avatar' | 'header' | 'attachment' | 'card'

export const PRUNE_KINDS: readonly PruneKind[] = ['avatar', 'header', 'attachment', 'card']

/** `tootctl`: what tootctl 4.6 would take, row for row. `cornac`: what nobody here would miss. */
export type PrunePreset = 'tootctl' | 'cornac'

export interface PrunePolicy {
  readonly preset: PrunePreset
  readonly kinds: readonly PruneKind[]
  /** Milliseconds since the epoch, fixed once: what is younger stays, however long the prune takes. */
  readonly cutoffMs: number
  /** When the policy was made: ages are counted from here. Milliseconds since the epoch. */
  readonly madeAtMs: number
  /** Follows keep no avatar and no header. */
  readonly includeFollows: boolean
  /** Attachments of posts that people here had to do with stay; the preset `cornac` always keeps them. */
  readonly keepInteracted: boolean
  /** Of cards, those of plain links only. */
  readonly linkOnly: boolean
  /** Only what belongs to this domain, exactly as stored: lower case, punycode. Cards belong to none. */
  readonly domain: string | null
}

/** Why a record stays. Each is one fact about a row; `core/plan/keep-rules.ts` has their sentences. */
export type KeepRule =
  | 'local'
  | 'names-nothing'
  | 'other-domain'
  | 'not-a-link'
  | 'never-looked-up'
  | 'looked-up-recently'
  | 'updated-recently'
  | 'fetched-recently'
  | 'posted-recently'
  | 'closed'
  | 'in-follows'
  | 'followed-here'
  | 'follows-us'
  | 'follow-requested'
  | 'posted-here'
  | 'favourited-here'
  | 'bookmarked'
  | 'answered-here'
  | 'boosted-here'
  | 'quoted-here'
  | 'quotes-us'
  | 'addressed-here'

/**
 * Which side a time equal to the cut-off lies on, to the microsecond: `let-go` is `<=`, `kept` is `<`
 * (docs/mastodon.md#tootctl-removals). Both presets agree, so that the same number of days means the same day.
 */
export const AT_THE_CUTOFF: Readonly<Record<PruneKind, 'let-go' | 'kept'>> = {
  avatar: 'let-go',
  header: 'let-go',
  attachment: 'let-go',
  card: 'kept',
}

/** The moment `days` (24 hours each, fractions allowed) before `nowMs`, in whole milliseconds, rounded down. */
export function cutoffOf(days: number, nowMs: number): number {
  return Math.floor(nowMs - days * 86_400_000)
}

/**
 * What people here did with a post: tootctl's `--keep-interacted`. Those about quotes need the table, which is there from 4.4 on
 * (docs/mastodon.md#tootctl-removals).
 */
const INTERACTIONS: readonly KeepRule[] = [
  'favourited-here',
  'bookmarked',
  'answered-here',
  'boosted-here',
  'quoted-here',
  'quotes-us',
]
const ABOUT_QUOTES: readonly KeepRule[] = ['quoted-here', 'quotes-us']

/**
 * Every rule that may keep a record of the kind, in the order in which reasons are told. A record is let go exactly if none
 * of them holds.
 */
export function keepRulesFor(
  policy: PrunePolicy,
  kind: PruneKind,
  has: { readonly quotes: boolean },
): readonly KeepRule[] {
  const scope: KeepRule[] = kind === 'card' ? ['names-nothing'] : ['local', 'names-nothing']
  if (policy.domain !== null) scope.push('other-domain')
  if (policy.linkOnly && kind === 'card') scope.push('not-a-link')
  const rules = policy.preset === 'tootctl' ? tootctlRules(policy, kind) : cornacRules(policy, kind)
  return [...scope, ...rules.filter((rule) => has.quotes || !ABOUT_QUOTES.includes(rule))]
}

function tootctlRules(policy: PrunePolicy, kind: PruneKind): readonly KeepRule[] {
  switch (kind) {
    case 'avatar':
    case 'header':
      return [
        'never-looked-up',
        'looked-up-recently',
        'updated-recently',
        ...(policy.includeFollows ? [] : (['in-follows'] as const)),
      ]
    case 'attachment':
      return ['fetched-recently', ...(policy.keepInteracted ? INTERACTIONS : [])]
    case 'card':
      return ['updated-recently']
  }
}

/**
 * Young by any of its times is young. An account nobody ever looked up (`last_webfingered_at` NULL) is judged by its other
 * times: tootctl's refusal would keep such rows for ever, and a missing time says nothing about use.
 */
function cornacRules(policy: PrunePolicy, kind: PruneKind): readonly KeepRule[] {
  switch (kind) {
    case 'avatar':
    case 'header':
      return [
        'looked-up-recently',
        'updated-recently',
        'fetched-recently',
        'posted-recently',
        'closed',
        ...(policy.includeFollows ? [] : (['followed-here', 'follows-us', 'follow-requested'] as const)),
      ]
    case 'attachment':
      return ['fetched-recently', 'updated-recently', 'closed', ...INTERACTIONS, 'addressed-here']
    case 'card':
      return ['fetched-recently', 'updated-recently', 'posted-here', ...INTERACTIONS, 'addressed-here']
  }
}

const DAY_MS = 86_400_000

/**
 * No attachment created by the cut-off has this id or a larger one: ids hold the time of arrival, and `created_at` only
 * ever moves on from there (docs/mastodon.md#ids). One second for the part of the time that ids drop, and a day for clocks of
 * database and web servers that disagree. For skipping rows through the primary key; the times themselves still decide.
 */
export function attachmentIdBound(cutoffMs: number): bigint {
  const seconds = BigInt(Math.max(0, Math.floor((cutoffMs + DAY_MS) / 1000) + 1))
  return (seconds * 1000n) << 16n
}

/** By how much a row's id may run ahead of its `created_at` before the bound is of no use. */
export const ID_CLOCK_TOLERANCE_MS = DAY_MS

/**
 * Posts made here after that moment, or up to a day before it, have this id or a larger one, and so do those of other servers
 * that say so: ids of posts hold the time they were published (docs/mastodon.md#ids). The day is for clocks that disagree.
 */
export function postIdSince(ms: number): bigint {
  return BigInt(Math.max(0, Math.floor((ms - DAY_MS) / 1000) * 1000)) << 16n
}

/** The words and options of `cornac prune` as a policy. */
import { kindNamed, KINDS } from '../../core/model/media.ts'
import {
  cutoffOf,
  PRUNE_KINDS,
  type PruneKind,
  type PrunePolicy,
  type PrunePreset,
} from '../../core/model/prune-policy.ts'
import type { CommandOption } from './command.ts'
import { usageError } from './usage-error.ts'

export interface PolicyOptions {
  readonly days?: number
  readonly preset?: PrunePreset
  readonly includeFollows?: true
  readonly keepInteracted?: true
  readonly link?: true
  readonly domain?: string
}

const PRESETS: readonly PrunePreset[] = ['cornac', 'tootctl']
const DEFAULT_DAYS = { cornac: 30, tootctl: 7, tootctlCards: 180 } as const
/** A century: more is a slip of the finger. */
const MOST_DAYS = 36_525

export const POLICY_OPTIONS: readonly CommandOption[] = [
  {
    flags: '--days <count>',
    description:
      'keep what is younger than this many days; fractions are fine (default: 30; with --preset tootctl 7, and 180 for cards alone)',
    read: readDays,
    expects: `a number of days such as 30 or 0.5, up to ${MOST_DAYS}`,
  },
  {
    flags: '--preset <name>',
    description:
      'the rules: cornac (the default) keeps whatever people here have to do with; tootctl takes what tootctl 4.6 takes',
    read: (text) => PRESETS.find((preset) => preset === text.trim()),
    expects: 'cornac or tootctl',
  },
  {
    flags: '--include-follows',
    description: 'avatars and headers: those of accounts that follow or are followed go as well',
  },
  {
    flags: '--keep-interacted',
    description:
      'attachments, with --preset tootctl: keep those of posts that people here favourited, bookmarked, answered, boosted or quoted',
  },
  { flags: '--link', description: 'cards: only those of plain links' },
  {
    flags: '--domain <domain>',
    description: 'only what belongs to this domain, without the domains below it',
    read: readDomain,
    expects: 'a domain such as example.org',
  },
]

function readDays(text: string): number | undefined {
  const days = /^\d{1,6}(?:\.\d{1,6})?$/.test(text.trim()) ? Number(text) : Number.NaN
  return days <= MOST_DAYS ? days : undefined
}

/** As accounts have it: small letters, other alphabets in ASCII. */
function readDomain(text: string): string | undefined {
  const word = text.trim().replace(/^@/, '')
  if (!/^[^\s@/?#\\:]+$/.test(word) || !URL.canParse(`https://${word}/`)) return undefined
  return new URL(`https://${word}/`).hostname.replace(/\.$/, '')
}

const WHY_NOT: Readonly<Partial<Record<string, { readonly what: string; readonly remedy: string }>>> = {
  emoji: {
    what: 'emoji are not pruned: Mastodon cannot save an emoji without its picture, and nobody fetches it again',
    remedy: 'Leave emoji out',
  },
  thumbnail: {
    what: 'thumbnails are not pruned on their own: each goes with its attachment',
    remedy: 'Name attachments',
  },
  'site-upload': {
    what: 'site-uploads are this server’s own and are never pruned',
    remedy: 'Leave them out',
  },
  backup: { what: 'backups are this server’s own and are never pruned', remedy: 'Leave them out' },
}

const CHOICE = `Name some of: ${PRUNE_KINDS.map((kind) => KINDS[kind].plural).join(' ')}`

/** In the order of reports. @throws KnownError of category `usage` */
export function readPruneKinds(words: readonly string[]): readonly PruneKind[] {
  if (words.length === 0) throw usageError('prune was not told what to prune', CHOICE)
  const kinds = words.map((word) => {
    const named = kindNamed(word)
    const kind = PRUNE_KINDS.find((one) => one === named)
    if (kind !== undefined) return kind
    if (named === undefined) throw usageError(`${word} is no kind of media`, CHOICE)
    const { what, remedy } = WHY_NOT[named] ?? { what: `${word} are not pruned`, remedy: CHOICE }
    throw usageError(what, remedy)
  })
  return PRUNE_KINDS.filter((kind) => kinds.includes(kind))
}

/** @throws KnownError of category `usage` for what the words cannot mean together */
export function readPolicy(
  kinds: readonly PruneKind[],
  options: PolicyOptions,
  nowMs: number,
): { readonly policy: PrunePolicy; readonly notes: readonly string[] } {
  refuseMisfits(kinds, options)
  const preset = options.preset ?? 'cornac'
  const days = options.days ?? defaultDays(kinds, preset)
  const needless = preset === 'cornac' && options.keepInteracted === true
  return {
    policy: {
      preset,
      kinds,
      cutoffMs: cutoffOf(days, nowMs),
      madeAtMs: nowMs,
      includeFollows: options.includeFollows === true,
      keepInteracted: preset === 'cornac' || options.keepInteracted === true,
      linkOnly: options.link === true,
      domain: options.domain ?? null,
    },
    notes: needless
      ? ['The preset cornac always keeps what people here had to do with: --keep-interacted changes nothing.']
      : [],
  }
}

function refuseMisfits(kinds: readonly PruneKind[], options: PolicyOptions): void {
  const { days, preset, includeFollows, keepInteracted, link, domain } = options
  if (days === 0 && preset === undefined)
    throw usageError(
      '--days 0 lets go of everything that no other rule keeps, however young it is',
      'If that is meant, name the preset as well: --days 0 --preset cornac',
    )
  if (includeFollows === true && !kinds.includes('avatar') && !kinds.includes('header'))
    throw usageError(
      '--include-follows is about avatars and headers',
      'Leave it out, or name one of these kinds',
    )
  if (keepInteracted === true && !kinds.includes('attachment'))
    throw usageError('--keep-interacted is about attachments', 'Leave it out, or name attachments')
  if (link === true && !kinds.includes('card'))
    throw usageError('--link is about cards', 'Leave it out, or name cards')
  if (domain !== undefined && kinds.includes('card'))
    throw usageError('cards belong to no domain', 'Prune them in a run of their own, without --domain')
}

/** As tootctl has it, whose two commands have defaults of their own. */
function defaultDays(kinds: readonly PruneKind[], preset: PrunePreset): number {
  if (preset === 'cornac') return DEFAULT_DAYS.cornac
  if (!kinds.includes('card')) return DEFAULT_DAYS.tootctl
  if (kinds.length === 1) return DEFAULT_DAYS.tootctlCards
  throw usageError(
    'tootctl keeps cards for 180 days and everything else for 7, so together they need a number of days',
    'Give --days, or prune cards in a run of their own',
  )
}

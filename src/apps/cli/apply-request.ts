/** The options of verbs that apply a plan, as what core is asked: how far one run goes, and which guards it sets aside. */
import type { ApplyConfig } from '../../config/config.ts'
import type { ApplyBudget, Overrides } from '../../core/apply/apply-request.ts'
import { ALL_KINDS, kindNamed, KINDS, type Kind } from '../../core/model/media.ts'
import type { CommandOption } from './command.ts'

export interface OverrideOptions {
  readonly duringVacuum?: true
  readonly besideTootctl?: true
  readonly allowShare: readonly AllowedShare[]
}

interface AllowedShare {
  readonly kind: Kind
  /** From 0 to 1. */
  readonly share: number
}

/** Overridden settings; the values are in the configuration. */
export const LIMIT_OPTIONS: readonly CommandOption[] = [
  {
    flags: '--max-delete <count>',
    description: 'let go of at most this many files (default: none, or apply.max_delete)',
    setting: 'apply.max_delete',
  },
  {
    flags: '--max-delete-bytes <size>',
    description:
      'stop once this much was let go; the last file may pass it (default: none, or apply.max_delete_bytes)',
    setting: 'apply.max_delete_bytes',
  },
  {
    flags: '--max-duration <duration>',
    description: 'begin no further batch after this time (default: none, or apply.max_duration)',
    setting: 'apply.max_duration',
  },
  {
    flags: '--requests-per-second <count>',
    description: 'ask storage at most this often (default: none, or apply.requests_per_second)',
    setting: 'apply.requests_per_second',
  },
]

/** Typed for each run; no setting has them. */
export const OVERRIDE_OPTIONS: readonly CommandOption[] = [
  {
    flags: '--during-vacuum',
    description: 'also in the hours of Mastodon’s own vacuum, from 3 to 6 by the clock of this machine',
  },
  { flags: '--beside-tootctl', description: 'also while a tootctl that changes media runs on this machine' },
  {
    flags: '--allow-share <kind=percent>',
    description: 'let go of up to this share of a kind, such as avatars=60; may be given more than once',
    repeatable: true,
    read: readShare,
    expects: 'a kind and a share of it such as avatars=60',
  },
]

/** `avatars=60`, `avatars=62.5%`; above 0 and up to 100. */
function readShare(text: string): AllowedShare | undefined {
  const [, name = '', percent = ''] = /^([a-z-]+)=(\d{1,3}(?:\.\d{1,3})?) ?%?$/i.exec(text.trim()) ?? []
  const kind = kindNamed(name.toLowerCase())
  const share = Number(percent) / 100
  if (kind === undefined || !REMOVABLE.includes(kind) || !(share > 0 && share <= 1)) return undefined
  return { kind, share }
}

const REMOVABLE = ALL_KINDS.filter((kind) => !KINDS[kind].protected)

/** The limits of the settings, flags already over them. */
export function budgetOf(limits: ApplyConfig): ApplyBudget {
  return {
    maxFiles: limits.maxDelete,
    maxBytes: limits.maxDeleteBytes,
    maxDurationMs: limits.maxDurationMs,
    requestsPerSecond: limits.requestsPerSecond,
  }
}

/** Of two shares of one kind the last counts. */
export function overridesOf({ duringVacuum, besideTootctl, allowShare }: OverrideOptions): Overrides {
  return {
    duringVacuum: duringVacuum === true,
    besideTootctl: besideTootctl === true,
    shares: Object.fromEntries(allowShare.map(({ kind, share }) => [kind, share])),
  }
}

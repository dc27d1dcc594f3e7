/** The options of `cornac ledger` and its sisters as what the ledger is asked. */
import { FAIL_REASONS, type FailReason } from '../../core/model/heal-outcome.ts'
import { kindNamed, type Kind } from '../../core/model/media.ts'
import type { LedgerFilter } from '../../core/ports/state.ts'
import type { CommandOption } from './command.ts'

export interface LedgerFilterOptions {
  readonly host?: string
  readonly outcome?: FailReason
  readonly account?: string
  readonly kind?: Kind
}

const OUTCOMES = Object.keys(FAIL_REASONS) as readonly FailReason[]

export const FILTER_OPTIONS: readonly CommandOption[] = [
  {
    flags: '--host <host>',
    description: 'records whose origin is this host',
    read: (text) => (/^[^\s@/]+$/.test(text.trim()) ? text.trim().toLowerCase() : undefined),
    expects: 'a host such as files.example.org',
  },
  {
    flags: '--account <handle>',
    description: 'records of this remote account',
    read: (text) => (/^@?[^@\s]+@[^@\s]+$/.test(text.trim()) ? text.trim().replace(/^@/, '') : undefined),
    expects: 'a remote account such as user@example.org',
  },
  {
    flags: '--outcome <reason>',
    description: 'records whose last try ended like this: gone, timeout, ...',
    read: (text) => OUTCOMES.find((outcome) => outcome === text.trim()),
    expects: `one of ${OUTCOMES.join(' ')}`,
  },
]

export const KIND_OPTION: CommandOption = {
  flags: '--kind <kind>',
  description: 'records of this kind: avatars, headers, attachments, thumbnails, emoji, cards',
  read: (text) => kindNamed(text.trim()),
  expects: 'one of avatars headers attachments thumbnails emoji cards',
}

export function limitOption(standard: number): CommandOption {
  return {
    flags: '--limit <count>',
    description: `show at most this many records (default: ${standard})`,
    read: (text) => (/^\d{1,6}$/.test(text.trim()) ? Number(text) : undefined),
    expects: 'a whole number up to 999999',
  }
}

export function readLedgerFilter({ host, outcome, account, kind }: LedgerFilterOptions): LedgerFilter {
  return { host, outcome, kind, label: account }
}

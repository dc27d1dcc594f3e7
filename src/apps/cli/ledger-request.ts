/** The options and words of `cornac ledger` as what core is asked. */
import { FAIL_REASONS, type FailReason } from '../../core/model/heal-outcome.ts'
import { ALL_KINDS, kindNamed, KINDS, type Kind } from '../../core/model/media.ts'
import type { LedgerFilter } from '../../core/ports/state.ts'
import type { LedgerThing } from '../../core/report/ledger.ts'
import type { CommandOption } from './command.ts'
import { usageError } from './usage-error.ts'

export interface FilterOptions {
  readonly host?: string
  readonly outcome?: FailReason
  readonly account?: string
  readonly kind?: Kind
}

const OUTCOMES = Object.keys(FAIL_REASONS) as readonly FailReason[]
/** Those that can be fetched, so that a fetch can fail. */
const FETCHED_KINDS = ALL_KINDS.filter((kind) => !KINDS[kind].protected)

export const FILTER_OPTIONS: readonly CommandOption[] = [
  {
    flags: '--host <host>',
    description: 'only what this host was asked for',
    read: readHost,
    expects: 'a host such as files.example.org',
  },
  {
    flags: '--outcome <reason>',
    description: 'only what ended like this the last time: gone, timeout, …',
    read: (text) => OUTCOMES.find((outcome) => outcome === text.trim()),
    expects: `one of ${OUTCOMES.join(', ')}`,
  },
  {
    flags: '--account <handle>',
    description: 'only what belongs to this remote account',
    read: readHandle,
    expects: 'a remote account such as user@example.org',
  },
  {
    flags: '--kind <kind>',
    description: `only this kind: ${FETCHED_KINDS.map((kind) => KINDS[kind].plural).join(', ')}`,
    read: (text) => fetchedKind(text.trim()),
    expects: `one of ${FETCHED_KINDS.map((kind) => KINDS[kind].plural).join(', ')}`,
  },
]

export function readFilter({ host, outcome, account, kind }: FilterOptions): LedgerFilter {
  return { host, outcome, label: account, kind }
}

const LARGEST_ID = 2n ** 63n - 1n

/** `user@example.org`, `example.org`, `avatar:109…`, the page of a card. @throws KnownError of category `usage` */
export function readThing(text: string): LedgerThing {
  const word = text.trim()
  const [, name = '', id = ''] = /^([a-z-]+):(\d{1,19})$/i.exec(word) ?? []
  const kind = fetchedKind(name)
  if (kind !== undefined && BigInt(id) <= LARGEST_ID) return { by: 'record', kind, id }
  if (/^https?:\/\/\S+$/.test(word)) return { by: 'label', label: word }
  const label = readHandle(word)
  if (label !== undefined) return { by: 'label', label }
  const host = readHost(word)
  // A host has a dot somewhere, is this very machine, or stands in brackets.
  if (host !== undefined && /\.|^localhost(?::|$)|^\[/.test(host)) return { by: 'host', host }
  throw usageError(
    `${JSON.stringify(word)} is no account, no host and no record`,
    `Give user@example.org, example.org, or a kind and an id such as avatar:109331145678901234 (kinds: ${FETCHED_KINDS.join(', ')})`,
  )
}

function fetchedKind(word: string): Kind | undefined {
  const kind = kindNamed(word.toLowerCase())
  return kind !== undefined && FETCHED_KINDS.includes(kind) ? kind : undefined
}

/** Emoji are told apart as `:name:@domain`, so that is a handle, too. */
function readHandle(text: string): string | undefined {
  const word = text.trim()
  return /^@?[^@\s/]+@[^@\s/]+$/.test(word) ? word.replace(/^@/, '') : undefined
}

/** As `URL.host` writes it: small letters, other alphabets in ASCII, a port only if it is not the scheme's own. */
function readHost(text: string): string | undefined {
  const address = `https://${text.trim()}/`
  return /^[^\s/@?#\\]+$/.test(text.trim()) && URL.canParse(address) ? new URL(address).host : undefined
}

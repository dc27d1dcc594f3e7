/** The options of `cornac heal` as what core is asked: which records, how far, by whom. */
import { parseDuration, parseSize } from '../../config/quantities.ts'
import { KnownError } from '../../core/errors.ts'
import type { HealBudget } from '../../core/heal/budget.ts'
import type { Choice } from '../../core/heal/find/choose-targets.ts'
import type { HealKind } from '../../core/model/heal-target.ts'
import { kindNamed, KINDS } from '../../core/model/media.ts'
import type { MastodonDatabase } from '../../core/ports/mastodon.ts'
import type { ScanStore } from '../../core/ports/state.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import type { CommandOption } from './command.ts'
import { usageError } from './usage-error.ts'

export interface ScopeOptions {
  readonly followsOf?: string
  readonly followed?: true
  readonly followers?: true
  readonly interacted?: true
  readonly account: readonly string[]
  readonly domain?: string
  readonly subdomains?: true
  readonly findings?: string
  readonly all?: true
}

export interface BudgetOptions {
  readonly limit?: number
  readonly maxDuration?: number
  readonly maxBytes?: number
}

const notEmpty = (text: string): string | undefined => (/^@?$/.test(text.trim()) ? undefined : text.trim())

export const SCOPE_OPTIONS: readonly CommandOption[] = [
  {
    flags: '--follows-of <user>',
    description: 'everybody this local user follows',
    read: notEmpty,
    expects: 'the name of a local user',
  },
  { flags: '--followed', description: 'everybody some local user follows' },
  { flags: '--followers', description: 'everybody who follows a local user' },
  {
    flags: '--interacted',
    description:
      'everybody local users mentioned, boosted, favourited or answered, and everybody who did so here',
  },
  {
    flags: '--account <handle>',
    description: 'this remote account; may be given more than once',
    repeatable: true,
    read: (text) => (/^@?[^@\s]+@[^@\s]+$/.test(text.trim()) ? text.trim() : undefined),
    expects: 'a remote account such as user@example.org',
  },
  {
    flags: '--domain <domain>',
    description: 'every account of this domain',
    read: (text) => (/^[^\s@/]+$/.test(text.trim()) ? text.trim().toLowerCase() : undefined),
    expects: 'a domain such as example.org',
  },
  { flags: '--subdomains', description: 'with --domain: the domains below it too' },
  {
    flags: '--findings <scan>',
    description: 'what this scan found missing or pruned: its id, or last',
    read: notEmpty,
    expects: 'the id of a scan, or last',
  },
  { flags: '--all', description: 'everybody: those people see most first' },
]

export const BUDGET_OPTIONS: readonly CommandOption[] = [
  {
    flags: '--limit <count>',
    description: 'try at most this many records',
    read: (text) => (/^[1-9]\d{0,11}$/.test(text.trim()) ? Number(text) : undefined),
    expects: 'a whole number above zero',
  },
  {
    flags: '--max-duration <duration>',
    description: 'begin nothing more after this time',
    read: (text) => positive(parseDuration(text)),
    expects: 'a duration such as 2h or 45m',
  },
  {
    flags: '--max-bytes <size>',
    description: 'begin nothing more once this much was fetched',
    read: (text) => positive(parseSize(text)),
    expects: 'a size such as 500MB or 2GB',
  },
]

function positive(value: number | undefined): number | undefined {
  return value === undefined || value <= 0 ? undefined : value
}

/** In the order of reports. */
const HEAL_KINDS: readonly HealKind[] = ['avatar', 'header', 'attachment', 'emoji', 'card']

/** Words after the verb; avatars and headers if there are none. */
export function readHealKinds(words: readonly string[]): readonly HealKind[] {
  if (words.length === 0) return ['avatar', 'header']
  const kinds = words.map((word) => {
    const kind = HEAL_KINDS.find((one) => one === kindNamed(word))
    if (kind !== undefined) return kind
    throw usageError(
      kindNamed(word) === undefined ? `${word} is no kind of media` : `${word} cannot be healed on their own`,
      `Name some of: ${HEAL_KINDS.map((one) => KINDS[one].plural).join(' ')}`,
    )
  })
  return HEAL_KINDS.filter((kind) => kinds.includes(kind))
}

export function readBudget({ limit, maxDuration, maxBytes }: BudgetOptions): HealBudget {
  return { limit: limit ?? null, maxDurationMs: maxDuration ?? null, maxBytes: maxBytes ?? null }
}

/** One scope has to be given, and one only. @throws KnownError of category `usage` */
export function readScope(options: ScopeOptions): keyof ScopeOptions {
  const names = ['followsOf', 'followed', 'followers', 'interacted', 'domain', 'findings', 'all'] as const
  const given: (keyof ScopeOptions)[] = names.filter((name) => options[name] !== undefined)
  if (options.account.length > 0) given.push('account')
  if (options.subdomains === true && options.domain === undefined)
    throw usageError(
      '--subdomains belongs to --domain',
      'Give a domain: cornac heal --domain example.org --subdomains',
    )
  const [scope, another] = given
  if (scope === undefined)
    throw usageError(
      'heal was not told whose pictures to heal',
      'Give one of --follows-of USER, --followed, --followers, --interacted, --account HANDLE, --domain DOMAIN, --findings last, --all',
    )
  if (another !== undefined)
    throw usageError(
      `${flagOf(scope)} and ${flagOf(another)} cannot be combined`,
      'Give one of them; a second heal right after the first asks no origin twice',
    )
  return scope
}

function flagOf(name: keyof ScopeOptions): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** @throws KnownError if a user, an account or a scan is not there */
export async function chooseScope(
  options: ScopeOptions,
  instance: {
    readonly name: string
    readonly database: () => Promise<MastodonDatabase>
    readonly scans: () => Promise<ScanStore>
  },
  call: CallOptions,
): Promise<Choice> {
  const database = await instance.database()
  switch (readScope(options)) {
    case 'followsOf':
      return scope({ by: 'follows-of', accountId: await localUser(database, options.followsOf ?? '', call) })
    case 'followed':
      return scope({ by: 'followed' })
    case 'followers':
      return scope({ by: 'followers' })
    case 'interacted':
      return scope({ by: 'interacted' })
    case 'account':
      return scope({ by: 'accounts', ids: await remoteAccounts(database, options.account, call) })
    case 'domain':
      return scope({
        by: 'domain',
        domain: options.domain ?? '',
        subdomains: options.subdomains === true,
      })
    case 'findings':
      return {
        by: 'findings',
        scan: await completedScan(instance.name, await instance.scans(), options.findings ?? ''),
      }
    case 'all':
    case 'subdomains':
      return scope({ by: 'all' })
  }
}

function scope(chosen: Extract<Choice, { by: 'scope' }>['scope']): Choice {
  return { by: 'scope', scope: chosen }
}

async function localUser(database: MastodonDatabase, user: string, call: CallOptions): Promise<string> {
  const name = user.replace(/^@/, '').split('@')[0] ?? ''
  const id = name === '' ? null : await database.localAccount(name, call)
  if (id !== null) return id
  throw new KnownError({
    code: 'no-such-user',
    what: `there is no local account named ${user}`,
    remedy: 'Give the name as it stands in the profile’s address, without the domain: --follows-of alice',
    category: 'usage',
  })
}

async function remoteAccounts(
  database: MastodonDatabase,
  handles: readonly string[],
  call: CallOptions,
): Promise<readonly string[]> {
  const ids: string[] = []
  for (const handle of handles) {
    const id = await database.remoteAccount(handle, call)
    if (id === null)
      throw new KnownError({
        code: 'no-such-account',
        what: `this server knows no remote account ${handle}`,
        remedy: 'Give it as it stands in its profile: --account user@example.org',
        category: 'usage',
      })
    ids.push(id)
  }
  return ids
}

async function completedScan(
  instance: string,
  scans: ScanStore,
  id: string,
): Promise<Extract<Choice, { by: 'findings' }>['scan']> {
  const scan = await scans.completed(instance, id)
  if (scan !== null) return scan
  throw new KnownError({
    code: 'no-such-scan',
    what: id === 'last' ? 'there is no completed scan yet' : `there is no completed scan ${id}`,
    remedy: 'Run cornac scan first; the latest scan is --findings last',
    category: 'usage',
  })
}

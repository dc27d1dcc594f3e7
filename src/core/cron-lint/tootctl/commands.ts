/**
 * Every command of tootctl and its options, Mastodon 4.3 to 4.6 (lib/mastodon/cli/*.rb of each version). Options are written
 * as Thor shows them; `--no-…` and underscores for dashes are the same option.
 */

export const VERSIONS = ['4.3', '4.4', '4.5', '4.6'] as const
export type MastodonVersion = (typeof VERSIONS)[number]

export interface TootctlOption {
  /** `--days` */
  readonly name: string
  /** `-d` */
  readonly short?: string
  readonly takes: 'nothing' | 'number' | 'text'
  /** The first version that has it; the oldest known one if not given. */
  readonly since?: MastodonVersion
}

export interface TootctlCommand {
  /** `media remove` */
  readonly name: string
  readonly options: readonly TootctlOption[]
  readonly since?: MastodonVersion
  /** Words after the command: how many at most. */
  readonly words: number
}

const on = (name: string, short?: string): TootctlOption => ({
  name,
  takes: 'nothing',
  ...(short === undefined ? {} : { short }),
})
const number = (name: string, short?: string): TootctlOption => ({
  name,
  takes: 'number',
  ...(short === undefined ? {} : { short }),
})
const text = (name: string, short?: string): TootctlOption => ({
  name,
  takes: 'text',
  ...(short === undefined ? {} : { short }),
})

const concurrency = number('--concurrency', '-c')
const verbose = on('--verbose', '-v')
const dryRun = on('--dry-run')
const MANY = 1_000

export const TOOTCTL: readonly TootctlCommand[] = [
  {
    name: 'media remove',
    words: 0,
    options: [
      number('--days', '-d'),
      on('--prune-profiles'),
      on('--remove-headers'),
      on('--include-follows'),
      { ...on('--keep-interacted'), since: '4.6' },
      concurrency,
      verbose,
      dryRun,
    ],
  },
  {
    name: 'media remove-orphans',
    words: 0,
    options: [text('--start-after'), text('--prefix'), on('--fix-permissions'), dryRun],
  },
  {
    name: 'media refresh',
    words: 0,
    options: [
      text('--account'),
      text('--domain'),
      number('--status'),
      number('--days'),
      on('--force'),
      concurrency,
      verbose,
      dryRun,
    ],
  },
  { name: 'media usage', words: 0, options: [] },
  { name: 'media lookup', words: 1, options: [] },
  {
    name: 'preview_cards remove',
    words: 0,
    options: [number('--days'), on('--link'), concurrency, verbose, dryRun],
  },
  {
    name: 'statuses remove',
    words: 0,
    options: [
      number('--days'),
      number('--batch-size', '-b'),
      on('--continue'),
      on('--clean-followed'),
      on('--skip-status-remove'),
      on('--skip-media-remove'),
      on('--compress-database'),
    ],
  },
  { name: 'accounts cull', words: MANY, options: [concurrency, dryRun] },
  { name: 'accounts prune', words: 0, options: [concurrency, dryRun] },
  {
    name: 'accounts refresh',
    words: MANY,
    options: [on('--all'), text('--domain'), concurrency, verbose, dryRun],
  },
  { name: 'accounts rotate', words: 1, options: [on('--all')] },
  {
    name: 'accounts create',
    words: 1,
    options: [
      text('--email'),
      on('--confirmed'),
      text('--role'),
      on('--reattach'),
      on('--force'),
      on('--approve'),
    ],
  },
  {
    name: 'accounts modify',
    words: 1,
    options: [
      text('--role'),
      on('--remove-role'),
      text('--email'),
      on('--confirm'),
      on('--enable'),
      on('--disable'),
      on('--disable-2fa'),
      on('--approve'),
      on('--reset-password'),
    ],
  },
  { name: 'accounts delete', words: 1, options: [text('--email'), dryRun] },
  { name: 'accounts merge', words: 2, options: [on('--force', '-f')] },
  { name: 'accounts fix-duplicates', words: 0, options: [dryRun] },
  { name: 'accounts backup', words: 1, options: [] },
  { name: 'accounts follow', words: 1, options: [concurrency, verbose] },
  { name: 'accounts unfollow', words: 1, options: [concurrency, verbose] },
  { name: 'accounts reset-relationships', words: 1, options: [on('--follows'), on('--followers')] },
  { name: 'accounts approve', words: 1, options: [number('--number', '-n'), on('--all')] },
  { name: 'accounts migrate', words: 1, options: [on('--force'), on('--replay'), text('--target')] },
  { name: 'cache clear', words: 0, options: [] },
  { name: 'cache recount', words: 1, options: [concurrency, verbose] },
  {
    name: 'domains purge',
    words: MANY,
    options: [
      concurrency,
      verbose,
      dryRun,
      on('--limited-federation-mode'),
      on('--by-uri'),
      on('--include-subdomains'),
      on('--purge-domain-blocks'),
    ],
  },
  {
    name: 'domains crawl',
    words: 1,
    options: [concurrency, text('--format', '-f'), on('--exclude-suspended', '-x')],
  },
  { name: 'emoji purge', words: 0, options: [on('--remote-only'), on('--suspended-only')] },
  {
    name: 'emoji import',
    words: 1,
    options: [text('--prefix'), text('--suffix'), on('--overwrite'), on('--unlisted'), text('--category')],
  },
  { name: 'emoji export', words: 1, options: [text('--category'), on('--overwrite')] },
  {
    name: 'feeds build',
    words: 1,
    options: [on('--all'), concurrency, verbose, dryRun, on('--skip-filled-timelines')],
  },
  { name: 'feeds clear', words: 0, options: [] },
  { name: 'feeds vacuum', words: 0, options: [] },
  { name: 'maintenance fix-duplicates', words: 0, options: [] },
  {
    name: 'search deploy',
    words: 0,
    options: [
      concurrency,
      number('--batch-size', '-b'),
      text('--only'),
      on('--import'),
      on('--clean'),
      on('--reset-chewy'),
      on('--only-mapping'),
    ],
  },
  { name: 'settings registrations', words: 1, options: [on('--require-reason')] },
  { name: 'upgrade storage-schema', words: 0, options: [dryRun, verbose] },
]

/** Groups that have nothing to do with maintenance: their commands are not judged. */
export const OTHER_GROUPS: readonly string[] = [
  'canonical_email_blocks',
  'email_domain_blocks',
  'ip_blocks',
  'self-destruct',
  'version',
  'help',
]

export function isVersion(version: string): version is MastodonVersion {
  return (VERSIONS as readonly string[]).includes(version)
}

/** True also where the version is not known: then one that has it is enough. */
export function existsIn(since: MastodonVersion | undefined, version: MastodonVersion | null): boolean {
  return since === undefined || version === null || VERSIONS.indexOf(since) <= VERSIONS.indexOf(version)
}

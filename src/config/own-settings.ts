/**
 * Cornac's own settings: one schema for cornac.yaml, one table for the variables and flags that override it.
 * The JSON Schema for editors (docs/cornac.schema.json) is made from this; `scripts/write-config-schema.ts` writes it.
 */
import { z } from 'zod'
import { DURATION_SHAPE, SIZE_SHAPE } from './quantities.ts'

/** What an empty cornac.yaml means. Units are still the ones people write. */
export const OwnSettings = z.strictObject({
  mastodon: z
    .strictObject({
      database_url: z
        .string()
        .min(1)
        .nullable()
        .default(null)
        .describe(
          'Address of Mastodon’s database for Cornac alone, e.g. past pgbouncer or for a read-only role.',
        ),
    })
    .prefault({})
    .describe('How Cornac reaches the Mastodon server, where that differs from Mastodon’s own settings.'),
  state: z
    .strictObject({
      database_url: z
        .string()
        .min(1)
        .nullable()
        .default(null)
        .describe(
          'Address of the database in which Cornac keeps its own tables; Mastodon’s own if it is not given.',
        ),
    })
    .prefault({})
    .describe('What Cornac remembers: leases, the journal and the ledger.'),
  state_dir: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Folder in which interrupted scans are kept; ~/ stands for the home folder.'),
  scan: z
    .strictObject({
      concurrency: z.int().min(1).max(64).default(4).describe('Parts of the key space read side by side.'),
      min_age: z
        .string()
        .regex(DURATION_SHAPE)
        .default('24h')
        .describe('Files younger than this are not called orphans, e.g. 24h or 90m.'),
    })
    .prefault({})
    .describe('Comparing rows with storage.'),
  heal: z
    .strictObject({
      concurrency: z.int().min(1).max(256).default(16).describe('Fetches side by side, over all origins.'),
      per_host: z.int().min(1).max(2).default(2).describe('Fetches side by side from one origin.'),
      timeout: z
        .string()
        .regex(DURATION_SHAPE)
        .default('30s')
        .describe('Time for one file, redirects included, e.g. 30s.'),
      allowed_private_addresses: z
        .array(z.string())
        .default([])
        .describe(
          'Networks that may be fetched from although they are not public, besides Mastodon’s own list.',
        ),
    })
    .prefault({})
    .describe('Bringing files back from their origins.'),
  apply: z
    .strictObject({
      max_delete: z
        .int()
        .min(1)
        .nullable()
        .default(null)
        .describe('Files one run lets go of at most; none for no limit.'),
      max_delete_bytes: z
        .string()
        .regex(SIZE_SHAPE)
        .regex(/[1-9]/)
        .nullable()
        .default(null)
        .describe('Bytes one run lets go of at most, e.g. 50GB; none for no limit.'),
      max_duration: z
        .string()
        .regex(DURATION_SHAPE)
        .regex(/[1-9]/)
        .nullable()
        .default(null)
        .describe('Time after which a run begins no further batch, e.g. 2h; none for no limit.'),
      requests_per_second: z
        .int()
        .min(1)
        .nullable()
        .default(null)
        .describe('Requests to the media storage in one second at most; none for no limit.'),
    })
    .prefault({})
    .describe('How much a run that removes may do. What it may not do is no setting.'),
  prices: z
    .strictObject({
      requests_per_thousand: z
        .number()
        .min(0)
        .nullable()
        .default(null)
        .describe(
          'US dollars for a thousand requests that list or copy; Amazon’s own price if nothing is given.',
        ),
      gb_month: z
        .number()
        .min(0)
        .nullable()
        .default(null)
        .describe('US dollars for a gigabyte stored for a month; Amazon’s own price if nothing is given.'),
    })
    .prefault({})
    .describe('What the media storage costs, for the estimates of plans.'),
})

export type OwnSettings = z.output<typeof OwnSettings>

/** `section.setting`, as in cornac.yaml. */
export type OwnSettingPath = keyof typeof OWN_SETTINGS

export interface OwnSettingTraits {
  /** How a text from the environment or a flag becomes a value. */
  readonly read: 'text' | 'number' | 'decimal' | 'list'
  /** The word `none` sets it to nothing, so that a flag can lift a limit of the file. */
  readonly orNone?: true
  /** Completes "Give …". */
  readonly expects: string
  /** A second, shorter variable for it. */
  readonly shortVariable?: string
}

/** Every setting that a `CORNAC_*` variable or a flag may override. */
export const OWN_SETTINGS = {
  'mastodon.database_url': { read: 'text', expects: 'postgresql://user:password@host:port/database' },
  'state.database_url': {
    read: 'text',
    expects: 'postgresql://user:password@host:port/database',
    shortVariable: 'CORNAC_DATABASE_URL',
  },
  state_dir: { read: 'text', expects: 'the path of a folder' },
  'scan.concurrency': { read: 'number', expects: 'a whole number from 1 to 64' },
  'scan.min_age': { read: 'text', expects: 'a duration such as 24h, 90m or 2d' },
  'heal.concurrency': { read: 'number', expects: 'a whole number from 1 to 256' },
  'heal.per_host': { read: 'number', expects: '1 or 2: no origin is asked more at once' },
  'heal.timeout': { read: 'text', expects: 'a duration such as 30s' },
  'heal.allowed_private_addresses': { read: 'list', expects: 'networks such as 10.0.0.0/8' },
  'apply.max_delete': { read: 'number', orNone: true, expects: 'a whole number above zero, or none' },
  'apply.max_delete_bytes': { read: 'text', orNone: true, expects: 'a size such as 500MB or 50GB, or none' },
  'apply.max_duration': { read: 'text', orNone: true, expects: 'a duration such as 2h or 45m, or none' },
  'apply.requests_per_second': {
    read: 'number',
    orNone: true,
    expects: 'a whole number above zero, or none',
  },
  'prices.requests_per_thousand': { read: 'decimal', orNone: true, expects: 'US dollars such as 0.005' },
  'prices.gb_month': { read: 'decimal', orNone: true, expects: 'US dollars such as 0.023' },
} as const satisfies Record<string, OwnSettingTraits>

export const OWN_SETTING_PATHS = Object.keys(OWN_SETTINGS) as readonly OwnSettingPath[]

/** `scan.min_age` is overridden by `CORNAC_SCAN_MIN_AGE`. */
function variableOf(path: OwnSettingPath): string {
  return `CORNAC_${path.replaceAll('.', '_').toUpperCase()}`
}

/** Every variable that overrides it; the first that is set counts. */
export function variablesOf(path: OwnSettingPath): readonly string[] {
  const { shortVariable }: OwnSettingTraits = OWN_SETTINGS[path]
  return shortVariable === undefined ? [variableOf(path)] : [variableOf(path), shortVariable]
}

/** The JSON Schema that editors complete and check cornac.yaml with. */
export function ownSettingsJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(OwnSettings, { io: 'input', target: 'draft-2020-12' }),
    title: 'cornac.yaml',
    description: 'Settings of Cornac. Everything about Mastodon itself is read from Mastodon’s own settings.',
  }
}

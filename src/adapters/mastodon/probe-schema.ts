/** What the database is: which Mastodon, which columns. Columns decide; versions are named for people. */
import type { Pool } from 'pg'
import { KnownError } from '../../core/errors.ts'
import type { MastodonVersion, SchemaFacts } from '../../core/model/schema.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask } from '../postgres/ask.ts'

/** Columns every supported version has and this program reads (4.3 to 4.6 `db/schema.rb`). */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  accounts: [
    ...[
      'id',
      'username',
      'domain',
      'uri',
      'private_key',
      'suspended_at',
      'updated_at',
      'last_webfingered_at',
      'attribution_domains',
    ],
    ...['avatar', 'header'].flatMap((p) =>
      ['file_name', 'content_type', 'file_size', 'updated_at', 'remote_url', 'storage_schema_version'].map(
        (column) => `${p}_${column}`,
      ),
    ),
  ],
  media_attachments: [
    ...['id', 'account_id', 'status_id', 'remote_url', 'thumbnail_remote_url', 'file_storage_schema_version'],
    ...['type', 'processing', 'file_meta', 'blurhash', 'created_at', 'updated_at'],
    ...['file', 'thumbnail'].flatMap((p) =>
      ['file_name', 'content_type', 'file_size', 'updated_at'].map((column) => `${p}_${column}`),
    ),
  ],
  custom_emojis: [
    ...['id', 'shortcode', 'domain', 'updated_at', 'image_remote_url', 'image_storage_schema_version'],
    ...['image_file_name', 'image_content_type', 'image_file_size', 'image_updated_at'],
  ],
  preview_cards: [
    ...['id', 'image_file_name', 'image_content_type', 'image_file_size', 'image_updated_at'],
    ...['image_storage_schema_version', 'url', 'blurhash', 'type', 'created_at', 'updated_at'],
  ],
  site_uploads: ['id', 'file_file_name', 'file_content_type', 'file_file_size', 'file_updated_at'],
  backups: ['id', 'dump_file_name', 'dump_content_type', 'dump_file_size', 'dump_updated_at'],
  preview_cards_statuses: ['preview_card_id', 'status_id'],
  statuses: [
    ...['id', 'account_id', 'reblog_of_id', 'in_reply_to_id', 'in_reply_to_account_id'],
    ...['local', 'uri', 'deleted_at'],
  ],
  follows: ['account_id', 'target_account_id'],
  follow_requests: ['id', 'account_id', 'target_account_id'],
  account_stats: ['account_id', 'last_status_at'],
  notifications: ['account_id', 'from_account_id'],
  mentions: ['account_id', 'status_id'],
  favourites: ['account_id', 'status_id'],
  bookmarks: ['account_id', 'status_id'],
  domain_blocks: ['domain', 'severity', 'reject_media'],
  domain_allows: ['domain'],
}

/** Columns that tell versions apart. */
const TELLING: readonly (readonly [string, string])[] = [
  ['media_attachments', 'thumbnail_storage_schema_version'],
  ['quotes', 'quoted_account_id'],
  ['conversations', 'parent_status_id'],
  ['keypairs', 'public_key'],
  ['accounts', 'requested_deletion_at'],
  ['settings', 'thing_type'],
]

/**
 * Probes the current database.
 * @throws KnownError if this is no Mastodon database, or lacks columns that reading needs
 */
export async function probeSchema(pool: Pool, options?: CallOptions): Promise<SchemaFacts> {
  const tables = [
    ...new Set([...Object.keys(NEEDED), ...TELLING.map(([table]) => table), 'schema_migrations']),
  ]
  const rows = await ask(
    pool,
    `SELECT c.relname, a.attname
       FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relname = ANY($1) AND c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid)`,
    [tables],
    options,
  )
  const columns = new Set(rows.map(([table, column]) => `${String(table)}.${String(column)}`))
  if (!columns.has('accounts.id') || !columns.has('schema_migrations.version')) throw notMastodon()
  const missing = Object.entries(NEEDED).flatMap(([table, names]) =>
    names.map((name) => `${table}.${name}`).filter((name) => !columns.has(name)),
  )
  const schemaVersion = await readSchemaVersion(pool, options)
  if (missing.length > 0) throw unknownColumns(missing, schemaVersion)
  const has = (table: string, column: string): boolean => columns.has(`${table}.${column}`)
  const version = versionOf(has)
  return {
    version,
    schemaVersion,
    has: {
      thumbnailStorageVersion: has('media_attachments', 'thumbnail_storage_schema_version'),
      quotes: has('quotes', 'quoted_account_id'),
      keypairs: has('keypairs', 'public_key'),
      settingsThing: has('settings', 'thing_type'),
    },
    readOnlyBecause:
      version === null
        ? `this Mastodon is newer than 4.6 (schema ${schemaVersion}), which this version of Cornac has not learned to write to`
        : null,
  }
}

function versionOf(has: (table: string, column: string) => boolean): MastodonVersion | null {
  if (has('accounts', 'requested_deletion_at')) return null
  if (has('media_attachments', 'thumbnail_storage_schema_version')) return '4.6'
  if (has('conversations', 'parent_status_id')) return '4.5'
  return has('quotes', 'quoted_account_id') ? '4.4' : '4.3'
}

async function readSchemaVersion(pool: Pool, options: CallOptions | undefined): Promise<string> {
  const [row] = await ask(pool, 'SELECT max(version) FROM schema_migrations', [], options)
  if (typeof row?.[0] !== 'string') throw notMastodon()
  return row[0]
}

function notMastodon(): KnownError {
  return new KnownError({
    code: 'not-mastodon',
    what: 'the database holds no Mastodon: it has no tables accounts and schema_migrations with entries',
    remedy: 'Check DB_NAME (or DATABASE_URL) in Mastodon’s .env.production',
    category: 'usage',
  })
}

function unknownColumns(missing: readonly string[], schemaVersion: string): KnownError {
  const shown = missing.slice(0, 3).join(', ')
  const more = missing.length > 3 ? ` and ${missing.length - 3} more` : ''
  return new KnownError({
    code: 'unknown-mastodon',
    what: `the database (schema ${schemaVersion}) is of no Mastodon this version of Cornac knows: it lacks ${shown}${more}`,
    remedy:
      'Cornac knows Mastodon 4.3 to 4.6; finish pending migrations or update Mastodon, or look for a newer Cornac',
    category: 'usage',
  })
}

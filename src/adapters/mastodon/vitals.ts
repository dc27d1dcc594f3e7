/** What `doctor` reads from the database: clock, rights, retention settings, how far back cached media goes. */
import type { Pool } from 'pg'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { RetentionSettings, VitalsSource } from '../../core/ports/vitals.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask } from '../postgres/ask.ts'
import { recordsById } from './queries/select-records.ts'
import { toRecord } from './records.ts'
import { ALL_HEAL_KINDS, healColumns, readWriteRights } from './write-rights.ts'

export function openVitals(pool: Pool, schema: SchemaFacts): VitalsSource {
  return {
    async vitals(options) {
      const [row] = await ask(
        pool,
        'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8',
        [],
        options,
      )
      const { standby, readOnlySession, lacking } = await readWriteRights(
        pool,
        healColumns(schema, ALL_HEAL_KINDS),
        options,
      )
      return {
        nowMs: row?.[0] as number,
        standby,
        mayWrite: lacking.size === 0 && !readOnlySession,
        retention: await readRetention(pool, schema, options),
        oldestCachedMs: await oldestCached(pool, options),
      }
    },
    async sampleNamed(count, options) {
      const rows = await ask(
        pool,
        `SELECT id FROM accounts WHERE domain IS NOT NULL AND avatar_file_name <> '' AND suspended_at IS NULL
          ORDER BY id DESC LIMIT $1`,
        [count],
        options,
      )
      const ids = rows.map(([id]) => String(id))
      return (await ask(pool, recordsById('avatar', schema), [ids], options)).map((found) =>
        toRecord('avatar', found),
      )
    },
  }
}

/** As the vacuum sees it (docs/mastodon.md#vacuum), by both times; a sequential read, so it is bounded in time. */
async function oldestCached(pool: Pool, options: CallOptions | undefined): Promise<number | null> {
  const [row] = await ask(
    pool,
    `SELECT (extract(epoch FROM min(greatest(created_at, updated_at))) * 1000)::float8
       FROM media_attachments WHERE remote_url <> '' AND file_file_name IS NOT NULL`,
    [],
    options,
  )
  return (row?.[0] as number | null | undefined) ?? null
}

const RETENTION_NAMES = [
  'media_cache_retention_period',
  'content_cache_retention_period',
  'backups_retention_period',
] as const

/** `settings.value` is YAML; only whole numbers above zero count, and a quoted "7" is not one (docs/mastodon.md#retention). */
async function readRetention(
  pool: Pool,
  schema: SchemaFacts,
  options: CallOptions | undefined,
): Promise<RetentionSettings> {
  const { parse } = await import('yaml')
  const rows = await ask(
    pool,
    `SELECT var, value FROM settings WHERE var = ANY($1) ${schema.has.settingsThing ? 'AND thing_type IS NULL AND thing_id IS NULL' : ''}`,
    [RETENTION_NAMES],
    options,
  )
  const ignored: string[] = []
  const days = (name: string, whenAbsent: number | null): number | null => {
    const row = rows.find(([variable]) => variable === name)
    if (row === undefined) return whenAbsent
    const value = safely(() => parse((row[1] as string | null) ?? '') as unknown)
    if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value
    if (value !== null && value !== '' && value !== 0) ignored.push(name)
    return null
  }
  return {
    mediaDays: days(RETENTION_NAMES[0], null),
    contentDays: days(RETENTION_NAMES[1], null),
    backupDays: days(RETENTION_NAMES[2], 7),
    ignored,
  }
}

/** Undefined for text that is no YAML: written by somebody, and of no use to Mastodon. */
function safely(read: () => unknown): unknown {
  try {
    return read()
  } catch {
    return undefined
  }
}

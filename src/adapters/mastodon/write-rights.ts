/** May heal change rows here? Asked of the database itself, which changes nothing. */
import type { Pool } from 'pg'
import { KnownError } from '../../core/errors.ts'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask } from '../postgres/ask.ts'

/** Columns of `accounts` that naming a new file sets. */
const SET_BY_HEAL = [
  ...['avatar', 'header'].flatMap((which) =>
    ['file_name', 'content_type', 'file_size', 'updated_at', 'storage_schema_version'].map(
      (column) => `${which}_${column}`,
    ),
  ),
  'updated_at',
]

export interface WriteRights {
  readonly user: string
  readonly standby: boolean
  /** The user's transactions may only read (`default_transaction_read_only`). */
  readonly readOnlySession: boolean
  /** Columns of accounts the user may not change. */
  readonly lacking: readonly string[]
}

export async function readWriteRights(pool: Pool, options?: CallOptions): Promise<WriteRights> {
  const [row] = await ask(
    pool,
    `SELECT current_user::text, pg_is_in_recovery(), current_setting('transaction_read_only') = 'on',
        array(SELECT name FROM unnest($1::text[]) AS name WHERE NOT has_column_privilege('accounts', name, 'UPDATE'))`,
    [SET_BY_HEAL],
    options,
  )
  const [user, standby, readOnlySession, lacking] = row as [string, boolean, boolean, string[]]
  return { user, standby, readOnlySession, lacking }
}

/** @throws KnownError with the reason why no row can be changed here */
export async function refuseIfReadOnly(
  pool: Pool,
  schema: SchemaFacts,
  options?: CallOptions,
): Promise<void> {
  if (schema.readOnlyBecause !== null) throw readOnlyInstance(schema.readOnlyBecause)
  const { user, standby, readOnlySession, lacking } = await readWriteRights(pool, options)
  if (standby)
    throw refusal(
      'database-read-only',
      'this database is a standby, in which nothing can be written',
      'Point DB_HOST at the primary database',
    )
  if (lacking.length > 0)
    throw refusal(
      'database-permission',
      `the database user ${user} may not change ${lacking.length === SET_BY_HEAL.length ? 'the table accounts' : `accounts.${lacking.join(', accounts.')}`}`,
      'Use the database user Mastodon itself uses (DB_USER)',
    )
  if (readOnlySession)
    throw refusal(
      'database-read-only',
      `everything the database user ${user} does is read-only (default_transaction_read_only)`,
      'Use the database user Mastodon itself uses (DB_USER)',
    )
}

export function readOnlyInstance(because: string): KnownError {
  return refusal('read-only-instance', because, 'Look for a newer Cornac')
}

function refusal(code: string, because: string, remedy: string): KnownError {
  return new KnownError({
    code,
    what: `nothing was healed: ${because}`,
    remedy: `${remedy}; scan, usage and doctor work as it is`,
  })
}

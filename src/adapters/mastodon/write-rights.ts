/** May heal change rows here? Asked of the database itself, which changes nothing. */
import type { Pool } from 'pg'
import { KnownError } from '../../core/errors.ts'
import type { HealKind } from '../../core/model/heal-target.ts'
import { KINDS, type Kind } from '../../core/model/media.ts'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask } from '../postgres/ask.ts'
import { columnsSet } from './queries/change-file.ts'

/** The kinds of files each word of `--kinds` stands for. */
const FILES_OF: Readonly<Record<HealKind, readonly Kind[]>> = {
  avatar: ['avatar'],
  header: ['header'],
  attachment: ['attachment', 'thumbnail'],
  emoji: ['emoji'],
  card: ['card'],
}

export const ALL_HEAL_KINDS = Object.keys(FILES_OF) as readonly HealKind[]

export interface WriteRights {
  readonly user: string
  readonly standby: boolean
  /** The user's transactions may only read (`default_transaction_read_only`). */
  readonly readOnlySession: boolean
  /** Columns the user may not change, by table; tables of which it may change all that heal sets are absent. */
  readonly lacking: ReadonlyMap<string, { readonly columns: readonly string[]; readonly all: boolean }>
}

export async function readWriteRights(
  pool: Pool,
  schema: SchemaFacts,
  kinds: readonly HealKind[],
  options?: CallOptions,
): Promise<WriteRights> {
  const needed = columnsNeeded(schema, kinds)
  const tables = [...needed].flatMap(([table, columns]) => columns.map(() => table))
  const [row] = await ask(
    pool,
    `SELECT current_user::text, pg_is_in_recovery(), current_setting('transaction_read_only') = 'on',
        array(SELECT tab || '.' || col FROM unnest($1::text[], $2::text[]) AS needed(tab, col)
          WHERE NOT has_column_privilege(tab, col, 'UPDATE'))`,
    [tables, [...needed.values()].flat()],
    options,
  )
  const [user, standby, readOnlySession, refused] = row as [string, boolean, boolean, string[]]
  const lacking = new Map(
    [...needed].flatMap(([table, wanted]) => {
      const columns = wanted.filter((column) => refused.includes(`${table}.${column}`))
      return columns.length === 0 ? [] : [[table, { columns, all: columns.length === wanted.length }]]
    }),
  )
  return { user, standby, readOnlySession, lacking }
}

/** By table, each column once. */
function columnsNeeded(schema: SchemaFacts, kinds: readonly HealKind[]): Map<string, readonly string[]> {
  const needed = new Map<string, readonly string[]>()
  for (const kind of kinds.flatMap((word) => FILES_OF[word])) {
    const { table } = KINDS[kind]
    needed.set(table, [...new Set([...(needed.get(table) ?? []), ...columnsSet(kind, schema)])])
  }
  return needed
}

/** @throws KnownError with the reason why rows of these kinds cannot be changed here */
export async function refuseIfReadOnly(
  pool: Pool,
  schema: SchemaFacts,
  kinds: readonly HealKind[],
  options?: CallOptions,
): Promise<void> {
  if (schema.readOnlyBecause !== null) throw readOnlyInstance(schema.readOnlyBecause)
  const { user, standby, readOnlySession, lacking } = await readWriteRights(pool, schema, kinds, options)
  if (standby)
    throw refusal(
      'database-read-only',
      'this database is a standby, in which nothing can be written',
      'Point DB_HOST at the primary database',
    )
  if (lacking.size > 0) {
    const parts = [...lacking].map(([table, { columns, all }]) =>
      all ? `the table ${table}` : columns.map((column) => `${table}.${column}`).join(', '),
    )
    throw refusal(
      'database-permission',
      `the database user ${user} may not change ${parts.join(', ')}`,
      'Use the database user Mastodon itself uses (DB_USER)',
    )
  }
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

/** May rows be changed here? Asked of the database itself, which changes nothing. */
import type { Pool } from 'pg'
import { KnownError } from '../../core/errors.ts'
import type { HealKind } from '../../core/model/heal-target.ts'
import { KINDS, type Kind } from '../../core/model/media.ts'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask } from '../postgres/ask.ts'
import type { PruneKind } from '../../core/model/prune-policy.ts'
import { columnsSet } from './queries/change-file.ts'
import { filesOf } from './queries/prunable-rows.ts'
import { FILE_COLUMNS } from './queries/seen-rows.ts'

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
  /** Columns the user may not change, by table; tables of which it may change all that is needed are absent. */
  readonly lacking: ReadonlyMap<string, { readonly columns: readonly string[]; readonly all: boolean }>
}

/** Columns to be changed, by table, each once. */
export type NeededColumns = ReadonlyMap<string, readonly string[]>

export async function readWriteRights(
  pool: Pool,
  needed: NeededColumns,
  options?: CallOptions,
): Promise<WriteRights> {
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

/** What a heal of these kinds sets. */
export function healColumns(schema: SchemaFacts, kinds: readonly HealKind[]): NeededColumns {
  return byTable(
    kinds.flatMap((word) => FILES_OF[word]),
    (kind) => columnsSet(kind, schema),
  )
}

/** What letting go of these kinds sets, and taking that back. */
export function pruneColumns(kinds: readonly PruneKind[]): NeededColumns {
  return byTable(
    kinds.flatMap((kind) => filesOf([kind])),
    (kind) => [...FILE_COLUMNS.map((column) => `${KINDS[kind].columns}_${column}`), 'updated_at'],
  )
}

function byTable(kinds: readonly Kind[], columnsOf: (kind: Kind) => readonly string[]): NeededColumns {
  const needed = new Map<string, readonly string[]>()
  for (const kind of kinds) {
    const { table } = KINDS[kind]
    needed.set(table, [...new Set([...(needed.get(table) ?? []), ...columnsOf(kind)])])
  }
  return needed
}

/** What would have been done to the rows. */
type Work = 'healed' | 'pruned'

/** @throws KnownError with the reason why these columns cannot be changed here */
export async function refuseLackingRights(
  pool: Pool,
  schema: SchemaFacts,
  needed: NeededColumns,
  work: Work,
  options?: CallOptions,
): Promise<void> {
  const refusal = (code: string, because: string, remedy: string): KnownError =>
    refused(work, code, because, remedy)
  if (schema.readOnlyBecause !== null) throw readOnlyInstance(schema.readOnlyBecause, work)
  const { user, standby, readOnlySession, lacking } = await readWriteRights(pool, needed, options)
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

export function readOnlyInstance(because: string, work: Work): KnownError {
  return refused(work, 'read-only-instance', because, 'Look for a newer Cornac')
}

function refused(work: Work, code: string, because: string, remedy: string): KnownError {
  return new KnownError({
    code,
    what: `nothing was ${work}: ${because}`,
    remedy: `${remedy}; scan, usage and doctor work as it is`,
  })
}

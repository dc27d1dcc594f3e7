/** Our own tables, brought to the form this program knows: numbered SQL files, each applied once. */
import { readdir, readFile } from 'node:fs/promises'
import type { Pool } from 'pg'
import { KnownError } from '../../core/errors.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask } from '../postgres/ask.ts'
import { transaction } from '../postgres/transaction.ts'

const FOLDER = new URL('migrations/', import.meta.url)

/** Any number that nobody else locks by: the bytes of "cornac". */
const LOCK = 0x636f726e6163

/** File names in order: `0001.sql`. */
async function migrations(): Promise<readonly { number: number; name: string }[]> {
  const names = (await readdir(FOLDER)).filter((name) => /^\d{4}.*\.sql$/.test(name)).sort()
  return names.map((name) => ({ number: Number(name.slice(0, 4)), name }))
}

/** The newest applied and the newest known; 0 if the schema does not exist. */
export async function schemaVersion(
  pool: Pool,
  options?: CallOptions,
): Promise<{ applied: number; known: number }> {
  const known = (await migrations()).at(-1)?.number ?? 0
  const [there] = await ask(pool, `SELECT to_regclass('cornac.migrations') IS NOT NULL`, [], options)
  if (there?.[0] !== true) return { applied: 0, known }
  const [row] = await ask(pool, 'SELECT max(number)::int FROM cornac.migrations', [], options)
  return { applied: Number(row?.[0] ?? 0), known }
}

/**
 * Applies what is missing, all of it or nothing; says which files.
 * @throws KnownError if the user may not, or a newer program has been here
 */
export async function migrate(pool: Pool, options?: CallOptions): Promise<readonly string[]> {
  const { applied, known } = await schemaVersion(pool, options)
  if (applied > known) throw tooNew(applied, known)
  if (applied === known) return []
  const files = await migrations()
  try {
    return await transaction(pool, async (client) => {
      // Two at once: the second waits here, and then finds everything done.
      await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK])
      // Asked first: making what exists already needs the right to make it all the same.
      const { rows } = await client.query<{ there: boolean }>(
        `SELECT to_regnamespace('cornac') IS NOT NULL AS there`,
      )
      if (rows[0]?.there !== true) await client.query('CREATE SCHEMA cornac')
      await client.query(
        `CREATE TABLE IF NOT EXISTS cornac.migrations
          (number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
      )
      const done = await client.query<{ number: number }>('SELECT number FROM cornac.migrations')
      const names: string[] = []
      for (const { number, name } of files) {
        if (done.rows.some((row) => row.number === number)) continue
        await client.query(await readFile(new URL(name, FOLDER), 'utf8'))
        await client.query('INSERT INTO cornac.migrations (number, name) VALUES ($1, $2)', [number, name])
        names.push(name)
      }
      return names
    })
  } catch (error) {
    if ((error as { code?: string }).code === '42501') throw await mayNot(pool, error)
    throw error
  }
}

async function mayNot(pool: Pool, cause: unknown): Promise<KnownError> {
  const [row] = await ask(pool, 'SELECT current_user::text, current_database()::text', [], undefined)
  const [user, database] = row as [string, string]
  return new KnownError({
    code: 'state-permission',
    what: `the database user ${user} may not make the schema cornac, in which Cornac remembers what it does`,
    remedy: `Run this once as the owner of the database: GRANT CREATE ON DATABASE "${database}" TO "${user}"`,
    category: 'usage',
    cause,
  })
}

function tooNew(applied: number, known: number): KnownError {
  return new KnownError({
    code: 'state-too-new',
    what: `the schema cornac was made by a newer Cornac (its step ${applied}; this one knows ${known})`,
    remedy: 'Update Cornac',
    category: 'usage',
  })
}

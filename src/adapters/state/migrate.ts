/** Our own tables, brought to the form this program knows: numbered SQL files, each applied once. */
import { readdir, readFile } from 'node:fs/promises'
import type { Pool, PoolClient } from 'pg'
import { KnownError } from '../../core/errors.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask } from '../postgres/ask.ts'
import { transaction } from '../postgres/transaction.ts'
import { askState, mayNotMake, sqlState } from './explain-state.ts'

const FOLDER = new URL('migrations/', import.meta.url)

/** Any number that nobody else locks by: the bytes of "cornac". */
const LOCK = 0x636f726e6163

interface Migration {
  readonly number: number
  /** Its file: `0001.sql`. */
  readonly name: string
}

/** All of them, in order. */
async function readMigrations(): Promise<readonly Migration[]> {
  const names = (await readdir(FOLDER)).filter((name) => /^\d{4}.*\.sql$/.test(name)).sort()
  return names.map((name) => ({ number: Number(name.slice(0, 4)), name }))
}

/** The newest applied and the newest known; 0 if the schema does not exist. */
export async function schemaVersion(
  pool: Pool,
  options?: CallOptions,
): Promise<{ applied: number; known: number }> {
  const known = (await readMigrations()).at(-1)?.number ?? 0
  const [there] = await askState(pool, `SELECT to_regclass('cornac.migrations') IS NOT NULL`, [], options)
  if (there?.[0] !== true) return { applied: 0, known }
  const [row] = await askState(pool, 'SELECT max(number) FROM cornac.migrations', [], options)
  return { applied: Number(row?.[0] ?? 0), known }
}

/**
 * Applies what is missing, each in one transaction; says which files. Two at once: one applies, the other finds it done.
 * @throws KnownError if the user may not, or a newer program has been here
 */
export async function migrate(pool: Pool, options?: CallOptions): Promise<readonly string[]> {
  const { applied, known } = await schemaVersion(pool, options)
  if (applied > known) throw tooNew(applied, known)
  const names: string[] = []
  if (applied === known) return names
  for (const migration of await readMigrations()) {
    options?.signal?.throwIfAborted()
    if (migration.number > applied && (await applyOne(pool, migration))) names.push(migration.name)
  }
  return names
}

/** False if another process was faster. */
async function applyOne(pool: Pool, { number, name }: Migration): Promise<boolean> {
  const statements = await readFile(new URL(name, FOLDER), 'utf8')
  try {
    return await transaction(pool, async (client) => {
      await ask(client, 'SELECT pg_advisory_xact_lock($1)', [LOCK], undefined)
      await makeSchema(client)
      const done = await ask(client, 'SELECT 1 FROM cornac.migrations WHERE number = $1', [number], undefined)
      if (done.length > 0) return false
      await client.query(statements)
      await ask(
        client,
        'INSERT INTO cornac.migrations (number, name) VALUES ($1, $2)',
        [number, name],
        undefined,
      )
      return true
    })
  } catch (error) {
    throw sqlState(error) === '42501' ? await mayNotMake(pool, error) : error
  }
}

/**
 * Asks first: making what is there already needs the right to make it all the same. The catalogue's tables are asked, not
 * `to_regnamespace`: that answers from what this connection remembers, which may be older than the wait for the lock.
 */
async function makeSchema(client: PoolClient): Promise<void> {
  const [row] = await ask(
    client,
    `SELECT NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'cornac'),
        NOT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = 'cornac' AND c.relname = 'migrations')`,
    [],
    undefined,
  )
  if (row?.[0] === true) await client.query('CREATE SCHEMA cornac')
  if (row?.[1] === true)
    await client.query(
      `CREATE TABLE cornac.migrations
        (number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
    )
}

function tooNew(applied: number, known: number): KnownError {
  return new KnownError({
    code: 'state-too-new',
    what: `the schema cornac was made by a newer Cornac (its migration ${applied}; this one knows ${known})`,
    remedy: 'Update Cornac here as well',
    category: 'usage',
  })
}

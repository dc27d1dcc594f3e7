/** What the database answers about our own tables, as sentences that say what to run. */
import type { Pool } from 'pg'
import { KnownError } from '../../core/errors.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask, change, type Row } from '../postgres/ask.ts'

/** As `ask`, for our own tables. */
export async function askState(
  pool: Pool,
  text: string,
  values: readonly unknown[],
  options?: CallOptions,
): Promise<readonly Row[]> {
  return ask(pool, text, values, options).catch(async (error: unknown) => {
    throw await explainState(pool, error)
  })
}

/** As `change`, for our own tables. */
export async function changeState(
  pool: Pool,
  text: string,
  values: readonly unknown[],
  options?: CallOptions,
): Promise<number> {
  return change(pool, text, values, options).catch(async (error: unknown) => {
    throw await explainState(pool, error)
  })
}

/** What is said instead of the database's refusal; other errors stay as they are. */
export async function explainState(pool: Pool, error: unknown): Promise<unknown> {
  if (sqlState(error) === '42501') return mayNotUse(pool, error)
  // Undefined table, undefined schema
  if (/^(?:42P01|3F000)$/.test(sqlState(error)))
    return new KnownError({
      code: 'state-absent',
      what: 'Cornac’s own tables (the schema cornac) are not there',
      remedy: 'Run cornac setup, which makes them',
      category: 'usage',
      cause: error,
    })
  // Undefined column
  if (sqlState(error) === '42703')
    return new KnownError({
      code: 'state-too-old',
      what: 'Cornac’s own tables (the schema cornac) were made by an earlier Cornac',
      remedy: 'Run cornac setup, which brings them up to date',
      category: 'usage',
      cause: error,
    })
  return error
}

/** The database's own code for what went wrong, also of an error that was explained before; '' if there is none. */
export function sqlState(error: unknown): string {
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  if (error instanceof KnownError && cause !== undefined) return sqlState(cause)
  return typeof code === 'string' ? code : ''
}

/** The tables are there, and somebody else's. */
async function mayNotUse(pool: Pool, cause: unknown): Promise<KnownError> {
  const { user, owner } = await whoIsWho(pool)
  const grants = [
    `GRANT USAGE ON SCHEMA cornac TO ${user}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA cornac TO ${user}`,
    `GRANT USAGE ON ALL SEQUENCES IN SCHEMA cornac TO ${user}`,
  ]
  return new KnownError({
    code: 'state-permission',
    what: `the database user ${user} may not use Cornac’s own tables, which belong to ${owner ?? 'nobody'}`,
    remedy: `Run as ${owner ?? 'the owner of the database'}: ${grants.join('; ')} (for verbs that only read, USAGE on the schema and SELECT are enough)`,
    category: 'usage',
    cause,
  })
}

/** The schema cannot be made, or not be brought up to date. */
export async function mayNotMake(pool: Pool, cause: unknown): Promise<KnownError> {
  const { user, database, databaseOwner, owner } = await whoIsWho(pool)
  return new KnownError({
    code: 'state-permission',
    what:
      owner === null
        ? `the database user ${user} may not make the schema cornac, in which Cornac remembers what it does`
        : `the database user ${user} may not bring the schema cornac up to date, which belongs to ${owner}`,
    remedy:
      owner === null
        ? `Run as ${databaseOwner}, the owner of the database: GRANT CREATE ON DATABASE ${database} TO ${user}; or name a database where Cornac may, in CORNAC_STATE_DATABASE_URL`
        : `Run cornac setup as ${owner}: CORNAC_STATE_DATABASE_URL=postgresql://${owner}:…@…/${database} cornac setup`,
    category: 'usage',
    cause,
  })
}

interface WhoIsWho {
  readonly user: string
  readonly database: string
  readonly databaseOwner: string
  /** Of the schema; null if there is none. */
  readonly owner: string | null
}

/** Names as SQL writes them. */
async function whoIsWho(pool: Pool): Promise<WhoIsWho> {
  const [row = []] = await ask(
    pool,
    `SELECT quote_ident(current_user), quote_ident(current_database()),
        quote_ident(pg_get_userbyid((SELECT datdba FROM pg_database WHERE datname = current_database()))),
        (SELECT quote_ident(pg_get_userbyid(nspowner)) FROM pg_namespace WHERE nspname = 'cornac')`,
    [],
    undefined,
  )
  const [user, database, databaseOwner, owner] = row as [string, string, string, string | null]
  return { user, database, databaseOwner, owner }
}

/** One statement, one answer: runs SQL on the pool, abortable, and explains the database's refusals. */
import type { Pool, PoolClient } from 'pg'
import { KnownError } from '../../core/errors.ts'
import type { CallOptions } from '../../core/ports/storage.ts'

export type Row = readonly unknown[]

/** A pool, or the one connection of a transaction. */
export type Queryable = Pool | PoolClient

/** Runs one statement, on a pool outside any transaction, and returns its rows as arrays. */
export async function ask(
  pool: Queryable,
  text: string,
  values: readonly unknown[],
  options: CallOptions | undefined,
): Promise<readonly Row[]> {
  options?.signal?.throwIfAborted()
  try {
    const result = await pool.query<unknown[]>({ text, values: [...values], rowMode: 'array' })
    options?.signal?.throwIfAborted()
    return result.rows
  } catch (error) {
    if (options?.signal?.aborted === true) throw options.signal.reason
    throw explainQuery(error)
  }
}

/** The number of rows a writing statement changed. */
export async function change(
  pool: Queryable,
  text: string,
  values: readonly unknown[],
  options: CallOptions | undefined,
): Promise<number> {
  options?.signal?.throwIfAborted()
  try {
    const result = await pool.query({ text, values: [...values] })
    return result.rowCount ?? 0
  } catch (error) {
    throw explainQuery(error)
  }
}

/** The sentence for what a statement ended with; what nobody foresaw stays as it is. */
export function explainQuery(error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string }
  if (code === '42501')
    return new KnownError({
      code: 'database-permission',
      what: `the database user lacks a right: ${message}`,
      remedy:
        'Grant it, or use the user Mastodon itself uses (DB_USER); reading verbs need SELECT on Mastodon’s tables',
      cause: error,
    })
  if (code === '25006')
    return new KnownError({
      code: 'database-read-only',
      what: 'the database only allows reading (a replica, or a read-only user)',
      remedy: 'Point DB_HOST at the primary database to heal; scan, usage and doctor work on a replica',
      cause: error,
    })
  if (typeof code === 'string' && /^(08|57P)|^E[A-Z]+$/.test(code))
    return new KnownError({
      code: 'database-lost',
      what: `the connection to PostgreSQL broke: ${message}`,
      remedy: 'Check the database server and run the command again; a scan goes on with --resume',
      cause: error,
    })
  if (
    typeof message === 'string' &&
    /Connection terminated|timeout exceeded when trying to connect|not queryable|Query read timeout/.test(
      message,
    )
  )
    return new KnownError({
      code: 'database-lost',
      what: `the connection to PostgreSQL broke: ${message}`,
      remedy: 'Check the database server and run the command again; a scan goes on with --resume',
      cause: error,
    })
  return error
}

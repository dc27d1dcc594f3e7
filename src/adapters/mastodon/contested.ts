/** Transactions that change rows which Mastodon works with at the same moment. */
import type { Pool, PoolClient } from 'pg'
import { KnownError } from '../../core/errors.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { transaction } from '../postgres/transaction.ts'

const TRIES = 4
/** For a lease being taken over, or a table being migrated; rows are never waited for. */
const LOCK_WAIT_MS = 5_000

/**
 * Whatever the role's own settings say: each statement sees what was committed before it, nothing waits long, nothing is
 * compiled just in time (ask-page.ts), and where the server answers before it has written, this commit waits for the disk.
 */
const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL jit = off; SET LOCAL lock_timeout = ${LOCK_WAIT_MS};
  SELECT CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'local', true) END`

/** What passes by itself: serialization failure, deadlock, lock not available. */
const PASSING = ['40001', '40P01', '55P03']

/**
 * Commits what `work` did and gives its answer, or does none of it. Tried again where others were in the way: `work` may be
 * called several times, each in a transaction of its own.
 * @throws KnownError `database-contested` if others stay in the way
 */
export async function contested<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  options: CallOptions | undefined,
): Promise<T> {
  for (let tried = 1; ; tried++) {
    options?.signal?.throwIfAborted()
    try {
      return await transaction(pool, work, BEGIN)
    } catch (error) {
      const { code, message } = error as { code?: string; message?: string }
      if (code === undefined || !PASSING.includes(code)) throw error
      if (tried === TRIES)
        throw new KnownError({
          code: 'database-contested',
          what: `somebody else was in the way of every one of ${TRIES} tries to change rows: ${message ?? code}`,
          remedy:
            'Look for a migration or a long transaction in pg_stat_activity, and run the command again: it goes on where it stopped',
          cause: error,
        })
    }
  }
}

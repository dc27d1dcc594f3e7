/** Batches that nobody will want to undo any more. */
import type { Pool } from 'pg'
import type { CallOptions } from '../../core/ports/storage.ts'
import { askState } from './explain-state.ts'

/**
 * Run by run. Open batches stay: they are work to be ended, and of runs at work nothing is touched. A run that was forgotten
 * and went on is forgotten again.
 */
export async function forgetBatches(
  pool: Pool,
  instance: string,
  endedBeforeMs: number,
  options: CallOptions | undefined,
): Promise<number> {
  const over = `instance = $1 AND state NOT IN ('running', 'undoing') AND ended_at < to_timestamp($2::float8 / 1000)
    AND (NOT forgotten OR EXISTS (SELECT 1 FROM cornac.run_batches b WHERE b.run = r.id AND b.state <> 'open'))`
  const values = [instance, endedBeforeMs]
  const runs = await askState(pool, `SELECT id FROM cornac.runs r WHERE ${over} ORDER BY id`, values, options)
  let forgotten = 0
  for (const [id] of runs) {
    const done = await askState(
      pool,
      `WITH over AS (UPDATE cornac.runs r SET forgotten = true WHERE id = $3 AND ${over} RETURNING id),
       gone AS (DELETE FROM cornac.run_batches b USING over WHERE b.run = over.id AND b.state <> 'open')
       SELECT 1 FROM over`,
      [...values, id],
      options,
    )
    forgotten += done.length
  }
  return forgotten
}

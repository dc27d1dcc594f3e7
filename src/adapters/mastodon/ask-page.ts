/** Asks about thousands of rows at once, each with many look-ups of its own. */
import type { Pool } from 'pg'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask, type Row } from '../postgres/ask.ts'
import { transaction } from '../postgres/transaction.ts'

/**
 * One statement in a transaction of its own, in which a time cast to text is `2026-01-31 23:59:59.000001`, trailing zeros left
 * out, whatever the role's own DateStyle is (`to_char` takes four times as long); and without just-in-time compilation: the
 * planner takes the sum of so many look-ups for reason enough to compile the statement, which takes longer than answering it,
 * and that for every page.
 */
export function askPage(
  pool: Pool,
  text: string,
  values: readonly unknown[],
  options: CallOptions | undefined,
): Promise<readonly Row[]> {
  options?.signal?.throwIfAborted()
  return transaction(
    pool,
    (client) => ask(client, text, values, options),
    `BEGIN; SET LOCAL jit = off; SET LOCAL datestyle = 'ISO'`,
  )
}

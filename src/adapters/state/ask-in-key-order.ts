/** One statement that goes along the index of a large table of ours, whatever the planner believes of it. */
import type { Pool } from 'pg'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask, type Row } from '../postgres/ask.ts'
import { transaction } from '../postgres/transaction.ts'
import { explainState } from './explain-state.ts'

/**
 * A page in key order should cost a page. Of a table that was filled a moment ago, or of values that came with this scan, the
 * planner knows nothing, takes them for few, and would sort all that is left for each page. What is switched off here is
 * switched off for this transaction only.
 */
const BEGIN_ALONG_THE_INDEX = `BEGIN; SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off`

export async function askInKeyOrder(
  pool: Pool,
  text: string,
  values: readonly unknown[],
  options: CallOptions | undefined,
): Promise<readonly Row[]> {
  return transaction(pool, (client) => ask(client, text, values, options), BEGIN_ALONG_THE_INDEX).catch(
    async (error: unknown) => {
      throw await explainState(pool, error)
    },
  )
}

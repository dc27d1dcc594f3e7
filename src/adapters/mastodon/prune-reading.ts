/** What every part of reading for a prune takes. */
import type { Pool } from 'pg'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask } from '../postgres/ask.ts'
import { AFTER_ALL_IDS, BEFORE_ALL_IDS } from './id-list.ts'

/** How much is asked for at once. Larger numbers gain no speed; what is held does not grow with the server. */
export interface PruneSizes {
  /** Rows one statement looks at. */
  readonly rows: number
  /**
   * Rows that go, told together at least (and at most so many and `rows` more): a batch of changes costs something by itself,
   * and what a death leaves half done of it is ended in seconds.
   */
  readonly together: number
  /** Accounts of a domain whose attachments are looked for at once. */
  readonly accounts: number
}

export const PRUNE_SIZES: PruneSizes = { rows: 1_750, together: 3_000, accounts: 500 }

export interface PruneReading {
  readonly pool: Pool
  readonly schema: SchemaFacts
  readonly sizes: PruneSizes
  readonly options: CallOptions | undefined
}

/** Ids above `from`, through `to`. */
export interface IdsBetween {
  readonly from: string
  readonly to: string
}

/** Where a walk begins (above `from`) and ends (through `last`), and what its statement takes from `$3` on. */
export interface Stretch {
  readonly from?: string
  readonly last?: string
  readonly more?: readonly unknown[]
}

/** The table above `from` in ranges of `sizes.rows` rows, ascending; `text` tells where each ends, `last` where the last does. */
export async function* rangesOf(
  { pool, sizes, options }: PruneReading,
  text: string,
  { from: start = BEFORE_ALL_IDS, last = AFTER_ALL_IDS, more = [] }: Stretch = {},
): AsyncGenerator<IdsBetween> {
  let from = start
  for (;;) {
    const [row] = await ask(pool, text, [from, sizes.rows - 1, ...more], options)
    if (row === undefined) break
    const to = row[0] as string
    yield { from, to }
    from = to
  }
  if (from !== last) yield { from, to: last }
}

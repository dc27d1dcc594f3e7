/** What every part of reading for heal takes. */
import type { Pool } from 'pg'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { CallOptions } from '../../core/ports/storage.ts'

/** How much is asked for at once. Larger numbers gain no speed; what is held does not grow with the server. */
export interface HealSizes {
  /** Targets in a page, at most; an account or attachment may give two. */
  readonly targets: number
  /** Ids read at once. */
  readonly ids: number
  /** Accounts something is asked about at once. */
  readonly accounts: number
  /** Local accounts asked about at once: the database holds their statuses while one statement runs. */
  readonly localAccounts: number
  /** Ids of attachments held; where there are more, the whole table is read once in order instead. */
  readonly attachmentsHeld: number
}

export const HEAL_SIZES: HealSizes = {
  targets: 1_000,
  ids: 10_000,
  accounts: 5_000,
  localAccounts: 200,
  attachmentsHeld: 250_000,
}

export interface HealReading {
  readonly pool: Pool
  readonly schema: SchemaFacts
  readonly sizes: HealSizes
  readonly options: CallOptions | undefined
}

/** The ids a few at a time, as decimal digits. */
export function* someIds(ids: BigInt64Array, count: number): Generator<string[]> {
  for (let from = 0; from < ids.length; from += count)
    yield Array.from(ids.subarray(from, from + count), String)
}

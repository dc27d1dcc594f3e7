/** What applying a plan takes: requests to the store, and money. Estimates, for a person who decides. */
import { variantsOf, type Kind } from '../model/media.ts'
import type { PlanCost } from '../model/plan.ts'
import type { Tally } from '../model/tally.ts'

/** How the store is asked. */
export interface StoreHabits {
  /** Keys of one request that removes. */
  readonly removeBatch: number
  /** Keys of one listing request; null where nothing costs a request (file systems). */
  readonly listPage: number | null
  /** Many keys go in one request; null if that is not known. */
  readonly bulkRemoval: boolean | null
}

/** US dollars. Removing costs nothing at any store that has a price for the rest. */
export interface StorePrices {
  /** For a thousand requests that list, copy or put. */
  readonly requestsPerThousand: number
  /** For 2^30 bytes kept for a month. */
  readonly gbMonth: number
}

export interface Work {
  /** Keys that listings of the apply go over. */
  readonly listed: number
  /** Objects that get another key. */
  readonly moved: number
  /** Objects, uploads and versions that are removed, later ones out of quarantine too. */
  readonly removed: number
  /** What is not stored any more in the end. */
  readonly bytes: number
}

const GB = 2 ** 30

export function costOf(work: Work, store: StoreHabits, prices: StorePrices | null): PlanCost {
  const requests = requestsOf(work, store)
  const money =
    prices === null
      ? null
      : {
          once: ((requests.list + requests.copy) / 1_000) * prices.requestsPerThousand,
          savedMonthly: (work.bytes / GB) * prices.gbMonth,
        }
  return { requests, money }
}

function requestsOf({ listed, moved, removed }: Work, store: StoreHabits): PlanCost['requests'] {
  if (store.listPage === null) return { list: 0, copy: 0, remove: 0 }
  return {
    list: Math.ceil(listed / store.listPage),
    copy: moved,
    // Each move ends with a removal.
    remove: store.bulkRemoval === false ? removed + moved : Math.ceil((removed + moved) / store.removeBatch),
  }
}

/** Objects behind so many files: an image attachment is two objects, an avatar that does not move is one. */
export function objectsBehind(byKind: Readonly<Partial<Record<Kind, Readonly<Tally>>>>): number {
  return (Object.entries(byKind) as [Kind, Tally][]).reduce(
    (sum, [kind, { count }]) => sum + count * variantsOf(kind, 'image/jpeg').length,
    0,
  )
}

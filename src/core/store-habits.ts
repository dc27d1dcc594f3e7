import type { StoreHabits } from './plan/cost.ts'
import type { CallOptions, Storage } from './ports/storage.ts'

/** How the store is asked, for estimates. Reads only; never throws for what the store does not say. */
export async function storeHabits(
  objects: Pick<Storage, 'traits' | 'removalTraits'>,
  options: CallOptions,
): Promise<StoreHabits> {
  const { removeBatch, listPage } = objects.traits
  if (listPage === null) return { removeBatch, listPage, bulkRemoval: null }
  const { bulkRemoval } = await objects.removalTraits(options)
  return { removeBatch, listPage, bulkRemoval }
}

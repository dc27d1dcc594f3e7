/** What takes space and belongs to nobody, as a plan: objects that no row claims, uploads that never ended, old versions. */
import type { Kind } from '../model/media.ts'
import type { LeftoverRequest, OrphanRequest, PlanDraft, PlanSample } from '../model/plan.ts'
import type { PruneTotals } from '../model/prune-candidate.ts'
import { capsMet } from './caps.ts'
import { costOf, type StoreHabits, type StorePrices } from './cost.ts'
import { planId } from './plan-id.ts'
import type { PlanOrigin } from './plan-prune.ts'

export interface OrphanPlanParts {
  readonly request: OrphanRequest
  /** Rows are 0, files are objects. */
  readonly totals: PruneTotals
  readonly named: Readonly<Partial<Record<Kind, number>>>
  readonly samples: readonly PlanSample[]
  readonly store: StoreHabits
  readonly prices: StorePrices | null
}

/** The draft of a plan; `sealPlan` makes it one. */
export function planOrphans(origin: PlanOrigin, parts: OrphanPlanParts): PlanDraft {
  const { request, totals, named, samples, store, prices } = parts
  const { count, bytes } = totals.files
  // Out of quarantine they are listed and removed once more.
  const quarantined = request.quarantineMs === null ? 0 : count
  const work = { listed: quarantined, moved: quarantined, removed: count, bytes }
  return {
    ...beginning(origin),
    request,
    totals,
    named,
    samples,
    cost: costOf(work, store, prices),
    caps: capsMet(totals.byKind, named),
  }
}

export interface LeftoverPlanParts {
  readonly request: LeftoverRequest
  /** Entries that looking for them took the store to list: what is to stay is listed as well. */
  readonly listed: number
  readonly totals: PruneTotals
  readonly samples: readonly PlanSample[]
  readonly store: StoreHabits
  readonly prices: StorePrices | null
}

/** No row ever names any of it, so there are no shares and no caps. */
export function planLeftovers(origin: PlanOrigin, parts: LeftoverPlanParts): PlanDraft {
  const { request, listed, totals, samples, store, prices } = parts
  const { count, bytes } = totals.files
  // Looked for again when it is applied; uploads are given up one by one.
  const work = { listed, moved: 0, removed: count, bytes }
  const habits = request.what === 'unfinished-uploads' ? { ...store, bulkRemoval: false } : store
  return {
    ...beginning(origin),
    request,
    totals,
    named: {},
    samples,
    cost: costOf(work, habits, prices),
    caps: [],
  }
}

function beginning(
  origin: PlanOrigin,
): Pick<PlanDraft, 'format' | 'id' | 'instance' | 'madeAtMs' | 'schemaVersion'> {
  const { instance, madeAtMs, schemaVersion, chance } = origin
  return { format: 1, id: planId('orphans', madeAtMs, chance), instance, madeAtMs, schemaVersion }
}

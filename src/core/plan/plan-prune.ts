/** A policy and what it lets go of, as a plan. */
import type { Kind } from '../model/media.ts'
import type { PlanDraft, PlanSample } from '../model/plan.ts'
import type { PruneCandidate, PruneTotals } from '../model/prune-candidate.ts'
import type { PrunePolicy } from '../model/prune-policy.ts'
import { capsMet } from './caps.ts'
import { costOf, objectsBehind, type StoreHabits, type StorePrices } from './cost.ts'
import { planId } from './plan-id.ts'
import { PLAN_SAMPLES } from './safety.ts'
import { spread } from './even-sample.ts'

/** What every plan says of itself. */
export interface PlanOrigin {
  readonly instance: string
  readonly madeAtMs: number
  readonly schemaVersion: string
  /** At least four random hexadecimal digits. */
  readonly chance: string
}

export interface PrunePlanParts {
  readonly policy: PrunePolicy
  readonly totals: PruneTotals
  readonly named: Readonly<Partial<Record<Kind, number>>>
  /** Some of what would go, table by table; of each the same share is shown. */
  readonly candidates: readonly (readonly PruneCandidate[])[]
  readonly store: StoreHabits
  readonly prices: StorePrices | null
}

/** The draft of a plan; `sealPlan` makes it one. Plans of nothing are possible. */
export function planPrune(origin: PlanOrigin, parts: PrunePlanParts): PlanDraft {
  const { policy, totals, named, store, prices } = parts
  const work = { listed: 0, moved: 0, removed: objectsBehind(totals.byKind), bytes: totals.files.bytes }
  return {
    format: 1,
    id: planId('prune', origin.madeAtMs, origin.chance),
    instance: origin.instance,
    madeAtMs: origin.madeAtMs,
    schemaVersion: origin.schemaVersion,
    request: { verb: 'prune', policy },
    totals,
    named,
    samples: samplesOf(parts.candidates),
    cost: costOf(work, store, prices),
    caps: capsMet(totals.byKind, named),
  }
}

function samplesOf(tables: readonly (readonly PruneCandidate[])[]): readonly PlanSample[] {
  const full = tables.filter((candidates) => candidates.length > 0)
  const each = Math.floor(PLAN_SAMPLES / Math.max(1, full.length))
  return full.flatMap((candidates) => spread(candidates.flatMap(filesOf), each))
}

function filesOf({ files, id, domain, quietSinceMs }: PruneCandidate): readonly PlanSample[] {
  return files.map(({ record, keys }) => ({
    kind: record.kind,
    id,
    // The original: `original` stands before `small` and `static` in key order.
    key: keys[0] ?? record.fileName,
    domain,
    bytes: record.bytes,
    quietSinceMs,
  }))
}

/** A plan is kept, so that somebody can look at it and apply it; old ones that nobody applied go. */
import type { Plan } from './model/plan.ts'
import { JOURNAL_LIFE_MS } from './plan/safety.ts'
import type { Clock } from './ports/runtime.ts'
import type { OwnState } from './ports/state.ts'
import type { CallOptions } from './ports/storage.ts'

/** Makes our tables first if need be. @throws KnownError if they cannot be written */
export async function keepPlan(
  { state, clock }: { readonly state: Pick<OwnState, 'setUp' | 'plans'>; readonly clock: Clock },
  plan: Plan,
  options: CallOptions,
): Promise<void> {
  await state.setUp(options)
  await state.plans.keep(plan, options)
  await state.plans.forget(plan.instance, clock.now() - JOURNAL_LIFE_MS, options)
}

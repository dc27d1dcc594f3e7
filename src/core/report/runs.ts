/** Plans and runs to look back at: what was planned, what was done, what storage refused, and what can be taken back. */
import type { Plan } from '../model/plan.ts'
import type { Run } from '../model/run.ts'
import { JOURNAL_LIFE_MS } from '../plan/safety.ts'
import type { OwnState } from '../ports/state.ts'
import type { CallOptions } from '../ports/storage.ts'

/** Whether a run can be taken back, and until when. */
export type WayBack =
  /** `untilMs`: as long as its journal is kept, or its files wait in quarantine. */
  | { readonly possible: true; readonly untilMs: number }
  | {
      readonly possible: false
      readonly because:
        | 'it was taken back before'
        | 'its journal is not kept any more'
        | 'its files were removed for good'
        | 'it went without quarantine'
        | 'it has done nothing'
    }

export interface RefusedObject {
  readonly key: string
  /** What storage said to the first of its batch. */
  readonly because: string | null
}

export interface RunReport {
  readonly run: Run
  /** Null if it is not kept any more. */
  readonly plan: Plan | null
  /** Objects that storage would not remove or move, at most as many as were asked for. */
  readonly refused: readonly RefusedObject[]
  readonly moreRefused: boolean
  readonly wayBack: WayBack
}

/** By id, or the one begun last with `last`; null if there is no such run. */
export async function readRun(
  state: Pick<OwnState, 'runs' | 'plans'>,
  instance: string,
  id: string,
  limit: number,
  options: CallOptions,
): Promise<RunReport | null> {
  const run = await state.runs.find(instance, id, options)
  if (run === null) return null
  const plan = await state.plans.find(instance, run.planId, options)
  const refused: RefusedObject[] = []
  if (run.counts.refused > 0)
    for await (const { outcome } of state.runs.batches(run.id, options)) {
      for (const key of outcome?.refused ?? [])
        refused.push({ key, because: outcome?.refusedBecause ?? null })
      if (refused.length > limit) break
    }
  return {
    run,
    plan,
    refused: refused.slice(0, limit),
    moreRefused: refused.length > limit,
    wayBack: wayBack(run),
  }
}

/** What an undo would find. A bucket that keeps versions may know more than is told here. */
export function wayBack(run: Run): WayBack {
  const no = (because: Extract<WayBack, { possible: false }>['because']): WayBack => {
    return { possible: false, because }
  }
  if (run.state === 'undone') return no('it was taken back before')
  if (run.forgotten) return no('its journal is not kept any more')
  if (run.quarantineEmptied) return no('its files were removed for good')
  if (run.counts.files.count === 0 && run.state !== 'running') return no('it has done nothing')
  if (run.quarantine !== null) return { possible: true, untilMs: run.quarantine.untilMs }
  if (run.verb === 'orphans') return no('it went without quarantine')
  return { possible: true, untilMs: (run.endedAtMs ?? run.startedAtMs) + JOURNAL_LIFE_MS }
}

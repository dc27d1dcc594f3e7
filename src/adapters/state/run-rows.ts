/** Rows of cornac.runs and what they mean. */
import type { Quarantine } from '../../core/model/own-keys.ts'
import type { PlanVerb } from '../../core/model/plan.ts'
import type { Run, RunCounts, RunState } from '../../core/model/run.ts'
import type { Row } from '../postgres/ask.ts'
import { asMs } from './ledger-rows.ts'

/** What `toRun` reads, in its order. */
export const RUN_COLUMNS = `id, plan_id, verb, instance, state, ${asMs('started_at')}, ${asMs('ended_at')}, attempts,
  position, counts, stopped_because, quarantine, quarantine_emptied, forgotten`

export function toRun(row: Row): Run {
  const [id, planId, verb, instance, state, startedAtMs, endedAtMs, attempts, position, counts, ...rest] =
    row as [
      ...[string, string, PlanVerb, string, RunState, number, number | null, number],
      ...[string | null, RunCounts, string | null, Quarantine | null, boolean, boolean],
    ]
  const [stoppedBecause, quarantine, quarantineEmptied, forgotten] = rest
  return {
    ...{ id, planId, verb, instance, state, startedAtMs, endedAtMs, attempts, position, counts },
    ...{ stoppedBecause, quarantine, quarantineEmptied, forgotten },
  }
}

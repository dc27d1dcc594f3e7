/** What a person agreed to should still be roughly what happens: files of the plan, and files there are, then and now. */
import { KINDS, type Kind } from '../model/media.ts'
import type { Plan } from '../model/plan.ts'
import type { GateFacts, Refusal } from './gate-facts.ts'
import { MOVED_FILES, MOVED_SHARE } from './safety.ts'

/** The code of these refusals. */
export const WORLD_MOVED = 'world-moved'

/** Less than the plan says is never too much: what goes on, or comes late, has less to do. */
export function* refusalOfMoved(plan: Plan, facts: GateFacts): Generator<Refusal> {
  const planned = plan.totals.files.count
  const begun = Object.values(facts.begun ?? {}).reduce((sum, { count }) => sum + count, 0)
  const now = (facts.totals?.files.count ?? 0) + begun
  if (now - planned > tolerance(planned))
    yield moved(plan, `the plan ${plan.id} says ${planned} files, and by now it would take ${now}`)
  for (const kind of Object.keys(plan.named) as Kind[]) {
    const [then, today] = [plan.named[kind] ?? 0, facts.named[kind]]
    if (today === undefined) continue
    // What a prune lets go of is named no more. Orphans never were.
    const own = plan.request.verb === 'prune' ? (facts.begun?.[kind]?.count ?? 0) : 0
    if (Math.abs(today + own - then) > tolerance(then))
      yield moved(
        plan,
        `rows named ${then} ${KINDS[kind].plural} when the plan ${plan.id} was made, and now name ${today}`,
      )
  }
}

function tolerance(files: number): number {
  return Math.max(files * MOVED_SHARE, MOVED_FILES)
}

function moved(plan: Plan, what: string): Refusal {
  return {
    code: WORLD_MOVED,
    what,
    remedy: `Make a new plan with cornac ${plan.request.verb}, and look at it`,
    category: 'capped',
  }
}

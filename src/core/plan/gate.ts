/**
 * May this plan be applied? Asked when it is made, so that it tells what stands in the way, and again when it is applied, with
 * the facts of that moment. Pure: every fact is an argument.
 */
import { KnownError } from '../errors.ts'
import type { Kind } from '../model/media.ts'
import type { Overrides } from '../model/overrides.ts'
import type { Plan } from '../model/plan.ts'
import { canaryRefusal } from './gate-canary.ts'
import type { GateFacts, GateRequest, Refusal } from './gate-facts.ts'
import { refusalsOfShares } from './gate-shares.ts'
import { refusalOfMoved } from './gate-moved.ts'
import { isIntact } from './hash-plan.ts'
import { CLOCK_SLACK_MS, isVacuumHour, JOURNAL_LIFE_MS, PLAN_LIFE_MS } from './safety.ts'

/** Everything that stands in the way, the gravest first; nothing if the plan may be applied. */
export function mayApply(plan: Plan, facts: GateFacts, request: GateRequest): readonly Refusal[] {
  return [
    ...refusalsOfPlan(plan, facts),
    ...refusalsOfServer(plan, facts),
    ...refusalsOfMoment(facts, request.overrides),
    ...refusalOfNothingNamed(plan, facts),
    ...refusalOfMoved(plan, facts),
    ...refusalsOfShares(plan, facts, request),
  ]
}

/** @throws KnownError with the first refusal and all their sentences, if there is any */
export function refuse(refusals: readonly Refusal[]): void {
  const [first, ...others] = refusals
  if (first === undefined) return
  throw new KnownError({
    ...first,
    remedy: [first.remedy, ...others.map(({ what, remedy }) => `Besides, ${what}. ${remedy}`)].join('. '),
  })
}

function* refusalsOfPlan(plan: Plan, facts: GateFacts): Generator<Refusal> {
  if (!isIntact(plan))
    yield {
      code: 'plan-changed',
      what: `the plan ${plan.id} was changed after it was made: its contents do not fit its hash`,
      remedy: `Make a new plan with cornac ${plan.request.verb}`,
      category: 'failure',
    }
  if (plan.instance !== facts.instance)
    yield {
      code: 'plan-of-another-instance',
      what: `the plan ${plan.id} is for ${plan.instance}, and this is ${facts.instance}`,
      remedy: 'Run Cornac with the settings of the server that the plan is for',
      category: 'usage',
    }
  const lifeMs = facts.begun === null ? PLAN_LIFE_MS : JOURNAL_LIFE_MS
  if (facts.nowMs - plan.madeAtMs > lifeMs)
    yield {
      code: 'plan-too-old',
      what: `the plan ${plan.id} is older than ${lifeMs / 86_400_000} days`,
      remedy: `Make a new plan with cornac ${plan.request.verb}`,
      category: 'failure',
    }
  if (plan.madeAtMs - facts.nowMs > CLOCK_SLACK_MS)
    yield {
      code: 'plan-from-future',
      what: `the plan ${plan.id} was made at a time that has not come yet, so the clock was wrong then or is wrong now, and with it every age`,
      remedy: `Set the clock (timedatectl status), and make a new plan with cornac ${plan.request.verb}`,
      category: 'failure',
    }
}

function* refusalsOfServer(plan: Plan, facts: GateFacts): Generator<Refusal> {
  if (facts.readOnlyBecause !== null)
    yield {
      code: 'read-only-instance',
      what: facts.readOnlyBecause,
      remedy: 'Look for a newer Cornac; until then it only reads this server',
      category: 'failure',
    }
  if (plan.schemaVersion !== facts.schemaVersion)
    yield {
      code: 'schema-changed',
      what: `Mastodon’s tables changed from ${plan.schemaVersion} to ${facts.schemaVersion} since the plan ${plan.id} was made`,
      remedy: `Make a new plan with cornac ${plan.request.verb}`,
      category: 'failure',
    }
  const canary = canaryRefusal(facts.canary)
  if (canary !== null) yield canary
}

/** Mastodon's own work on the same rows and files, which ours stays clear of. */
export function* refusalsOfMoment(
  facts: Pick<GateFacts, 'localHour' | 'tootctl'>,
  overrides: Overrides,
): Generator<Refusal> {
  if (isVacuumHour(facts.localHour) && !overrides.duringVacuum)
    yield {
      code: 'vacuum-hours',
      what: 'between three and six in the morning, local time, Mastodon’s own vacuum works on the same rows, and it is one of these hours, or almost',
      remedy: 'Run it after six, or add --during-vacuum',
      category: 'capped',
    }
  const [line] = facts.tootctl
  if (line !== undefined && !overrides.besideTootctl)
    yield {
      code: 'tootctl-at-work',
      what: `tootctl is changing media at this moment (${line})`,
      remedy: 'Wait until it has ended, or add --beside-tootctl',
      category: 'capped',
    }
}

/** Rows that name nothing at all claim nothing either: then everything would be an orphan. */
function* refusalOfNothingNamed({ request, totals, named }: Plan, facts: GateFacts): Generator<Refusal> {
  if (request.verb === 'orphans' && request.what !== 'objects') return
  // A prune that has begun may have let go of them all itself, and goes on to the end.
  if (request.verb === 'prune' && facts.begun !== null) return
  if (Math.max(totals.files.count, facts.totals?.files.count ?? 0) === 0) return
  if (sumOf(named) > 0 && (Object.keys(facts.named).length === 0 || sumOf(facts.named) > 0)) return
  yield {
    code: 'nothing-named',
    what: 'the database names no file of any of these kinds, so it cannot be the one that this storage belongs to, or it is empty',
    remedy: 'Check which database the settings name; cornac doctor tells what Cornac sees',
    category: 'failure',
  }
}

function sumOf(named: Readonly<Partial<Record<Kind, number>>>): number {
  return Object.values(named).reduce((sum, count) => sum + count, 0)
}

export { canaryRefusal }
export type { GateFacts, GateRequest, Refusal }

/** Caps (docs/apply.md#guards): no run takes much of a kind unseen, and none takes most of one that it does not name. */
import { KINDS, type Kind } from '../model/media.ts'
import type { CapMet, Plan } from '../model/plan.ts'
import { capsMet, percentFor } from './caps.ts'
import type { GateFacts, GateRequest, Refusal } from './gate-facts.ts'
import { REFUSE_SHARE, STOP_SHARE } from './safety.ts'

/**
 * All that are refused in one sentence, and all that stop for a look in another, so that nobody is told of them one by one.
 * The share that the plan says and the one of this moment are both asked, and the larger one counts. Of what takes space and
 * is no file (uploads, old versions) there are no shares.
 */
export function* refusalsOfShares(plan: Plan, facts: GateFacts, request: GateRequest): Generator<Refusal> {
  if (plan.request.verb === 'orphans' && plan.request.what !== 'objects') return
  const met = [...largestCaps(plan, facts)].filter(({ kind, share }) => {
    return (request.overrides.shares[kind] ?? 0) < share
  })
  const refuse = met.filter(({ level }) => level === 'refuse')
  const stop = request.confirmed === 'person' ? [] : met.filter(({ level }) => level === 'stop')
  if (refuse.length > 0) yield refused(plan, refuse)
  if (stop.length > 0) yield stopped(plan, stop)
}

function largestCaps(plan: Plan, facts: GateFacts): Iterable<CapMet> {
  const largest = new Map<Kind, CapMet>()
  const now = facts.totals ?? plan.totals
  for (const cap of [
    ...capsMet(plan.totals.byKind, plan.named),
    // A kind that is not counted anew counts as it was.
    ...capsMet(now.byKind, { ...plan.named, ...facts.named }),
  ])
    if (cap.share > (largest.get(cap.kind)?.share ?? 0)) largest.set(cap.kind, cap)
  return largest.values()
}

function stopped(plan: Plan, caps: readonly CapMet[]): Refusal {
  return {
    code: 'share-needs-person',
    what: `${sentence(plan, caps)}, and above ${STOP_SHARE * 100} % somebody has to look at the plan first`,
    remedy: `Look at it with cornac plans ${plan.id}, and apply it with cornac apply ${plan.id}, or add ${flags(caps)}`,
    category: 'capped',
  }
}

function refused(plan: Plan, caps: readonly CapMet[]): Refusal {
  return {
    code: 'share-refused',
    what: `${sentence(plan, caps)}, and above ${REFUSE_SHARE * 100} % nothing goes that the run does not name`,
    remedy: `Look at it with cornac plans ${plan.id}; if this is what you want, add ${flags(caps)}`,
    category: 'capped',
  }
}

function sentence(plan: Plan, caps: readonly CapMet[]): string {
  const parts = caps.map(({ kind, share, files, of }) => {
    const { plural } = KINDS[kind]
    const what = plan.request.verb === 'orphans' ? `orphans among the ${plural}` : plural
    return `${files} ${what} where rows name ${of} (${percentFor(share)} %)`
  })
  return `the plan ${plan.id} takes ${parts.join(' and ')}`
}

/** As a plan shows them: to be typed together. */
function flags(caps: readonly CapMet[]): string {
  return caps.map(({ kind, share }) => `--allow-share ${KINDS[kind].plural}=${percentFor(share)}`).join(' ')
}

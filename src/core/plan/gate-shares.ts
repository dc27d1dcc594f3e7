/** Promise 8: no run takes much of a kind that nobody has looked at, and none takes most of one that is not named. */
import { KINDS, type Kind } from '../model/media.ts'
import type { CapMet, Plan } from '../model/plan.ts'
import { capsMet, percentFor } from './caps.ts'
import type { GateFacts, GateRequest, Refusal } from './gate-facts.ts'
import { REFUSE_SHARE, STOP_SHARE } from './safety.ts'

/**
 * The share that the plan says and the one of this moment are both asked, and the larger one counts. Of what takes space and
 * is no file (uploads, old versions) there are no shares.
 */
export function* refusalsOfShares(plan: Plan, facts: GateFacts, request: GateRequest): Generator<Refusal> {
  if (plan.request.verb === 'orphans' && plan.request.what !== 'objects') return
  for (const cap of largestCaps(plan, facts)) {
    if ((request.overrides.shares[cap.kind] ?? 0) >= cap.share) continue
    if (cap.level === 'refuse') yield refused(plan, cap)
    else if (request.confirmed !== 'person') yield stopped(plan, cap)
  }
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

function stopped(plan: Plan, cap: CapMet): Refusal {
  return {
    code: 'share-needs-person',
    what: `${sentence(plan, cap)}, and above ${STOP_SHARE * 100} % somebody has to look at the plan first`,
    remedy: `Look at it, and apply it with cornac apply ${plan.id}, or add ${flag(cap)}`,
    category: 'capped',
  }
}

function refused(plan: Plan, cap: CapMet): Refusal {
  return {
    code: 'share-refused',
    what: `${sentence(plan, cap)}, and above ${REFUSE_SHARE * 100} % nothing goes that the run does not name`,
    remedy: `Look at the plan; if this is what you want, add ${flag(cap)}`,
    category: 'capped',
  }
}

function sentence(plan: Plan, { kind, share, files, of }: CapMet): string {
  const { plural } = KINDS[kind]
  const what = plan.request.verb === 'orphans' ? `orphans among the ${plural}` : plural
  return `the plan ${plan.id} takes ${files} ${what} where rows name ${of} (${percentFor(share)} %)`
}

function flag({ kind, share }: CapMet): string {
  return `--allow-share ${KINDS[kind].plural}=${percentFor(share)}%`
}

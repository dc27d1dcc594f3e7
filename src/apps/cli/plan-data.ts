/** Plans and runs as members of JSON answers. */
import { ALL_KINDS, type Kind } from '../../core/model/media.ts'
import type { Plan, PlanRequest } from '../../core/model/plan.ts'
import type { Run } from '../../core/model/run.ts'
import type { Tally } from '../../core/model/tally.ts'
import { wayBack } from '../../core/report/runs.ts'
import { iso } from './render/json.ts'

/** @param kept false if `cornac apply` does not find it */
export function planData(plan: Plan, kept: boolean): Record<string, unknown> {
  const { totals, cost } = plan
  return {
    id: plan.id,
    verb: plan.request.verb,
    kept,
    made: iso(plan.madeAtMs),
    hash: plan.hash,
    schema_version: plan.schemaVersion,
    request: requestData(plan.request),
    rows: totals.rows,
    files: totals.files.count,
    bytes: totals.files.bytes,
    kinds: ALL_KINDS.flatMap((kind) => {
      const tally = totals.byKind[kind]
      return tally === undefined ? [] : [kindData(kind, tally, plan.named[kind])]
    }),
    domains: totals.topDomains,
    ages: totals.byAge.map(({ fromDays, toDays, count, bytes }) => {
      return { from_days: fromDays, to_days: toDays, count, bytes }
    }),
    samples: plan.samples.map(({ quietSinceMs, ...sample }) => {
      return { ...sample, quiet_since: iso(quietSinceMs) }
    }),
    requests: cost.requests,
    dollars: cost.money === null ? null : { once: cost.money.once, saved_monthly: cost.money.savedMonthly },
    caps: plan.caps,
  }
}

function kindData(kind: Kind, { count, bytes }: Readonly<Tally>, of: number | undefined): object {
  return { kind, count, bytes, of: of ?? null, share: of === undefined || of === 0 ? null : count / of }
}

function requestData(request: PlanRequest): Record<string, unknown> {
  if (request.verb === 'prune') {
    const { policy } = request
    return {
      preset: policy.preset,
      kinds: policy.kinds,
      cutoff: iso(policy.cutoffMs),
      include_follows: policy.includeFollows,
      keep_interacted: policy.keepInteracted,
      link: policy.linkOnly,
      domain: policy.domain,
    }
  }
  if (request.what !== 'objects') return { what: request.what, before: iso(request.beforeMs) }
  return {
    what: request.what,
    scan: request.scanId,
    grace_seconds: request.graceMs / 1000,
    quarantine_seconds: request.quarantineMs === null ? null : request.quarantineMs / 1000,
  }
}

/** Of the run, over all its processes. */
export function runData(run: Run): Record<string, unknown> {
  const { counts, quarantine } = run
  const back = wayBack(run)
  return {
    id: run.id,
    plan: run.planId,
    verb: run.verb,
    state: run.state,
    started: iso(run.startedAtMs),
    ended: iso(run.endedAtMs),
    attempts: run.attempts,
    stopped_because: run.stoppedBecause,
    rows: counts.rows,
    files: counts.files.count,
    bytes: counts.files.bytes,
    kinds: ALL_KINDS.flatMap((kind) => {
      const tally = counts.byKind[kind]
      return tally === undefined ? [] : [{ kind, count: tally.count, bytes: tally.bytes }]
    }),
    objects_removed: counts.objectsRemoved,
    objects_moved: counts.objectsMoved,
    changed: counts.changed,
    refused: counts.refused,
    quarantine_until: quarantine === null ? null : iso(quarantine.untilMs),
    quarantine_emptied: run.quarantineEmptied,
    undo_possible: back.possible,
    undo_until: back.possible ? iso(back.untilMs) : null,
    undo_impossible_because: back.possible ? null : back.because,
  }
}

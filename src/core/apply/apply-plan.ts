/**
 * The verb `apply`: a stored plan done to the world; with `undo` the only one that is ever given the right to remove.
 *
 * Lease, gate, what killed runs left, then batch by batch: journal, rows, objects. Everything of the plan is looked for again
 * and looked at again; the plan says only what may go and how much of it. A process that dies anywhere leaves a journal from
 * which the next one goes on.
 */
import { KnownError } from '../errors.ts'
import type { Quarantine } from '../model/own-keys.ts'
import type { Plan } from '../model/plan.ts'
import { PRUNE_KINDS } from '../model/prune-policy.ts'
import { runOf, type Run } from '../model/run.ts'
import { mayApply, refuse } from '../plan/gate.ts'
import { WORLD_MOVED } from '../plan/gate-moved.ts'
import { JOURNAL_LIFE_MS } from '../plan/safety.ts'
import type { Progress } from '../ports/runtime.ts'
import type { Lease } from '../ports/state.ts'
import type { CallOptions } from '../ports/storage.ts'
import type { ApplyPorts, UnderLease } from './apply-ports.ts'
import type { ApplyEnd, ApplyRequest, ApplyResult } from './apply-request.ts'
import { Budgets } from './budgets.ts'
import { layCanary } from './canary.ts'
import { emptyQuarantines } from './empty-quarantine.ts'
import { gatherFacts } from './gather-facts.ts'
import { recover } from './recover.ts'
import { RunBook } from './run-book.ts'
import { letGo } from './steps/let-go.ts'
import { removeLeftovers } from './steps/remove-leftovers.ts'
import { removeOrphans } from './steps/remove-orphans.ts'
import { Samples, verify } from './verify.ts'

/** One owner of everything that removes. */
export const APPLY_LEASE = 'apply'

/**
 * Goes on with the plan's run if there is one. An abort of `signal` lets the batch under way finish, and is told as
 * `stopped: 'interrupted'`.
 * @throws KnownError if a guard refuses (nothing was done then but what killed runs had begun), another process holds the
 *   lease, the plan was applied before, or database or storage stop working
 */
export async function applyPlan(
  ports: ApplyPorts & { readonly chance: () => number },
  request: ApplyRequest,
  options: CallOptions & { readonly progress: Progress },
): Promise<ApplyResult> {
  const { plan, instance } = request
  const startedAtMs = ports.clock.now()
  const requestsBefore = requestsMade(ports)
  await ports.database.prune.refuseIfReadOnly(kindsOf(plan), options)
  await ports.state.setUp(options)
  const lease = await ports.state.leases.take(APPLY_LEASE, `cornac ${plan.request.verb}`, options)
  try {
    const held = { signal: lease.signal }
    const begun = await ports.state.runs.ofPlan(plan.id, held)
    refuseApplied(plan, begun)
    refuseOverQuarantine(plan, begun, ports.clock.now())
    const facts = await gatherFacts(ports, instance, plan, begun, held)
    const refusals = mayApply(plan, facts, request)
    // What a killed process of the run did is in its counts only once its batches are ended.
    const settled = begun === null ? refusals : refusals.filter(({ code }) => code !== WORLD_MOVED)
    refuse(settled)
    const budgets = new Budgets(request.budget, ports, {
      duringVacuum: request.overrides.duringVacuum,
      interrupted: options.signal,
      requestsMade: () => requestsMade(ports),
    })
    const work: UnderLease = { lease, pace: (requests) => budgets.pace(requests, held) }
    if (facts.canary.state === 'new') await layCanary(ports, instance, held)
    const refusedBefore = new Set<string>()
    const recovered = await recover(ports, work, instance, held, refusedBefore)
    if (settled.length < refusals.length) {
      const ended = await ports.state.runs.ofPlan(plan.id, held)
      refuse(mayApply(plan, await gatherFacts(ports, instance, plan, ended, held), request))
    }
    const run = await ports.state.runs.begin(newRun(ports, plan), lease)
    const quarantine = await emptyQuarantines(ports, work, instance, held, () => budgets.end() === null)
    const book = new RunBook(run.counts)
    const samples = new Samples(ports.chance)
    options.progress.stage(STAGES[plan.request.verb], plan.totals.files.count)
    options.progress.advance(run.counts.files.count)
    const step = { run: run.id, position: run.position, budgets, book, samples, progress: options.progress }
    const stopped = await doStep(ports, work, plan, run, { ...step, refusedBefore })
    options.progress.done()
    const verified = await verify(ports.objects, ports.clock, samples.keys, held)
    await endRun(ports, run, stopped, lease)
    await ports.state.runs.forget(instance, ports.clock.now() - JOURNAL_LIFE_MS, held)
    return {
      run: (await ports.state.runs.find(instance, run.id)) ?? run,
      stopped,
      recovered,
      verified,
      quarantine,
      files: book.filesHere,
      seconds: (ports.clock.now() - startedAtMs) / 1000,
      requests: requestsMade(ports) - requestsBefore,
    }
  } finally {
    await lease.release()
  }
}

const STAGES = { prune: 'letting go', orphans: 'removing' } as const

type StepParts = Pick<
  Parameters<typeof letGo>[2],
  'run' | 'position' | 'budgets' | 'book' | 'samples' | 'progress'
> &
  Pick<Parameters<typeof removeOrphans>[2], 'refusedBefore'>

function doStep(
  ports: ApplyPorts,
  work: UnderLease,
  plan: Plan,
  run: Run,
  step: StepParts,
): Promise<ApplyEnd | null> {
  const { request } = plan
  if (request.verb === 'prune')
    return letGo(ports, work, {
      ...step,
      policy: request.policy,
      // Rails saves a row that tootctl changed, and so moves its time; the vacuum does not (docs/mastodon.md#times).
      touchedAtMs: request.policy.preset === 'tootctl' ? ports.clock.now() : null,
    })
  if (request.what === 'objects')
    return removeOrphans(ports, work, {
      ...step,
      instance: plan.instance,
      request,
      quarantine: run.quarantine,
    })
  return removeLeftovers(ports, work, { ...step, request })
}

function kindsOf({ request }: Plan): typeof PRUNE_KINDS {
  return request.verb === 'prune' ? request.policy.kinds : []
}

function newRun(
  { clock, newName }: ApplyPorts,
  { id, request, instance }: Plan,
): Pick<Run, 'id' | 'planId' | 'verb' | 'instance' | 'startedAtMs' | 'quarantine'> {
  const startedAtMs = clock.now()
  const run = runOf(id)
  const quarantine: Quarantine | null =
    request.verb === 'orphans' && request.what === 'objects' && request.quarantineMs !== null
      ? { run, token: newName(), untilMs: startedAtMs + request.quarantineMs }
      : null
  return { id: run, planId: id, verb: request.verb, instance, startedAtMs, quarantine }
}

function refuseApplied(plan: Plan, run: Run | null): void {
  if (run === null || run.state === 'running' || run.state === 'stopped') return
  const ended = { done: 'was applied before', undoing: 'is being taken back', undone: 'was taken back' }[
    run.state
  ]
  throw new KnownError({
    code: 'plan-applied',
    what: `the plan ${plan.id} ${ended} (${run.id})`,
    remedy: `Look at it with cornac runs ${run.id}; for more of the same make a new plan`,
    category: 'usage',
  })
}

/** What was moved now would be removed for good at once, beside what has waited its time. */
function refuseOverQuarantine(plan: Plan, run: Run | null, nowMs: number): void {
  if (run?.quarantine == null || run.quarantine.untilMs > nowMs) return
  throw new KnownError({
    code: 'quarantine-over',
    what: `the quarantine of ${run.id} is over, so nothing can be added to it`,
    remedy: `Make a new plan with cornac ${plan.request.verb}; it finds what is left`,
    category: 'usage',
  })
}

const BECAUSE: Readonly<Record<ApplyEnd, string>> = {
  files: 'the number of files allowed was reached',
  row: 'the next row has more files than one run was allowed to let go of',
  bytes: 'the bytes allowed were reached',
  duration: 'the time allowed was up',
  vacuum: 'the hours of Mastodon’s own vacuum had begun',
  refused: 'storage refused to take anything away',
  interrupted: 'it was interrupted',
}

function endRun(ports: ApplyPorts, run: Run, stopped: ApplyEnd | null, lease: Lease): Promise<void> {
  return ports.state.runs.end(
    run.id,
    {
      state: stopped === null ? 'done' : 'stopped',
      because: stopped === null ? null : BECAUSE[stopped],
      atMs: ports.clock.now(),
    },
    lease,
  )
}

/** By the store's own count; none where nothing costs a request. */
export function requestsMade({ objects }: Pick<ApplyPorts, 'objects'>): number {
  const { listRequests, otherRequests } = objects.use()
  return objects.traits.listPage === null ? 0 : listRequests + otherRequests
}

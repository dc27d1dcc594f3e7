/**
 * What is due without any plan: what killed runs left half done is ended, and quarantines that are over are emptied. A schedule
 * whose runs mostly find nothing to do must not let these wait for ever. It removes, so the guards of a run hold for it.
 */
import type { Overrides } from '../model/overrides.ts'
import { refuse, refusalsOfMoment } from '../plan/gate.ts'
import { canaryRefusal } from '../plan/gate-canary.ts'
import { JOURNAL_LIFE_MS } from '../plan/safety.ts'
import type { CallOptions } from '../ports/storage.ts'
import type { ApplyPorts, UnderLease } from './apply-ports.ts'
import { APPLY_LEASE, requestsMade } from './apply-plan.ts'
import type { ApplyBudget, RecoveredBatches } from './apply-request.ts'
import { Budgets } from './budgets.ts'
import { lookAtCanary } from './canary.ts'
import { emptyQuarantines, type QuarantinesEmptied } from './empty-quarantine.ts'
import { recover } from './recover.ts'

export interface Tidied {
  readonly recovered: RecoveredBatches
  readonly quarantine: QuarantinesEmptied
}

const NOTHING: Tidied = {
  recovered: { batches: 0, objects: 0, open: 0 },
  quarantine: { files: 0, refused: 0, because: null },
}

const NO_BUDGET = { maxDurationMs: null, requestsPerSecond: null }

/**
 * Asks first whether anything is due: if not, nothing is refused and nobody is waited for.
 * @throws KnownError if a guard refuses, another process holds the lease, or database or storage stop working
 */
export async function tidy(
  ports: ApplyPorts,
  instance: string,
  overrides: Overrides,
  options: CallOptions,
  budget: Pick<ApplyBudget, 'maxDurationMs' | 'requestsPerSecond'> = NO_BUDGET,
): Promise<Tidied> {
  await ports.state.setUp(options)
  if (!(await isAnythingDue(ports, instance, options))) return NOTHING
  // Of tables that are not known nothing is concluded either (ARCHITECTURE.md#promises); no row is changed from here.
  await ports.database.prune.refuseIfReadOnly([], options)
  const { otherWork, clock } = ports
  const moment = { localHour: otherWork.localHour(clock.now()), tootctl: await otherWork.runningTootctl() }
  refuse([...refusalsOfMoment(moment, overrides)])
  const lease = await ports.state.leases.take(APPLY_LEASE, 'cornac, ending what is due,', options)
  try {
    const signal =
      options.signal === undefined ? lease.signal : AbortSignal.any([options.signal, lease.signal])
    const refusal = canaryRefusal(await lookAtCanary(ports, instance, { signal }))
    refuse(refusal === null ? [] : [refusal])
    const budgets = new Budgets({ ...budget, maxFiles: null, maxBytes: null }, ports, {
      duringVacuum: overrides.duringVacuum,
      interrupted: options.signal,
      requestsMade: () => requestsMade(ports),
    })
    const work: UnderLease = { lease, pace: (requests) => budgets.pace(requests, { signal }) }
    const recovered = await recover(ports, work, instance, { signal })
    const quarantine = await emptyQuarantines(ports, work, instance, { signal }, () => budgets.end() === null)
    await ports.state.runs.forget(instance, clock.now() - JOURNAL_LIFE_MS, { signal })
    return { recovered, quarantine }
  } finally {
    await lease.release()
  }
}

async function isAnythingDue(
  { state, clock }: Pick<ApplyPorts, 'state' | 'clock'>,
  instance: string,
  options: CallOptions,
): Promise<boolean> {
  if ((await state.runs.quarantinesOver(instance, clock.now(), options)).length > 0) return true
  for await (const _open of state.runs.openBatches(instance, options)) return true
  return false
}

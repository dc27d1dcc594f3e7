/**
 * What is due without any plan: what killed runs left half done is ended, and quarantines that are over are emptied. A schedule
 * whose runs mostly find nothing to do must not let these wait for ever.
 */
import { refuse } from '../plan/gate.ts'
import { canaryRefusal } from '../plan/gate-canary.ts'
import { JOURNAL_LIFE_MS } from '../plan/safety.ts'
import type { CallOptions } from '../ports/storage.ts'
import type { ApplyPorts, UnderLease } from './apply-ports.ts'
import { APPLY_LEASE } from './apply-plan.ts'
import type { RecoveredBatches } from './apply-request.ts'
import { lookAtCanary } from './canary.ts'
import { emptyQuarantines } from './empty-quarantine.ts'
import { recover } from './recover.ts'

export interface Tidied {
  readonly recovered: RecoveredBatches
  /** Files removed for good. */
  readonly quarantineEmptied: number
}

/** @throws KnownError if another process holds the lease, storage is not the one it was, or database or storage stop working */
export async function tidy(ports: ApplyPorts, instance: string, options: CallOptions): Promise<Tidied> {
  await ports.state.setUp(options)
  const lease = await ports.state.leases.take(APPLY_LEASE, 'cornac orphans', options)
  try {
    const signal =
      options.signal === undefined ? lease.signal : AbortSignal.any([options.signal, lease.signal])
    const canary = await lookAtCanary(ports, instance, { signal })
    // Nothing was ever applied: there is nothing to end.
    if (canary.state === 'new')
      return { recovered: { batches: 0, objects: 0, open: 0 }, quarantineEmptied: 0 }
    const refusal = canaryRefusal(canary)
    refuse(refusal === null ? [] : [refusal])
    const work: UnderLease = { lease, pace: async () => {} }
    const recovered = await recover(ports, work, instance, { signal })
    const quarantineEmptied = await emptyQuarantines(ports, work, instance, { signal })
    await ports.state.runs.forget(instance, ports.clock.now() - JOURNAL_LIFE_MS, { signal })
    return { recovered, quarantineEmptied }
  } finally {
    await lease.release()
  }
}

/** How things are at the moment of acting: what the gate is asked with. */
import type { Plan } from '../model/plan.ts'
import type { Run } from '../model/run.ts'
import { PRUNE_KINDS } from '../model/prune-policy.ts'
import type { GateFacts } from '../plan/gate.ts'
import type { CallOptions } from '../ports/storage.ts'
import type { ApplyPorts } from './apply-ports.ts'
import { lookAtCanary } from './canary.ts'

/**
 * Changes nothing.
 * @param run the plan's run; null if it has not begun
 */
export async function gatherFacts(
  ports: Pick<ApplyPorts, 'database' | 'otherWork' | 'clock'> & {
    readonly objects: Pick<ApplyPorts['objects'], 'read' | 'list'>
    readonly state: Pick<ApplyPorts['state'], 'canaries'>
  },
  instance: string,
  plan: Plan,
  run: Run | null,
  options: CallOptions,
): Promise<GateFacts> {
  const { database, otherWork, clock } = ports
  const nowMs = clock.now()
  const { request } = plan
  const kinds = request.verb === 'prune' ? request.policy.kinds : PRUNE_KINDS
  return {
    instance,
    nowMs,
    localHour: otherWork.localHour(nowMs),
    tootctl: await otherWork.runningTootctl(),
    schemaVersion: database.schema.schemaVersion,
    readOnlyBecause: database.schema.readOnlyBecause,
    canary: await lookAtCanary(ports, instance, options),
    totals: request.verb === 'prune' ? await database.prune.count(request.policy, options) : null,
    named: await database.prune.named(kinds, options),
    begun: run?.counts.byKind ?? null,
  }
}

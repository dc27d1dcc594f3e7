/** What would refuse a plan at this moment, besides caps, which the plan tells itself: so that nobody agrees to it in vain. */
import { lookAtCanary } from '../apply/canary.ts'
import { ALL_KINDS } from '../model/media.ts'
import type { Plan } from '../model/plan.ts'
import { mayApply, type Refusal } from '../plan/gate.ts'
import type { OpenInstance } from '../ports/instance.ts'
import type { CallOptions } from '../ports/storage.ts'

/** For a plan made a moment ago: its own counts are those of now. Changes nothing. */
export async function obstaclesOf(
  instance: OpenInstance,
  plan: Plan,
  options: CallOptions,
): Promise<readonly Refusal[]> {
  const { clock, otherWork } = instance
  const database = await instance.database()
  const ports = { objects: await instance.storage(), state: await instance.state() }
  const nowMs = clock.now()
  return mayApply(
    plan,
    {
      instance: instance.name,
      nowMs,
      localHour: otherWork.localHour(nowMs),
      tootctl: await otherWork.runningTootctl(),
      schemaVersion: database.schema.schemaVersion,
      readOnlyBecause: database.schema.readOnlyBecause,
      canary: await lookAtCanary(ports, instance.name, options),
      totals: null,
      named: plan.named,
      begun: null,
    },
    {
      confirmed: 'person',
      overrides: {
        duringVacuum: false,
        besideTootctl: false,
        shares: Object.fromEntries(ALL_KINDS.map((kind) => [kind, 1])),
      },
    },
  )
}

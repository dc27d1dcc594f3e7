/** Do storage and our own tables know each other, and does anything of a run wait for somebody? */
import { lookAtCanary } from '../apply/canary.ts'
import type { CanaryState } from '../model/canary.ts'
import { canaryRefusal } from '../plan/gate-canary.ts'
import type { OwnState } from '../ports/state.ts'
import type { CallOptions, ObjectLister, ObjectReader } from '../ports/storage.ts'
import type { Check } from './check.ts'

export async function aboutCanary(
  ports: {
    readonly objects: Pick<ObjectReader, 'read'> & ObjectLister
    readonly state: Pick<OwnState, 'canaries'>
  },
  instance: string,
  options: CallOptions,
): Promise<Check> {
  const look = await lookAtCanary(ports, instance, options)
  const refusal = canaryRefusal(look)
  if (refusal !== null) return { about: 'canary', state: 'bad', says: refusal.what, remedy: refusal.remedy }
  return { about: 'canary', state: 'good', says: SAYS[look.state] ?? look.state, remedy: null }
}

const SAYS: Partial<Readonly<Record<CanaryState, string>>> = {
  matches: 'storage and database hold the same mark: they belong together',
  new: 'storage and database have no common mark yet; the first run that removes anything compares them and lays one',
}

/** Runs that began and have not come to their end. */
export async function aboutRuns(
  state: Pick<OwnState, 'runs' | 'leases'>,
  instance: string,
  options: CallOptions,
): Promise<readonly Check[]> {
  const checks: Check[] = []
  const atWork = (await state.leases.holders(options)).some(({ name }) => name === 'apply')
  for (const run of await state.runs.list(instance, LOOKED_AT, options)) {
    if (run.state === 'running' && !atWork)
      checks.push(unfinished(`${run.id} was interrupted half-way`, `to go on: cornac apply ${run.planId}`))
    if (run.state === 'undoing' && !atWork)
      checks.push(unfinished(`${run.id} is taken back in part`, `to go on: cornac undo ${run.id}`))
    if (run.counts.refused > 0)
      checks.push(
        unfinished(
          `storage would not remove ${run.counts.refused} objects of ${run.id}`,
          'the next run that applies anything tries again; storage says why in cornac runs',
        ),
      )
  }
  for (const { instance: other, open, quarantines } of await state.runs.waitingElsewhere(instance, options)) {
    const what = [counted(open, 'run not ended'), counted(quarantines, 'quarantine not emptied')]
    checks.push(
      unfinished(
        `the schema cornac holds ${what.filter((part) => part !== null).join(' and ')} of ${other}, which is not what this server is called now`,
        'if that is another server, nothing; if this server was called so before its media, its database or an address of them moved, use those settings once more (cornac runs tells what is left), or remove by hand what lies in the storage’s folder cornac/quarantine/',
      ),
    )
  }
  return checks
}

function counted(count: number, one: string): string | null {
  if (count === 0) return null
  return count === 1 ? `1 ${one}` : `${count} ${one.replace(' ', 's ')}`
}

/** The latest ones: older ones were looked at in their time. */
const LOOKED_AT = 20

function unfinished(says: string, remedy: string): Check {
  return { about: 'runs', state: 'note', says, remedy }
}

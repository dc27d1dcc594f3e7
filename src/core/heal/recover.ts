/**
 * What an earlier heal left half done, brought to an end: objects named by an intent and by no row are removed.
 *
 * Only the holder of the lease may do this: whoever wrote these intents holds it no more, and can switch no row (Fence).
 * One rule for every place where a run can die: of all objects an intent names, those stay which the row claims now. A row
 * that was switched claims the new ones, a row that was not claims the old ones, a newer row or none claims neither.
 */
import type { HealTarget } from '../model/heal-target.ts'
import type { Kind } from '../model/media.ts'
import { claimedKeys } from '../model/storage-key.ts'
import type { HealJournal, KnownIntent, Lease } from '../ports/state.ts'
import type { CallOptions } from '../ports/storage.ts'
import { forgetEmoji } from './mend/forget-emoji.ts'
import { isRemoteKey } from '../remote-key.ts'
import type { MendPorts } from './mend/mend-ports.ts'
import { discardUnfinished, removeObjects } from './mend/remove-objects.ts'

export interface Recovered {
  readonly intents: number
  readonly objects: number
  /** Intents that stay open because storage refused a removal. */
  readonly open: number
}

export async function recover(
  ports: Pick<MendPorts, 'database' | 'objects' | 'cache'> & { readonly journal: HealJournal },
  lease: Lease,
  options: CallOptions,
): Promise<Recovered> {
  let [intents, objects, open] = [0, 0, 0]
  for await (const page of ports.journal.unfinished(lease, options)) {
    const now = await targetsNow(ports, page, options)
    for (const intent of page) {
      intents++
      const target = now.get(`${intent.kind} ${intent.id}`)
      const keep = new Set(target === undefined ? [] : claimedKeys(target.record).map(({ key }) => key))
      const ours = (key: string): boolean => isRemoteKey(intent, target?.record, key)
      const away = [...intent.writes, ...intent.leftovers].filter((key) => ours(key) && !keep.has(key))
      if (target !== undefined) await forgetEmoji(ports, target)
      const count = (refused: number): void => {
        objects -= refused
      }
      objects += away.length
      const discarded = await discardUnfinished(ports, intent.writes.filter(ours), options)
      const removed = await removeObjects(ports, { leftBehind: count }, away, options)
      if (discarded && removed) await ports.journal.close(intent.number)
      else open++
    }
    await ports.journal.flush()
  }
  return { intents, objects, open }
}

async function targetsNow(
  ports: Pick<MendPorts, 'database'>,
  intents: readonly KnownIntent[],
  options: CallOptions,
): Promise<ReadonlyMap<string, HealTarget>> {
  const now = new Map<string, HealTarget>()
  for (const [kind, some] of Map.groupBy(intents, (intent): Kind => intent.kind)) {
    const targets = await ports.database.targetsById(
      kind,
      some.map(({ id }) => id),
      options,
    )
    for (const target of targets) now.set(`${kind} ${target.record.id}`, target)
  }
  return now
}

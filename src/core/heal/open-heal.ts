/** The ports of a heal and of its plan, opened from one instance: the same for every door that heals. */
import type { HealKind } from '../model/heal-target.ts'
import type { OpenInstance } from '../ports/instance.ts'
import type { HealPorts } from './heal.ts'
import type { PlanHealPorts } from './plan-heal.ts'
import { openSidekiqDriver, SIDEKIQ_LIMITS } from './sidekiq/via-sidekiq.ts'

/** Opens what is not open yet. @throws KnownError for what cannot be opened */
export async function openHeal(
  instance: OpenInstance,
  via: 'native' | 'sidekiq',
  kinds: readonly HealKind[],
): Promise<HealPorts> {
  const database = await instance.database()
  const objects = await instance.sparingStorage()
  const state = await instance.state()
  const { clock } = instance
  // Before anything is done: an emoji whose copy in the Rails cache stays would be seen broken for a week.
  if (kinds.includes('emoji')) await instance.railsCache()
  return {
    database,
    objects,
    state,
    journal: state.journal,
    origin: await instance.origin(),
    images: await instance.images(),
    cache: { dropEmoji: async (...emoji) => (await instance.railsCache()).dropEmoji(...emoji) },
    presence: { records: database, objects: await instance.storage(), scans: () => instance.scans(), clock },
    sidekiq:
      via === 'native'
        ? null
        : openSidekiqDriver(
            { queue: await instance.redownloads(), database, objects, clock },
            SIDEKIQ_LIMITS,
          ),
    clock,
    chance: instance.chance,
    newName: instance.newName,
  }
}

/** Nothing of it can write. */
export async function openPlanHeal(
  instance: OpenInstance,
): Promise<PlanHealPorts & { database: HealPorts['database'] }> {
  const database = await instance.database()
  return {
    database,
    presence: {
      records: database,
      objects: await instance.storage(),
      scans: () => instance.scans(),
      clock: instance.clock,
    },
    ledger: (await instance.state()).ledger,
    clock: instance.clock,
  }
}

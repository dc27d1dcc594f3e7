/** The ports of a heal, opened from one instance: the same for every door that heals. */
import type { OpenInstance } from '../ports/instance.ts'
import type { HealFollowsPorts } from './heal-follows.ts'

/** Opens what is not open yet. @throws KnownError for what cannot be opened */
export async function openHeal(instance: OpenInstance): Promise<HealFollowsPorts> {
  return {
    database: await instance.database(),
    objects: await instance.healStorage(),
    origin: await instance.origin(),
    images: await instance.images(),
    clock: instance.clock,
    newName: instance.newName,
  }
}

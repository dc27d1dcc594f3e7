/** A storage that is read like any other, and takes nothing away. */
import type { ApplyPorts } from '../src/core/apply/apply-ports.ts'

/** The ports with such a storage. */
export function lockedStorage<Ports extends ApplyPorts>(ports: Ports): Ports {
  return {
    ...ports,
    objects: {
      ...ports.objects,
      remove: async (keys) =>
        keys.map((key) => ({ key, removed: false as const, reason: 'locked by its owner' })),
    },
  }
}

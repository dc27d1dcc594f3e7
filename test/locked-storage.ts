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

/** The ports with a bucket that removes no old version, but tells of how many it was asked. */
export function underObjectLock(
  asked: (versions: number) => void,
): <Ports extends ApplyPorts>(ports: Ports) => Ports {
  return (ports) => ({
    ...ports,
    objects: {
      ...ports.objects,
      leftovers: ports.objects.leftovers && {
        ...ports.objects.leftovers,
        async removeVersions(versions) {
          asked(versions.length)
          return versions.map((one) => ({ ...one, removed: false, reason: 'under object lock' }))
        },
      },
    },
  })
}

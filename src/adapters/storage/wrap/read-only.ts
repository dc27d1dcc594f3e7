/** A store for those who only look: the dashboard, reports, scans. */
import { KnownError } from '../../../core/errors.ts'
import type { Storage } from '../../../core/ports/storage.ts'

/** The same store; `write` and everything that removes throw a KnownError (`storage-read-only`) before anything happens. */
export function readOnly(storage: Storage): Storage {
  function refuse(deed: string): never {
    throw new KnownError({
      code: 'storage-read-only',
      what: `Something that may only read was about to ${deed} ${storage.traits.description}`,
      remedy: 'Nothing was done; please report this with the command that led to it',
    })
  }
  return {
    ...storage,
    write: async () => refuse('write to'),
    discardUnfinished: async () => refuse('write to'),
    remove: async () => refuse('remove from'),
    move: async () => refuse('move objects in'),
    leftovers:
      storage.leftovers === null
        ? null
        : {
            ...storage.leftovers,
            removeUploads: async () => refuse('remove from'),
            removeVersions: async () => refuse('remove from'),
          },
  }
}

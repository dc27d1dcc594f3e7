/** Is the media folder still there, and still the same? Without it, or with an empty mount point in its place, every file looks absent. */
import { stat } from 'node:fs/promises'
import { KnownError } from '../../../core/errors.ts'

export interface RootGuard {
  /** Remembers which folder it is, the first time that it is there. Before anything is concluded from what is absent. */
  remember(): Promise<void>
  /** Throws a KnownError (`storage-root`, `storage-moved`) if the store is out of reach by now: then no answer is given. */
  confirm(): Promise<void>
}

export function guardRoot(root: string): RootGuard {
  let known: string | null = null
  return {
    async remember() {
      known ??= await identityOf(root)
    },
    async confirm() {
      const now = await identityOf(root)
      if (now === null)
        throw new KnownError({
          code: 'storage-root',
          what: `The media folder ${root} is gone`,
          remedy: 'Check that its disk is mounted, then run again',
        })
      if (now !== known)
        throw new KnownError({
          code: 'storage-moved',
          what: `The media folder ${root} was unmounted or exchanged`,
          remedy: 'Nothing was concluded from files that are not there; mount it again, then run again',
        })
    },
  }
}

/** Null if there is no such folder. */
async function identityOf(root: string): Promise<string | null> {
  const stats = await stat(root, { bigint: true }).catch(() => null)
  return stats?.isDirectory() === true ? `${stats.dev}:${stats.ino}` : null
}

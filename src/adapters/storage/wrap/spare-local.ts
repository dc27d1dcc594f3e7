/** The second guard of local media: a store that cannot be made to change anything but remote files and Cornac's own. */
import { KnownError } from '../../../core/errors.ts'
import { isOwnKey } from '../../../core/model/own-keys.ts'
import type { BucketLeftovers, SparingStorage, Storage } from '../../../core/ports/storage.ts'
import { refuseUnsafeKey } from '../key-check.ts'

type Deed = 'written' | 'removed' | 'moved'

/** A key that is neither remote nor Cornac's own and that nobody named was about to be changed: a defect or a forged plan. */
export class LocalMediaRefused extends KnownError {
  constructor(key: string, deed: Deed) {
    super({
      code: 'local-media-refused',
      what: `${key} may be local media and was about to be ${deed}; nothing of this call was done`,
      remedy: 'Please report this with the plan or the command that led to it',
    })
    this.name = 'LocalMediaRefused'
  }
}

/** Leftovers are removed by the same rule: an old version of local media is local media. */
function spareLeftovers(
  leftovers: BucketLeftovers,
  refuseLocal: (key: string, deed: Deed) => void,
): BucketLeftovers {
  return {
    ...leftovers,
    async removeUploads(uploads, options) {
      for (const { key } of uploads) refuseLocal(key, 'removed')
      return await leftovers.removeUploads(uploads, options)
    },
    async removeVersions(versions, options) {
      for (const { key } of versions) refuseLocal(key, 'removed')
      return await leftovers.removeVersions(versions, options)
    },
  }
}

/**
 * The same store, which changes remote files and Cornac's own only: keys under `cache/`, where Mastodon puts nothing else
 * (docs/mastodon.md#roots), keys under `cornac/`, which it does not know, and keys that somebody vouches for. Of a move both ends
 * count. Thumbnails of 4.5 and before, and files of rows with no storage version, lie beside local media, so only whoever has
 * seen their rows can name them.
 *
 * Throws LocalMediaRefused before anything of a call happens, even if only one of its keys is refused.
 */
export function spareLocal(storage: Storage): SparingStorage {
  /** How many vouch for each key. */
  const vouched = new Map<string, number>()
  function refuseLocal(key: string, deed: Deed): void {
    // First, since `cache/../accounts` is not under `cache/`.
    refuseUnsafeKey(key)
    if (!key.startsWith('cache/') && !isOwnKey(key) && !vouched.has(key))
      throw new LocalMediaRefused(key, deed)
  }
  return {
    ...storage,
    async write(key, bytes, contentType, options) {
      refuseLocal(key, 'written')
      await storage.write(key, bytes, contentType, options)
    },
    async discardUnfinished(keys, options) {
      for (const key of keys) refuseLocal(key, 'removed')
      return await storage.discardUnfinished(keys, options)
    },
    async remove(keys, options) {
      for (const key of keys) refuseLocal(key, 'removed')
      return await storage.remove(keys, options)
    },
    async move(pairs, access, options) {
      for (const { from, to } of pairs) for (const key of [from, to]) refuseLocal(key, 'moved')
      return await storage.move(pairs, access, options)
    },
    leftovers: storage.leftovers === null ? null : spareLeftovers(storage.leftovers, refuseLocal),
    vouchFor(keys) {
      for (const key of keys) vouched.set(key, (vouched.get(key) ?? 0) + 1)
      let withdrawn = false
      return () => {
        if (withdrawn) return
        withdrawn = true
        for (const key of keys) {
          const left = (vouched.get(key) ?? 0) - 1
          if (left > 0) vouched.set(key, left)
          else vouched.delete(key)
        }
      }
    },
  }
}

/**
 * Media on a file system: Mastodon's `public/system` or the folder of `PAPERCLIP_ROOT_PATH`.
 *
 * Listing order is the byte order of full keys. Links to folders are followed at the top two levels only (see
 * `fs/links.ts`); a deeper one is an `UnlistedPrefix`; a link to a file is listed as an object of its own, by
 * `lstat`. Sockets and pipes are not listed. A folder that may not be read is an `UnlistedPrefix`, and comes first in
 * a range that begins inside it. What vanishes during the walk is left out.
 */
import type { Storage } from '../../core/ports/storage.ts'
import { checkFolder, refuseBadRoot } from './fs/check.ts'
import { guardRoot } from './fs/confirm-root.ts'
import { discardUnfinished } from './fs/discard-unfinished.ts'
import { listFolder } from './fs/list.ts'
import { moveObjects } from './fs/move.ts'
import { readObject, statObject } from './fs/read.ts'
import { removeObjects } from './fs/remove.ts'
import type { RemoveJob, RemoveResult } from './fs/remove-batch.ts'
import { createThreadPool } from './fs/thread-pool.ts'
import type { WalkJob, WalkPage } from './fs/walk.ts'
import { writeObject } from './fs/write.ts'

export interface FileStorageSettings {
  /** Absolute path of the media folder. */
  readonly root: string
  /**
   * Threads that read folders, 3 unless told; each takes 30 to 50 MB. More help where a read waits for a network or a
   * spinning disk.
   */
  readonly readsInFlight?: number | undefined
  /** Threads that remove files where there are many, 2 unless told; each takes some 30 MB. */
  readonly removalThreads?: number | undefined
}

/** Entries of a page; a page may hold fewer where folders are slow to read. */
const PAGE_ENTRIES = 1000
/** Files being moved at once. */
const MOVES_IN_FLIGHT = 16

/** Opens a media folder. Throws a KnownError if the path is not absolute; nothing is read until the first call. */
export function openFileStorage(settings: FileStorageSettings): Storage {
  const root = refuseBadRoot(settings.root)
  const walkers = createThreadPool<WalkJob, WalkPage>({
    name: 'cornac-walk',
    program: 'walk-worker',
    threads: Math.max(1, settings.readsInFlight ?? 3),
  })
  const removers = createThreadPool<RemoveJob, RemoveResult>({
    name: 'cornac-remove',
    program: 'remove-worker',
    threads: Math.max(1, settings.removalThreads ?? 2),
  })
  const pace = { pageEntries: PAGE_ENTRIES, sliceMs: 100, batch: 64 }
  const guard = guardRoot(root)
  let otherRequests = 0
  return {
    traits: {
      description: `file system ${root}`,
      removeBatch: 1000,
      tellsAccess: true,
      listPage: null,
      listsRanges: true,
    },
    list: (range, options = {}) => listFolder(root, walkers, pace, range, options),
    stat(key, options = {}) {
      otherRequests++
      return statObject(root, guard, key, options)
    },
    read(key, options = {}) {
      otherRequests++
      return readObject(root, guard, key, options)
    },
    write(key, bytes, _contentType, options = {}) {
      otherRequests++
      return writeObject(root, key, bytes, options)
    },
    discardUnfinished: (keys, options = {}) => discardUnfinished(root, keys, options),
    remove(keys, options = {}) {
      otherRequests += keys.length
      return removeObjects(root, guard, keys, removers, options)
    },
    move(pairs, access, options = {}) {
      otherRequests += pairs.length
      return moveObjects(root, guard, pairs, access, MOVES_IN_FLIGHT, options)
    },
    leftovers: null,
    removalTraits: async () => ({ versioned: false, bulkRemoval: false }),
    use: () => ({ listRequests: 0, otherRequests }),
    async check(options = {}) {
      await checkFolder(root, options)
      await guard.remember()
    },
    async close() {
      await Promise.all([walkers.close(), removers.close()])
    },
  }
}

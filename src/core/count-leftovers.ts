/** Counts what takes space in a bucket beside its objects, in one pass over each list. Changes nothing. */
import { KnownError } from './errors.ts'
import type { Tally } from './model/tally.ts'
import type { ReadableStorage } from './ports/instance.ts'
import type { RunOptions } from './scan.ts'

/** Parts of uploads have bytes that no list tells; their number and their age must do. */
export interface UploadTally {
  readonly count: number
  /** When the oldest was begun, milliseconds since the epoch; null if there is none, or the store does not say. */
  readonly oldestAtMs: number | null
}

export interface VersionTally extends Readonly<Tally> {
  /** What removals left in place of objects: no bytes, and not among `count`. */
  readonly deleteMarkers: number
}

export interface LeftoverUse {
  /** Null if they could not be counted. */
  readonly uploads: UploadTally | null
  /** Null if the bucket keeps none, or they could not be counted. */
  readonly versions: VersionTally | null
  /** What could not be counted, and why: a list that the store does not offer, or not to this key. */
  readonly uncounted: readonly { readonly list: 'uploads' | 'versions'; readonly reason: string }[]
}

/**
 * Null for a store that has no such lists: a file system. Costs one request per 1,000 uploads, and one per 1,000 versions,
 * objects included, where versions are kept.
 *
 * @throws KnownError if the store is out of reach, or a list contradicts itself; the signal's reason
 */
export async function countLeftovers(
  storage: Pick<ReadableStorage, 'leftovers' | 'removalTraits'>,
  options: RunOptions,
): Promise<LeftoverUse | null> {
  const { leftovers } = storage
  if (leftovers === null) return null
  const { progress, signal } = options
  progress.stage('counting leftovers', null)
  const uncounted: LeftoverUse['uncounted'][number][] = []
  async function unlessRefused<T>(list: 'uploads' | 'versions', count: () => Promise<T>): Promise<T | null> {
    try {
      return await count()
    } catch (error) {
      if (!(error instanceof KnownError) || !REFUSED.has(error.code)) throw error
      uncounted.push({ list, reason: error.what })
      return null
    }
  }

  const uploads = await unlessRefused('uploads', async () => {
    let count = 0
    let oldestAtMs: number | null = null
    for await (const page of leftovers.unfinishedUploads({ signal })) {
      progress.advance(page.length)
      count += page.length
      for (const { startedAtMs } of page)
        if (startedAtMs > 0 && startedAtMs < (oldestAtMs ?? Infinity)) oldestAtMs = startedAtMs
    }
    return { count, oldestAtMs }
  })
  const { versioned } = await storage.removalTraits({ signal })
  const versions =
    versioned === false
      ? null
      : await unlessRefused('versions', async () => {
          const tally = { count: 0, bytes: 0, deleteMarkers: 0 }
          for await (const page of leftovers.oldVersions({ after: '', through: null }, { signal })) {
            progress.advance(page.length)
            for (const { deleteMarker, bytes } of page) {
              if (deleteMarker) tally.deleteMarkers++
              else tally.count++
              tally.bytes += bytes
            }
          }
          return tally
        })
  progress.done()
  return { uploads, versions, uncounted }
}

/** What is said of one list. Whatever is wrong with the store itself ended the measurement before. */
const REFUSED: ReadonlySet<string> = new Set(['storage-not-offered', 'storage-refused'])

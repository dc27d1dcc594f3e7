/** Objects that a bucket with versions still has behind a delete marker, back by taking the marker away. */
import { inParallel } from '../in-parallel.ts'
import type { BucketLeftovers, CallOptions, OldVersion } from '../ports/storage.ts'
import type { ApplyPorts } from './apply-ports.ts'

const AT_ONCE = 8

/** Markers that may lie one upon the other: removed, and removed again. */
const MOST_MARKERS = 5

/**
 * The keys that are there now. None if the bucket keeps no versions.
 * @param files the keys of each that are not there: all come back, or none, since one without the others is of no use to a row
 * @throws KnownError if storage stops working
 */
export async function bringBackVersions(
  { objects }: Pick<ApplyPorts, 'objects'>,
  files: readonly (readonly string[])[],
  options: CallOptions,
): Promise<ReadonlySet<string>> {
  const back = new Set<string>()
  const { leftovers } = objects
  if (leftovers === null || files.length === 0) return back
  if ((await objects.removalTraits(options)).versioned === false) return back
  const withdraw = objects.vouchFor(files.flat())
  try {
    await inParallel(
      [files],
      AT_ONCE,
      async (keys) => {
        if (!(await areCovered(leftovers, keys, options))) return
        for (const key of keys) if (await uncover(leftovers, key, options)) back.add(key)
      },
      options.signal,
    )
  } finally {
    withdraw()
  }
  return back
}

/** Each of them behind a marker. One alone is uncovered or it is not. */
async function areCovered(
  leftovers: BucketLeftovers,
  keys: readonly string[],
  options: CallOptions,
): Promise<boolean> {
  if (keys.length === 1) return true
  for (const key of keys) {
    const versions = await versionsOf(leftovers, key, options)
    if (!versions.some(({ deleteMarker }) => !deleteMarker)) return false
  }
  return true
}

/** True if the newest version that is no marker is the object now. */
async function uncover(leftovers: BucketLeftovers, key: string, options: CallOptions): Promise<boolean> {
  for (let markers = 0; markers < MOST_MARKERS; markers++) {
    const versions = await versionsOf(leftovers, key, options)
    const marker = versions.find(({ isLatest, deleteMarker }) => isLatest && deleteMarker)
    if (marker === undefined) return markers > 0
    if (!versions.some(({ deleteMarker }) => !deleteMarker)) return false
    const [answer] = await leftovers.removeVersions([{ key, versionId: marker.versionId }], options)
    if (answer?.removed !== true) return false
  }
  return false
}

async function versionsOf(
  leftovers: BucketLeftovers,
  key: string,
  options: CallOptions,
): Promise<readonly OldVersion[]> {
  const versions: OldVersion[] = []
  // The folder's other files come first; there are few of them.
  const range = { after: key.slice(0, key.lastIndexOf('/') + 1), through: key }
  for await (const page of leftovers.oldVersions(range, options))
    versions.push(...page.filter((version) => version.key === key))
  return versions
}

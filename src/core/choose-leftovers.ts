/** Which remains in a bucket are old enough to go. Asked when a plan is made, and again when it is applied. */
import { compareKeys } from './model/key-order.ts'
import { listedKey, type Listed } from './model/object.ts'
import type { LeftoverLister, ObjectLister, OldVersion, UnfinishedUpload } from './ports/storage.ts'
import type { CallOptions, KeyRange } from './ports/storage.ts'

/** Where remote media lies, and nothing else: `0` comes right after the slash in byte order. */
const CACHE = 'cache/'
const CACHE_RANGE: KeyRange = { after: CACHE, through: 'cache0' }

/** A store that does not say when something happened must not make it look long ago. */
function isTold(ms: number): boolean {
  return ms > 0
}

/** Uploads under `cache/` that began before, in pages of the store's. @throws KnownError `storage-not-offered` */
export async function* staleUploads(
  leftovers: LeftoverLister,
  beforeMs: number,
  options: CallOptions,
): AsyncGenerator<readonly UnfinishedUpload[]> {
  for await (const page of leftovers.unfinishedUploads(options)) {
    const stale = page.filter(
      ({ key, startedAtMs }) => key.startsWith(CACHE) && isTold(startedAtMs) && startedAtMs < beforeMs,
    )
    if (stale.length > 0) yield stale
  }
}

export interface VersionPage {
  /** Neither the latest nor a marker, and replaced before. */
  readonly replaced: readonly OldVersion[]
  /** What removals left in place of objects: told, never taken. */
  readonly markers: readonly OldVersion[]
}

/**
 * Versions under `cache/` that something replaced, or a removal hid, before: what counts is when that happened, and not how
 * old the version itself is. The time is that of the next newer version of the key; if that is the object, the listing of
 * objects tells it, read side by side with the versions. In pages by key.
 * @throws KnownError `storage-not-offered`
 */
export async function* replacedVersions(
  { leftovers, objects }: { readonly leftovers: LeftoverLister; readonly objects: ObjectLister },
  beforeMs: number,
  options: CallOptions,
): AsyncGenerator<VersionPage> {
  const current = new CurrentTimes(objects, options)
  try {
    let [replaced, markers, seen]: [OldVersion[], OldVersion[], number] = [[], [], 0]
    for await (const versions of byKey(leftovers.oldVersions(CACHE_RANGE, options))) {
      markers.push(...versions.filter(({ deleteMarker }) => deleteMarker))
      replaced.push(...(await replacedBefore(versions, beforeMs, current)))
      seen += versions.length
      if (seen < PAGE_VERSIONS) continue
      yield { replaced, markers }
      ;[replaced, markers, seen] = [[], [], 0]
    }
    if (seen > 0) yield { replaced, markers }
  } finally {
    await current.close()
  }
}

const PAGE_VERSIONS = 1_000

async function replacedBefore(
  versions: readonly OldVersion[],
  beforeMs: number,
  current: CurrentTimes,
): Promise<readonly OldVersion[]> {
  const newestFirst = versions.toSorted(
    (a, b) => Number(b.isLatest) - Number(a.isLatest) || b.modifiedAtMs - a.modifiedAtMs,
  )
  const [newest] = newestFirst
  if (newest === undefined || !versions.every(({ modifiedAtMs }) => isTold(modifiedAtMs))) return []
  // Without a latest marker the object itself is the newest; one that is not there any more went a moment ago.
  let replacedAtMs = newest.isLatest ? Infinity : ((await current.at(newest.key)) ?? Infinity)
  // The objects are listed ahead: what they show there may be this very version, replaced since.
  if (replacedAtMs <= newest.modifiedAtMs) replacedAtMs = Infinity
  const old: OldVersion[] = []
  for (const version of newestFirst) {
    if (!version.deleteMarker && !version.isLatest && replacedAtMs < beforeMs) old.push(version)
    replacedAtMs = version.modifiedAtMs
  }
  return old
}

/**
 * Versions of one key together. A key has few. The last key of a page is given once the next page is there, and so is never
 * removed before: a store that is to go on behind a version that is gone may pass over the rest of its key (RGW does).
 */
async function* byKey(pages: AsyncIterable<readonly OldVersion[]>): AsyncGenerator<readonly OldVersion[]> {
  let versions: OldVersion[] = []
  for await (const page of pages)
    for (const version of page) {
      if (!version.key.startsWith(CACHE)) continue
      if (versions.length > 0 && versions[0]?.key !== version.key) {
        yield versions
        versions = []
      }
      versions.push(version)
    }
  if (versions.length > 0) yield versions
}

/**
 * Of versions that a journal names, those that are no object now: still old, or gone. What an undo, or a person, has made the
 * object again is not among them.
 * @throws KnownError `storage-not-offered`
 */
export async function notTheObject<Version extends Pick<OldVersion, 'key' | 'versionId'>>(
  { leftovers, objects }: { readonly leftovers: LeftoverLister; readonly objects: ObjectLister },
  versions: readonly Version[],
  options: CallOptions,
): Promise<ReadonlySet<Version>> {
  const unseen = new Map(versions.map((version) => [`${version.key}\0${version.versionId}`, version]))
  for await (const page of leftovers.oldVersions(rangeOf(versions), options))
    for (const { key, versionId } of page) unseen.delete(`${key}\0${versionId}`)
  const maybe = [...unseen.values()]
  const there = new Set<string>()
  const asked = new Set(maybe.map(({ key }) => key))
  for await (const page of objects.list(rangeOf(maybe), options))
    for (const listed of page) if (asked.has(listedKey(listed))) there.add(listedKey(listed))
  const current = new Set(maybe.filter(({ key }) => there.has(key)))
  return new Set(versions.filter((version) => !current.has(version)))
}

/** From a little before the first of the keys to the last. */
function rangeOf(items: readonly { readonly key: string }[]): KeyRange {
  const keys = items.map(({ key }) => key).sort(compareKeys)
  const [first = '', last = ''] = [keys[0], keys.at(-1)]
  const before = first.slice(0, -1)
  return { after: before.isWellFormed() ? before : before.slice(0, -1), through: last }
}

/** When the objects of ascending keys were written. */
class CurrentTimes {
  readonly #pages: AsyncIterator<readonly Listed[]>
  #page: readonly Listed[] = []
  #next = 0
  #over = false

  constructor(objects: ObjectLister, options: CallOptions) {
    this.#pages = objects.list(CACHE_RANGE, options)[Symbol.asyncIterator]()
  }

  /** Milliseconds since the epoch; null if there is no such object. @param key greater than every one asked before */
  async at(key: string): Promise<number | null> {
    for (;;) {
      for (; this.#next < this.#page.length; this.#next++) {
        const listed = this.#page[this.#next]!
        if (compareKeys(listedKey(listed), key) < 0) continue
        return 'key' in listed && listed.key === key ? listed.modifiedAtMs : null
      }
      if (this.#over) return null
      const step = await this.#pages.next()
      if (step.done === true) this.#over = true
      else [this.#page, this.#next] = [step.value, 0]
    }
  }

  async close(): Promise<void> {
    await this.#pages.return?.()
  }
}

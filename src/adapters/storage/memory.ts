/** Storage in memory, for tests and for the demo's small worlds: the same contract as every other adapter. */
import { compareKeys } from '../../core/model/key-order.ts'
import { listedKey, type Listed, type StoredObject } from '../../core/model/object.ts'
import type { CallOptions, Moved, Removal, Storage, StorageTraits } from '../../core/ports/storage.ts'
import { keyObjection, refuseUnsafeKey } from './key-check.ts'
import { moveObjection } from './move-check.ts'
import { rangeHolds } from './key-range.ts'

export interface MemoryStorageSettings {
  /** Milliseconds since the epoch; new objects carry it. */
  readonly now: () => number
  /** Entries of a page, 1,000 unless told. */
  readonly pageEntries?: number | undefined
  /** Overrides of what the store says of itself. */
  readonly traits?: Partial<StorageTraits> | undefined
}

/** What a test may put in or look at beyond the port. */
export interface MemoryStorage extends Storage {
  /** Puts an object with exactly these facts. */
  put(
    object: Partial<StoredObject> & { readonly key: string },
    content?: Uint8Array,
    contentType?: string | null,
  ): void
  /** From now on the keys below `prefix` (ending with `/`) cannot be listed, and looking at them gives no answer. */
  hide(prefix: string, reason: string): void
  /** Every key, in key order. */
  keys(): readonly string[]
}

interface Held {
  readonly object: StoredObject
  readonly content: Uint8Array
  readonly contentType: string | null
}

/** A store that forgets everything when it is dropped. Content that was never given reads as zeros. */
export function openMemoryStorage(settings: MemoryStorageSettings): MemoryStorage {
  const held = new Map<string, Held>()
  const hidden = new Map<string, string>()
  const pageEntries = settings.pageEntries ?? 1000
  let sorted: readonly string[] | null = null
  let listRequests = 0
  let otherRequests = 0

  function keys(): readonly string[] {
    return (sorted ??= [...held.keys()].sort(compareKeys))
  }

  function hiddenReason(key: string): string | undefined {
    for (const [prefix, reason] of hidden) if (key.startsWith(prefix)) return reason
    return undefined
  }

  function put(
    object: Partial<StoredObject> & { readonly key: string },
    content: Uint8Array = new Uint8Array(object.bytes ?? 0),
    contentType: string | null = null,
  ): void {
    refuseUnsafeKey(object.key)
    if (!held.has(object.key)) sorted = null
    held.set(object.key, {
      object: { bytes: content.length, modifiedAtMs: settings.now(), access: 'open', ...object },
      content: content.slice(),
      contentType,
    })
  }

  function entries(): Listed[] {
    const unlisted = [...hidden].map(([prefix, reason]) => ({ unlisted: prefix, reason }))
    const objects = keys().filter((key) => hiddenReason(key) === undefined)
    const all: Listed[] = [...unlisted, ...objects.map((key) => held.get(key)!.object)]
    return all.sort((a, b) => compareKeys(listedKey(a), listedKey(b)))
  }

  return {
    traits: {
      description: 'memory',
      removeBatch: 1000,
      tellsAccess: true,
      listPage: pageEntries,
      listsRanges: true,
      ...settings.traits,
    },
    put,
    keys,
    hide(prefix, reason) {
      hidden.set(prefix, reason)
    },
    async *list(range, { signal }: CallOptions = {}) {
      const inside = entries().filter((entry) =>
        'unlisted' in entry
          ? range.after.startsWith(entry.unlisted) || rangeHolds(range, entry.unlisted)
          : rangeHolds(range, entry.key),
      )
      for (let at = 0; at === 0 || at < inside.length; at += pageEntries) {
        signal?.throwIfAborted()
        listRequests++
        if (at < inside.length) yield inside.slice(at, at + pageEntries)
      }
      signal?.throwIfAborted()
    },
    async stat(key, { signal } = {}) {
      signal?.throwIfAborted()
      otherRequests++
      const reason = keyObjection(key) ?? hiddenReason(key)
      if (reason !== undefined) return { state: 'unknown', reason }
      const found = held.get(key)
      if (found === undefined) return { state: 'absent' }
      const { bytes, modifiedAtMs } = found.object
      return { state: 'present', bytes, modifiedAtMs, contentType: found.contentType }
    },
    async read(key, { signal } = {}) {
      signal?.throwIfAborted()
      refuseUnsafeKey(key)
      otherRequests++
      return held.get(key)?.content.slice() ?? null
    },
    async write(key, bytes, contentType, { signal } = {}) {
      signal?.throwIfAborted()
      otherRequests++
      put({ key }, bytes, contentType)
    },
    // A write is one step here.
    discardUnfinished: async () => 0,
    async remove(wanted, { signal } = {}) {
      signal?.throwIfAborted()
      otherRequests++
      return wanted.map((key): Removal => {
        const reason = keyObjection(key)
        if (reason !== null) return { key, removed: false, reason }
        if (held.delete(key)) sorted = null
        return { key, removed: true }
      })
    },
    async move(pairs, access, { signal } = {}) {
      signal?.throwIfAborted()
      otherRequests += pairs.length
      return pairs.map(({ from, to }): Moved => {
        const reason = moveObjection({ from, to }, access)
        if (reason !== null) return { from, to, state: 'refused', reason }
        const found = held.get(from)
        if (found === undefined) return { from, to, state: held.has(to) ? 'moved' : 'absent' }
        held.delete(from)
        held.set(to, { ...found, object: { ...found.object, key: to } })
        sorted = null
        return { from, to, state: 'moved' }
      })
    },
    leftovers: null,
    removalTraits: async () => ({ versioned: false, bulkRemoval: false }),
    use: () => ({ listRequests, otherRequests }),
    async check({ signal } = {}) {
      signal?.throwIfAborted()
    },
    async close() {},
  }
}

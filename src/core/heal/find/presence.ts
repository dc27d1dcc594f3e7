/** Is what a row names in storage? Asked key by key for a few records, or read from a listing for many. */
import type { Kind } from '../../model/media.ts'
import type { MediaRecord } from '../../model/record.ts'
import { claimedKeys } from '../../model/storage-key.ts'
import type { Finding } from '../../model/finding.ts'
import type { CallOptions, ObjectReader } from '../../ports/storage.ts'

/** Everything claimed is there; or what is lost and what is left of it; or storage would not say. */
export type Presence =
  | { readonly state: 'whole' }
  | {
      readonly state: 'broken'
      /** Style folders whose object is absent or empty. */
      readonly lost: readonly string[]
      /** Keys that hold something, even if it is empty. */
      readonly left: readonly string[]
    }
  | { readonly state: 'uncertain' }

export interface PresenceLook {
  /** For a record that names a file. */
  look(record: MediaRecord, options: CallOptions): Promise<Presence>
}

/** One question per claimed key. */
export function lookByKey(objects: ObjectReader): PresenceLook {
  return {
    async look(record, options) {
      const lost: string[] = []
      const left: string[] = []
      for (const { key, style } of claimedKeys(record)) {
        const stat = await objects.stat(key, options)
        if (stat.state === 'unknown') return { state: 'uncertain' }
        if (stat.state === 'present') left.push(key)
        if (stat.state === 'absent' || stat.bytes === 0) lost.push(style)
      }
      return lost.length === 0 ? { state: 'whole' } : { state: 'broken', lost, left }
    },
  }
}

/**
 * Only records that a scan found missing or unreadable are asked about key by key; of all others the listing has told
 * that they are whole. Keeps eight bytes for each of those records.
 */
export async function lookByFindings(
  objects: ObjectReader,
  findings: AsyncIterable<readonly Finding[]>,
): Promise<PresenceLook> {
  const suspects = await collectSuspects(findings)
  const byKey = lookByKey(objects)
  return {
    async look(record, options) {
      const suspected = suspects.get(record.kind)
      if (suspected === undefined || !includes(suspected, BigInt(record.id))) return { state: 'whole' }
      return byKey.look(record, options)
    },
  }
}

async function collectSuspects(
  findings: AsyncIterable<readonly Finding[]>,
): Promise<ReadonlyMap<Kind, BigInt64Array>> {
  const growing = new Map<Kind, { ids: BigInt64Array; length: number }>()
  for await (const page of findings) {
    for (const { code, kind, id } of page) {
      if (kind === null || id === null || (code !== 'missing' && code !== 'unreadable')) continue
      const list = growing.get(kind) ?? { ids: new BigInt64Array(1024), length: 0 }
      if (list.length === list.ids.length) {
        const larger = new BigInt64Array(list.ids.length * 2)
        larger.set(list.ids)
        list.ids = larger
      }
      list.ids[list.length++] = BigInt(id)
      growing.set(kind, list)
    }
  }
  return new Map([...growing].map(([kind, { ids, length }]) => [kind, ids.slice(0, length).sort()]))
}

function includes(sorted: BigInt64Array, id: bigint): boolean {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? 0n) < id) low = middle + 1
    else high = middle
  }
  return sorted[low] === id
}

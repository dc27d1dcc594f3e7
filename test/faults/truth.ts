/** Rows against storage, told by the lab and by nothing of the program: what dangles, what nobody claims. */
import { createHash } from 'node:crypto'
import type { LabInstance } from '../../lab/instance/build-instance.ts'
import type { MediaSink } from '../../lab/instance/media/media-sink.ts'
import { inParallel } from '../../lab/instance/media/write-media.ts'
import { keysInDatabase } from '../../lab/instance/rows-in-database.ts'

export type LabWithMedia = LabInstance & { readonly media: MediaSink }

export interface Truth {
  /** Every key in storage. */
  readonly objects: ReadonlySet<string>
  /** `kind id key` of every key a row claims and storage does not hold. */
  readonly dangling: ReadonlySet<string>
  /** Keys in storage that no remote record claims; files of local and protected records are always among them. */
  readonly unclaimed: ReadonlySet<string>
}

export async function truthOf(lab: LabWithMedia): Promise<Truth> {
  const objects = new Set<string>()
  for await (const { key } of lab.media.list('')) objects.add(key)
  const dangling = new Set<string>()
  const unclaimed = new Set(objects)
  for await (const { key, file } of keysInDatabase(lab.databaseUrl, lab.version)) {
    if (!objects.has(key)) dangling.add(`${file.kind} ${file.id} ${key}`)
    unclaimed.delete(key)
  }
  return { objects, dangling, unclaimed }
}

/** What is in one set and not in the other. */
export function without(one: ReadonlySet<string>, other: ReadonlySet<string>): readonly string[] {
  return [...one].filter((item) => !other.has(item))
}

/** One hash over every local file, name and bytes. */
export async function hashLocalMedia(lab: LabWithMedia): Promise<string> {
  const keys = [...lab.claims()].filter(({ remote }) => !remote).map(({ key }) => key)
  const files = new Map<string, Uint8Array>()
  await inParallel(keys, lab.media.concurrency, async (key) => {
    const bytes = await lab.media.get(key)
    if (bytes === null) throw new Error(`the local file ${key} is gone`)
    files.set(key, bytes)
  })
  const hash = createHash('sha256')
  for (const key of keys.sort()) hash.update(key).update(files.get(key) ?? '')
  return `${keys.length} files, ${hash.digest('hex')}`
}

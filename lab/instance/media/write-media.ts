import { claimsOf, type Claim } from '../claims.ts'
import type { LabKind } from '../keys.ts'
import type { World } from '../world.ts'
import type { MediaSink } from './media-sink.ts'

export interface WriteOptions {
  /** Write the files of these kinds only; default all. The database is complete either way. */
  readonly kinds?: readonly LabKind[] | undefined
}

/** Writes every file the instance has; returns how many and how large. The first failure ends it. */
export async function writeMedia(
  world: World,
  sink: MediaSink,
  options: WriteOptions = {},
): Promise<{ files: number; bytes: number }> {
  const written = { files: 0, bytes: 0 }
  await inParallel(claimsOf(world, options.kinds), sink.concurrency, async (claim) => {
    await putClaim(sink, claim)
    written.files += 1
    written.bytes += claim.bytes
  })
  return written
}

/** Writes one file as Mastodon left it: its time, and shut where its owner is suspended. */
export async function putClaim(sink: MediaSink, claim: Claim): Promise<void> {
  await sink.put(claim.key, claim.content, claim.contentType, {
    mode: claim.closed ? 0o600 : 0o644,
    modifiedAtMs: claim.modifiedAtMs,
  })
}

/** Takes items one after another, with up to `limit` being worked on. Rejects with the first failure. */
export async function inParallel<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  let failed = false
  const worker = async (): Promise<void> => {
    while (!failed) {
      const next = await source.next()
      if (next.done === true) return
      try {
        await work(next.value)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: limit }, worker))
}

/**
 * A listing without storage: every avatar and header an instance claims, computed from the lab's own statement of where
 * Mastodon stores files, in a file sorted by `sort` in byte order. Nothing of src takes part in making it.
 *
 * One line per object: key, bytes, last modification in ms, `open` or `closed`, with tabs between them. Beside it, in
 * `<path>.pages`, where each page of 1,000 lines begins.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { open, readFile, rm, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { claimsOf } from '../../lab/instance/claims.ts'
import type { World } from '../../lab/instance/world.ts'
import { rangeHolds } from '../../src/adapters/storage/key-range.ts'
import { compareKeys } from '../../src/core/model/key-order.ts'
import type { StoredObject } from '../../src/core/model/object.ts'
import type { ObjectLister } from '../../src/core/ports/storage.ts'
import { runProcess } from '../measure/run-process.ts'

/** Keys in a page, as S3 gives. */
const PAGE = 1_000

interface PageStart {
  readonly firstKey: string
  /** Offset in bytes. */
  readonly at: number
}

/** Writes the listing of the avatars and headers; returns the number of objects. */
export async function writeSortedListing(world: World, path: string): Promise<number> {
  const unsorted = `${path}.unsorted`
  await pipeline(Readable.from(linesOf(world)), createWriteStream(unsorted))
  await runProcess('sort', ['-o', path, unsorted], { env: { LC_ALL: 'C' } })
  await rm(unsorted)
  const pages: PageStart[] = []
  let objects = 0
  let at = 0
  for await (const line of createInterface({ input: createReadStream(path) })) {
    if (objects++ % PAGE === 0) pages.push({ firstKey: line.slice(0, line.indexOf('\t')), at })
    at += Buffer.byteLength(line) + 1
  }
  await writeFile(`${path}.pages`, JSON.stringify([...pages, { firstKey: null, at }]))
  return objects
}

function* linesOf(world: World): Generator<string> {
  let piece = ''
  for (const { key, bytes, modifiedAtMs, closed } of claimsOf(world, ['avatar', 'header'])) {
    piece += `${key}\t${bytes}\t${modifiedAtMs}\t${closed ? 'closed' : 'open'}\n`
    if (piece.length < 1 << 16) continue
    yield piece
    piece = ''
  }
  yield piece
}

/** Lists such a file as a store would: begins a range at its place, gives pages, keeps nothing. */
export async function openSortedListing(path: string): Promise<ObjectLister> {
  const pages = JSON.parse(await readFile(`${path}.pages`, 'utf8')) as PageStart[]
  const end = pages.pop()?.at ?? 0
  const largest = Math.max(...pages.map(({ at }, i) => (pages[i + 1]?.at ?? end) - at))
  return {
    async *list(range, options) {
      await using file = await open(path)
      const space = Buffer.alloc(largest)
      const later = pages.findIndex(({ firstKey }) => compareKeys(firstKey, range.after) > 0)
      const first = Math.max(0, (later < 0 ? pages.length : later) - 1)
      for (const [i, { firstKey, at }] of pages.slice(first).entries()) {
        options?.signal?.throwIfAborted()
        if (range.through !== null && compareKeys(firstKey, range.through) > 0) return
        const length = (pages[first + i + 1]?.at ?? end) - at
        await file.read(space, 0, length, at)
        const lines = space.toString('utf8', 0, length - 1).split('\n')
        const objects = lines.map(readLine).filter(({ key }) => rangeHolds(range, key))
        if (objects.length > 0) yield objects
      }
    },
  }
}

function readLine(line: string): StoredObject {
  const [key = '', bytes, modifiedAtMs, access] = line.split('\t')
  return {
    key,
    bytes: Number(bytes),
    modifiedAtMs: Number(modifiedAtMs),
    access: access === 'closed' ? 'closed' : 'open',
  }
}

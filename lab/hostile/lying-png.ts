/** PNGs that say one thing and hold another. */
import { deflateSync } from 'node:zlib'
import { pngChunk, pngOfZeros } from '../fediverse/odd-files.ts'
import { latin1 } from './hostile-picture.ts'
import type { HostilePicture } from './hostile-picture.ts'
import { IEND, SIGNATURE, chunksOf, ihdr, pngOf, withChunks } from './png-parts.ts'
import type { Header } from './png-parts.ts'
import { wholePicture } from './whole-pictures.ts'

/** A header, grey rows of zeros for `rows` (those it promises, if not told), and an end. */
function grey(header: Header, rows = header.height): Buffer {
  const data = deflateSync(Buffer.alloc((header.width + 1) * rows))
  return pngOf([
    { type: 'IHDR', data: ihdr(header) },
    { type: 'IDAT', data },
    { type: 'IEND', data: Buffer.alloc(0) },
  ])
}

const headOnly = (header: Header): Buffer => Buffer.concat([SIGNATURE, pngChunk('IHDR', ihdr(header)), IEND])

function changed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 0x55
  return copy
}

export function lyingPng(seed: number): readonly HostilePicture[] {
  const whole = (): Promise<Buffer> => wholePicture(seed, 'png')
  const broken = (name: string, bytes: () => Promise<Buffer> | Buffer): HostilePicture => ({
    name: `png ${name}`,
    bytes: async () => bytes(),
    expect: ['broken'],
  })
  return [
    broken('of no width', () => grey({ width: 0, height: 9 })),
    broken('of no height', () => grey({ width: 9, height: 0 })),
    broken('without data', () => headOnly({ width: 10, height: 10 })),
    broken('with fewer rows than promised', () => grey({ width: 60, height: 50 }, 20)),
    broken('with half a row', () => grey({ width: 60, height: 1 }, 0)),
    broken('of an unknown colour type', () => grey({ width: 9, height: 9, colourType: 9 })),
    broken('of a depth that does not exist', () => grey({ width: 9, height: 9, depth: 5 })),
    broken('of an unknown compression', () => grey({ width: 9, height: 9, compression: 3 })),
    broken('of an unknown filter method', () => grey({ width: 9, height: 9, filter: 7 })),
    broken('of an unknown interlacing', () => grey({ width: 9, height: 9, interlace: 2 })),
    broken('with colours but no palette', () => grey({ width: 9, height: 9, colourType: 3 })),
    broken('with a wrong checksum of its header', async () => changed(await whole(), 29)),
    broken('with a wrong checksum of its data', async () => {
      const bytes = await whole()
      return changed(bytes, bytes.length - 14)
    }),
    broken('with a chunk longer than the file', () => changed(pngOfZeros(10, 10), 33)),
    broken('whose first chunk is longer than four billion bytes', () => {
      const bytes = pngOfZeros(10, 10)
      bytes.writeUInt32BE(0xffffffff, 33)
      return bytes
    }),
    broken('whose header comes second', async () => {
      const [head, ...rest] = chunksOf(await whole())
      return pngOf([...rest.slice(0, 1), ...(head === undefined ? [] : [head]), ...rest.slice(1)])
    }),
    broken('whose data is no deflate stream', async () =>
      withChunks(await whole(), 'IDAT', ({ type, data }) => [
        { type, data: Buffer.alloc(data.length, 0x20) },
      ]),
    ),
    broken('whose data is text', async () =>
      withChunks(await whole(), 'IDAT', ({ type }) => [{ type, data: latin1('no picture here') }]),
    ),
    broken('with rubbish for filters', () => {
      const rows = Buffer.alloc(61 * 60, 0xee)
      return pngOf([
        { type: 'IHDR', data: ihdr({ width: 60, height: 60 }) },
        { type: 'IDAT', data: deflateSync(rows) },
        { type: 'IEND', data: Buffer.alloc(0) },
      ])
    }),
    {
      name: 'png with more rows than promised',
      bytes: async () => grey({ width: 60, height: 50 }, 500),
      expect: ['made', 'broken'],
    },
    {
      name: 'png with two headers',
      bytes: async () => withChunks(await whole(), 'IHDR', (chunk) => [chunk, chunk]),
      expect: ['made', 'broken'],
    },
    {
      name: 'png in ten thousand chunks of data without a byte',
      bytes: async () =>
        withChunks(await whole(), 'IHDR', (chunk) => [
          chunk,
          ...Array.from({ length: 10_000 }, () => ({ type: 'IDAT', data: Buffer.alloc(0) })),
        ]),
      expect: ['made', 'broken'],
    },
    {
      name: 'png with an unknown chunk it calls critical',
      bytes: async () =>
        withChunks(await whole(), 'IHDR', (chunk) => [chunk, { type: 'EVIL', data: Buffer.alloc(9) }]),
      expect: ['made', 'broken'],
    },
    {
      name: 'png with a text that unpacks to 64 MiB',
      bytes: async () => {
        const packed = deflateSync(Buffer.alloc(64 * 1024 * 1024))
        const data = Buffer.concat([latin1('Comment\0\0'), packed])
        return withChunks(await whole(), 'IHDR', (chunk) => [chunk, { type: 'zTXt', data }])
      },
      expect: ['made', 'broken'],
    },
    {
      name: 'png with a colour profile that unpacks to 64 MiB',
      bytes: async () => {
        const packed = deflateSync(Buffer.alloc(64 * 1024 * 1024))
        const data = Buffer.concat([latin1('icc\0\0'), packed])
        return withChunks(await whole(), 'IHDR', (chunk) => [chunk, { type: 'iCCP', data }])
      },
      expect: ['made', 'broken'],
    },
    {
      name: 'png of the largest size its header can tell',
      bytes: async () => headOnly({ width: 0x7fffffff, height: 0x7fffffff }),
      expect: ['too-many-pixels'],
    },
    {
      name: 'png of a size beyond what its header may tell',
      bytes: async () => headOnly({ width: 0xffffffff, height: 0xffffffff }),
      expect: ['too-many-pixels'],
    },
    {
      name: 'png of four billion columns and one row',
      bytes: async () => headOnly({ width: 0xffffffff, height: 1 }),
      expect: ['too-many-pixels'],
    },
  ]
}

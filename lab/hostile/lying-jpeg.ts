/** JPEGs that say one thing and hold another. */
import { ANY_END, latin1 } from './hostile-picture.ts'
import type { Ending, HostilePicture } from './hostile-picture.ts'
import {
  DHT,
  DQT,
  EOI,
  SOF0,
  SOF2,
  SOS,
  endOfSegment,
  findSegment,
  insertSegments,
  segment,
  withSize,
  withoutSegment,
} from './jpeg-parts.ts'
import { wholePicture } from './whole-pictures.ts'

/** A frame header of one component. */
function frame(width: number, height: number): Buffer {
  const data = Buffer.from([8, 0, 0, 0, 0, 1, 1, 0x11, 0])
  data.writeUInt16BE(height, 1)
  data.writeUInt16BE(width, 3)
  return segment(SOF0, data)
}

const SCAN = segment(SOS, Buffer.from([1, 1, 0, 0, 63, 0]))
const SOI = latin1('\xff\xd8')

/** The first scan of a progressive file again and again: each costs a pass over the whole picture. */
function manyScans(jpeg: Buffer, times: number): Buffer {
  const at = findSegment(jpeg, SOS)
  let end = endOfSegment(jpeg, at)
  while (!(jpeg[end] === 0xff && jpeg[end + 1] !== 0 && !isRestart(jpeg[end + 1] ?? 0))) end++
  const scan = jpeg.subarray(at, end)
  return Buffer.concat([
    jpeg.subarray(0, at),
    ...Array.from({ length: times }, () => scan),
    jpeg.subarray(end),
  ])
}

const isRestart = (marker: number): boolean => marker >= 0xd0 && marker <= 0xd7

/** With what is in a table of Huffman codes replaced. */
function withHuffman(jpeg: Buffer, fill: (data: Buffer) => void): Buffer {
  const copy = Buffer.from(jpeg)
  const at = findSegment(copy, DHT)
  fill(copy.subarray(at + 4, endOfSegment(copy, at)))
  return copy
}

export function lyingJpeg(seed: number): readonly HostilePicture[] {
  const whole = (): Promise<Buffer> => wholePicture(seed, 'jpeg')
  const progressive = (): Promise<Buffer> => wholePicture(seed, 'progressive jpeg')
  const one = (
    name: string,
    bytes: () => Promise<Buffer> | Buffer,
    ...expect: readonly Ending[]
  ): HostilePicture => ({
    name: `jpeg ${name}`,
    bytes: async () => bytes(),
    expect: expect.length === 0 ? ['broken'] : expect,
  })
  return [
    one('of nothing but its first bytes', () => latin1('\xff\xd8\xff')),
    one('without a frame', async () => withoutSegment(await whole(), SOF0)),
    one('without a scan', () => Buffer.concat([SOI, frame(10, 10), EOI])),
    one('with an empty scan', () => Buffer.concat([SOI, frame(10, 10), SCAN, EOI])),
    one('without a table of codes', () => Buffer.concat([SOI, frame(64, 64), SCAN, latin1('\0\0\0'), EOI])),
    one('without a table of quantities', async () => withoutSegment(await whole(), DQT)),
    one('of no width', async () => withSize(await whole(), SOF0, 0, 90)),
    one('of no height', async () => withSize(await whole(), SOF0, 120, 0)),
    // Too little is a warning to decoders: the rest is grey, in Mastodon as well.
    one(
      'four times as high as its scan',
      async () => withSize(await whole(), SOF0, 120, 360),
      'made',
      'broken',
    ),
    one(
      'four times as wide as its scan',
      async () => withSize(await whole(), SOF0, 480, 90),
      'made',
      'broken',
    ),
    one('smaller than its scan', async () => withSize(await whole(), SOF0, 16, 16), 'made', 'broken'),
    one(
      'of 65500 pixels a side',
      async () => withSize(await whole(), SOF0, 65_500, 65_500),
      'too-many-pixels',
    ),
    one(
      'of 65535 pixels a side',
      async () => withSize(await whole(), SOF0, 65_535, 65_535),
      'too-many-pixels',
    ),
    one('with a second frame of another size', async () => {
      const bytes = await whole()
      const at = findSegment(bytes, SOF0)
      return Buffer.concat([bytes.subarray(0, at), frame(40, 40), bytes.subarray(at)])
    }),
    one(
      'with a second frame of 65500 pixels a side',
      async () => {
        const bytes = await whole()
        const at = findSegment(bytes, SOF0)
        return Buffer.concat([bytes.subarray(0, at), frame(65_500, 65_500), bytes.subarray(at)])
      },
      'too-many-pixels',
    ),
    one('whose codes are all ones', async () => withHuffman(await whole(), (data) => data.fill(0xff))),
    one('whose codes are all zeros', async () => withHuffman(await whole(), (data) => data.fill(0))),
    one(
      'with one code table shifted',
      async () => withHuffman(await whole(), (data) => data.copyWithin(1, 0)),
      ...ANY_END,
    ),
    one('with a segment longer than the file', async () =>
      insertSegments(await whole(), segment(0xe5, Buffer.alloc(9), 0xffff)),
    ),
    one(
      'with a segment of length zero',
      async () => insertSegments(await whole(), segment(0xe5, Buffer.alloc(9), 0)),
      ...ANY_END,
    ),
    one(
      'with five thousand comments',
      async () =>
        insertSegments(await whole(), ...Array.from({ length: 5000 }, () => segment(0xfe, latin1('hello')))),
      'made',
    ),
    one(
      'filled up with a million fill bytes',
      async () => insertSegments(await whole(), Buffer.alloc(1_000_000, 0xff)),
      'made',
      'broken',
    ),
    one(
      'with rubbish right behind its start',
      async () => insertSegments(await whole(), latin1('rubbish')),
      'wrong-type',
    ),
    one(
      'with rubbish between its segments',
      async () => {
        const bytes = await whole()
        const at = findSegment(bytes, SOF0)
        return Buffer.concat([bytes.subarray(0, at), latin1('rubbish'), bytes.subarray(at)])
      },
      'made',
      'broken',
    ),
    one('with 2,000 scans', async () => manyScans(await progressive(), 2000), 'made', 'broken'),
    one(
      'of 2500x2500 with 500 scans',
      async () => manyScans(withSize(await progressive(), SOF2, 2500, 2500), 500),
      'broken',
    ),
    one(
      'arithmetically coded, or so it says',
      async () => {
        const bytes = await whole()
        bytes[findSegment(bytes, SOF0) + 1] = 0xc9
        return bytes
      },
      'made',
      'broken',
    ),
    one('lossless, or so it says', async () => {
      const bytes = await whole()
      bytes[findSegment(bytes, SOF0) + 1] = 0xc3
      return bytes
    }),
    one('of 12 bits, or so it says', async () => {
      const bytes = await whole()
      bytes[findSegment(bytes, SOF0) + 4] = 12
      return bytes
    }),
    one('of two hundred components, or so it says', async () => {
      const bytes = await whole()
      bytes[findSegment(bytes, SOF0) + 9] = 200
      return bytes
    }),
    one(
      'that restarts in the wrong places',
      async () => {
        const bytes = await whole()
        const at = endOfSegment(bytes, findSegment(bytes, SOS)) + 200
        return Buffer.concat([bytes.subarray(0, at), latin1('\xff\xd3\xff\xd0'), bytes.subarray(at)])
      },
      ...ANY_END,
    ),
  ]
}

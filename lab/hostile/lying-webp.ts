/** WebPs that say one thing and hold another (RFC 9649). */
import { riff, webpOfOneColour } from '../fediverse/odd-files.ts'
import { latin1 } from './hostile-picture.ts'
import type { Ending, HostilePicture } from './hostile-picture.ts'
import { wholePicture } from './whole-pictures.ts'

type Parts = Parameters<typeof riff>[0]

/** VP8X: flags and a canvas. */
function canvas(width: number, height: number, flags = 0): Parts[number] {
  const data = Buffer.alloc(10)
  data[0] = flags
  data.writeUIntLE(width - 1, 4, 3)
  data.writeUIntLE(height - 1, 7, 3)
  return ['VP8X', data]
}

const lossless = (side: number): Parts[number] => ['VP8L', webpOfOneColour(side, side).subarray(20)]

/** ANMF: where, how large, and its picture. */
function frame(at: number, side: number, picture: Buffer): Parts[number] {
  const head = Buffer.alloc(16)
  head.writeUIntLE(at, 0, 3)
  head.writeUIntLE(at, 3, 3)
  head.writeUIntLE(side - 1, 6, 3)
  head.writeUIntLE(side - 1, 9, 3)
  return ['ANMF', Buffer.concat([head, picture])]
}

const ANIMATED = 0x02
const LOOP: Parts[number] = ['ANIM', Buffer.alloc(6)]

/** The lossless picture as a chunk of its own, as frames hold it. */
const inner = (side: number): Buffer => webpOfOneColour(side, side).subarray(12)

export function lyingWebp(seed: number): readonly HostilePicture[] {
  const one = (
    name: string,
    bytes: () => Promise<Buffer> | Buffer,
    ...expect: readonly Ending[]
  ): HostilePicture => ({
    name: `webp ${name}`,
    bytes: async () => bytes(),
    expect: expect.length === 0 ? ['broken'] : expect,
  })
  return [
    one('of nothing but its head', () => latin1('RIFF\x04\0\0\0WEBP')),
    one('of rubbish', () => riff([['XXXX', latin1('rubbish')]])),
    one('of a canvas without a picture', () => riff([canvas(10, 10)])),
    one('whose canvas is smaller than its picture', () => riff([canvas(8, 8), lossless(64)])),
    one('whose canvas is larger than its picture', () => riff([canvas(640, 640), lossless(64)])),
    one('whose small canvas hides a bomb', () => riff([canvas(8, 8), lossless(16_384)]), 'too-many-pixels'),
    one(
      'on a canvas of 281 billion pixels',
      () => riff([canvas(16_777_216, 16_777_216), lossless(64)]),
      'too-many-pixels',
    ),
    one('that says it is shorter than it is', async () => {
      const bytes = await wholePicture(seed, 'webp')
      bytes.writeUInt32LE(100, 4)
      return bytes
    }),
    one('that says it is longer than it is', async () => {
      const bytes = await wholePicture(seed, 'webp')
      bytes.writeUInt32LE(bytes.length + 100, 4)
      return bytes
    }),
    one('of four billion bytes, or so it says', async () => {
      const bytes = await wholePicture(seed, 'webp')
      bytes.writeUInt32LE(0xfffffff6, 4)
      return bytes
    }),
    one('whose picture chunk is longer than the file', async () => {
      const bytes = await wholePicture(seed, 'webp')
      bytes.writeUInt32LE(0x7ffffff0, 16)
      return bytes
    }),
    one('animated without frames', () => riff([canvas(20, 20, ANIMATED), LOOP])),
    one(
      'animated with a frame outside its canvas',
      () => riff([canvas(20, 20, ANIMATED), LOOP, frame(500, 20, inner(20)), frame(0, 20, inner(20))]),
      'broken',
      'made',
    ),
    one(
      'animated with a frame larger than its canvas',
      () => riff([canvas(20, 20, ANIMATED), LOOP, frame(0, 64, inner(64)), frame(0, 20, inner(20))]),
      'broken',
      'made',
    ),
    one(
      'animated with a frame that disagrees with its picture',
      () => riff([canvas(40, 40, ANIMATED), LOOP, frame(0, 20, inner(40)), frame(0, 40, inner(40))]),
      'broken',
      'made',
    ),
    one('animated with frames of nothing', () =>
      riff([canvas(20, 20, ANIMATED), LOOP, frame(0, 20, Buffer.alloc(0)), frame(0, 20, Buffer.alloc(0))]),
    ),
    one(
      'animated with frames that take no time',
      () =>
        riff([canvas(20, 20, ANIMATED), LOOP, ...Array.from({ length: 9 }, () => frame(0, 20, inner(20)))]),
      'made',
    ),
    one(
      'with 10,000 unknown chunks',
      async () => {
        const picture = (await wholePicture(seed, 'lossless webp')).subarray(20)
        const more = Array.from({ length: 10_000 }, (): Parts[number] => ['ODDS', latin1('hello')])
        return riff([canvas(120, 90), ...more, ['VP8L', picture]])
      },
      'made',
      'broken',
    ),
    one(
      'with a transparency it does not have',
      () => riff([canvas(64, 64, 0x10), lossless(64)]),
      'made',
      'broken',
    ),
    one(
      'with damaged transparency',
      async () => {
        const bytes = await wholePicture(seed, 'webp')
        return riff([canvas(120, 90, 0x10), ['ALPH', Buffer.alloc(20, 0xff)], ['VP8 ', bytes.subarray(20)]])
      },
      'made',
      'broken',
    ),
  ]
}

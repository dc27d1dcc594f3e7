/** Small files that ask for a lot: of memory, of time, of patience. */
import { gifOnCanvas, pngOfZeros, riff, webpOfOneColour } from '../fediverse/odd-files.ts'
import sharp from 'sharp'
import type { Sharp } from 'sharp'
import type { Ending, HostilePicture } from './hostile-picture.ts'
import { insertSegments, segment } from './jpeg-parts.ts'
import { busy, wholePicture } from './whole-pictures.ts'

/** Frames of one colour on an animated canvas. */
function webpFrames(side: number, frames: number): Buffer {
  const canvas = Buffer.alloc(10)
  canvas[0] = 0x02
  canvas.writeUIntLE(side - 1, 4, 3)
  canvas.writeUIntLE(side - 1, 7, 3)
  const head = Buffer.alloc(16)
  head.writeUIntLE(side - 1, 6, 3)
  head.writeUIntLE(side - 1, 9, 3)
  const frame = Buffer.concat([head, webpOfOneColour(side, side).subarray(12)])
  return riff([
    ['VP8X', canvas],
    ['ANIM', Buffer.alloc(6)],
    ...Array.from({ length: frames }, () => ['ANMF', frame] as const),
  ])
}

function blank(side: number): Sharp {
  return sharp({ create: { width: side, height: side, channels: 3, background: 'teal' } })
}

export function bombs(seed: number): readonly HostilePicture[] {
  const one = (
    name: string,
    bytes: () => Promise<Buffer> | Buffer,
    ...expect: readonly Ending[]
  ): HostilePicture => ({
    name: `bomb: ${name}`,
    bytes: async () => bytes(),
    expect: expect.length === 0 ? ['too-many-pixels'] : expect,
  })
  return [
    one('PNG of 400 million pixels', () => pngOfZeros(20_000, 20_000)),
    one('PNG of a million columns and a hundred rows', () => pngOfZeros(1_000_000, 100)),
    one('WebP of 268 million pixels', () => webpOfOneColour(16_384, 16_384)),
    one('GIF on a canvas of four billion', () => gifOnCanvas(65_535, 65_535)),
    one('GIF of 200,000 frames', () => gifOnCanvas(2, 2, 200_000)),
    one('GIF whose frames are small one by one', () => gifOnCanvas(5000, 5000, 5)),
    one('WebP whose frames are small one by one', () => webpFrames(2000, 30)),
    one('WebP of 20,000 frames', () => webpFrames(2, 20_000)),
    one('PNG just within the limit, all of one colour', () => pngOfZeros(5760, 5760), 'made'),
    one('WebP just within the limit, all of one colour', () => webpOfOneColour(5760, 5760), 'made'),
    one('GIF just within the limit, one pixel drawn', () => gifOnCanvas(5760, 5760), 'made'),
    one('GIF within the limit, all drawn', () => blank(5700).gif({ effort: 1 }).toBuffer(), 'made'),
    one(
      'PNG within the limit, interlaced',
      async () =>
        busy(seed, 64, 64).resize(4000, 4000, { kernel: 'nearest' }).png({ progressive: true }).toBuffer(),
      'made',
    ),
    one(
      'JPEG within the limit, progressive',
      async () =>
        busy(seed, 64, 64).resize(5000, 5000, { kernel: 'nearest' }).jpeg({ progressive: true }).toBuffer(),
      'made',
    ),
    one('WebP of 600 frames within the limit', () => webpFrames(400, 600), 'made'),
    one(
      'JPEG with 16 MiB of segments nobody reads',
      async () =>
        insertSegments(
          await wholePicture(seed, 'jpeg'),
          ...Array.from({ length: 255 }, () => segment(0xec, Buffer.alloc(65_533))),
        ),
      'made',
    ),
  ]
}

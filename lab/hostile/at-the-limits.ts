/** Pictures exactly at each limit, and one step beyond. */
import { gifOnCanvas, pngOfZeros, webpOfOneColour } from '../fediverse/odd-files.ts'
import type { Ending, HostilePicture } from './hostile-picture.ts'
import { busy } from './whole-pictures.ts'

export function atTheLimits(seed: number): readonly HostilePicture[] {
  const one = (
    name: string,
    bytes: () => Promise<Buffer> | Buffer,
    ...expect: readonly Ending[]
  ): HostilePicture => ({
    name: `limit: ${name}`,
    bytes: async () => bytes(),
    expect: expect.length === 0 ? ['made'] : expect,
  })
  const beyond = (name: string, bytes: () => Buffer): HostilePicture => one(name, bytes, 'too-many-pixels')
  const drawn = (width: number, height: number, format: 'jpeg' | 'png' | 'webp' | 'gif') => () =>
    busy(seed, width, height).toFormat(format).toBuffer()
  return [
    one('PNG of 7680x4320', () => pngOfZeros(7680, 4320)),
    beyond('PNG of 7680x4321', () => pngOfZeros(7680, 4321)),
    beyond('PNG of 33,177,601 by one', () => pngOfZeros(33_177_601, 1)),
    one('WebP of 7680x4320', () => webpOfOneColour(7680, 4320)),
    beyond('WebP of 7681x4320', () => webpOfOneColour(7681, 4320)),
    one('GIF of 7680x4320', () => gifOnCanvas(7680, 4320)),
    beyond('GIF of 7680x4321', () => gifOnCanvas(7680, 4321)),
    one('GIF of 1280x720', () => gifOnCanvas(1280, 720)),
    {
      ...one('GIF of 1280x721', () => gifOnCanvas(1280, 721)),
      attachment: ['too-many-pixels'],
    },
    one('GIF of 3,000 frames', () => gifOnCanvas(400, 3, 3000)),
    beyond('GIF of 3,001 frames', () => gifOnCanvas(400, 3, 3001)),
    one('GIF of a hundred million pixels in all its frames', () => gifOnCanvas(400, 400, 625)),
    beyond('GIF of one frame more than a hundred million pixels', () => gifOnCanvas(400, 400, 626)),
    one('JPEG of 400x400', drawn(400, 400, 'jpeg')),
    one('JPEG of 401x401', drawn(401, 401, 'jpeg')),
    one('PNG of 399x399', drawn(399, 399, 'png')),
    one('JPEG of 640x360', drawn(640, 360, 'jpeg')),
    one('JPEG of 641x360', drawn(641, 360, 'jpeg')),
    one('WebP of 1500x500', drawn(1500, 500, 'webp')),
    one('WebP of 1501x500', drawn(1501, 500, 'webp')),
    one('PNG of 3840x2160', () => pngOfZeros(3840, 2160)),
    one('PNG of 3840x2161', () => pngOfZeros(3840, 2161)),
    ...(['jpeg', 'png', 'webp', 'gif'] as const).flatMap((format) => [
      one(`${format} of one pixel`, drawn(1, 1, format)),
      one(`${format} of one row`, drawn(9000, 1, format)),
      one(`${format} of one column`, drawn(1, 9000, format)),
    ]),
    one('JPEG as wide as can be', drawn(65_500, 1, 'jpeg')),
    one('WebP as high as can be', drawn(1, 16_383, 'webp')),
    one('GIF as wide as can be', () => gifOnCanvas(65_535, 1)),
    // Enlarged to 400 on their short side they are too long for any decoder; shrunk to a number of pixels they are not.
    {
      ...one('PNG of a million columns and one row', () => pngOfZeros(1_000_000, 1), 'broken'),
      attachment: ['made'],
    },
    {
      ...one('PNG of a million rows and one column', () => pngOfZeros(1, 1_000_000), 'broken'),
      attachment: ['made'],
    },
  ]
}

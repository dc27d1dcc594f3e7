/** Sound pictures of every sort that is damaged or stretched elsewhere: small, busy, and the same for one seed. */
import sharp from 'sharp'
import type { Sharp } from 'sharp'
import { Dice, subjectOf } from '../instance/dice.ts'
import { apngOf } from './png-parts.ts'

export type Sort =
  | 'jpeg'
  | 'progressive jpeg'
  | 'jpeg with EXIF'
  | 'png'
  | 'interlaced png'
  | 'paletted png'
  | 'animated png'
  | 'gif'
  | 'animated gif'
  | 'webp'
  | 'lossless webp'
  | 'animated webp'

export const SORTS: readonly Sort[] = [
  'jpeg',
  'progressive jpeg',
  'jpeg with EXIF',
  'png',
  'interlaced png',
  'paletted png',
  'animated png',
  'gif',
  'animated gif',
  'webp',
  'lossless webp',
  'animated webp',
]

/** A picture in which every row says something, so that a cut anywhere loses something. */
export function busy(seed: number, width: number, height: number, channels: 3 | 4 = 3): Sharp {
  const dice = new Dice(seed, subjectOf('busy'), width * 65_537 + height)
  const pixels = Buffer.alloc(width * height * channels)
  for (let at = 0; at + 4 <= pixels.length; at += 4) pixels.writeUInt32LE(dice.next(), at)
  return sharp(pixels, { raw: { width, height, channels } })
}

/** Three frames that differ. */
export async function busyFrames(seed: number, width: number, height: number): Promise<Sharp> {
  const frames = [1, 2, 3].map((by) =>
    busy(seed + by, width, height)
      .png()
      .toBuffer(),
  )
  return sharp(await Promise.all(frames), { join: { animated: true } })
}

/** About 120x90, whole and valid. */
export async function wholePicture(seed: number, sort: Sort): Promise<Buffer> {
  const still = busy(seed, 120, 90)
  switch (sort) {
    case 'jpeg':
      return still.jpeg().toBuffer()
    case 'progressive jpeg':
      return still.jpeg({ progressive: true }).toBuffer()
    case 'jpeg with EXIF':
      return still
        .jpeg()
        .withExif({ IFD0: { Artist: 'ada' } })
        .toBuffer()
    case 'png':
      return still.png().toBuffer()
    case 'interlaced png':
      return still.png({ progressive: true }).toBuffer()
    case 'paletted png':
      return still.png({ palette: true, colours: 16 }).toBuffer()
    case 'animated png':
      return apngOf(
        await still.png().toBuffer(),
        await busy(seed + 1, 120, 90)
          .png()
          .toBuffer(),
      )
    case 'gif':
      return still.gif().toBuffer()
    case 'animated gif':
      return (await busyFrames(seed, 120, 90)).gif().toBuffer()
    case 'webp':
      return still.webp().toBuffer()
    case 'lossless webp':
      return still.webp({ lossless: true }).toBuffer()
    case 'animated webp':
      return (await busyFrames(seed, 120, 90)).webp().toBuffer()
  }
}

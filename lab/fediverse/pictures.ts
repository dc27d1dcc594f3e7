/**
 * The pictures the little fediverse serves: real files, drawn on first use and kept.
 *
 * Every account gets one of a few colours and sizes by its name, so that ten thousand accounts need no more than
 * a few dozen files in memory. A third of the avatars already has 400x400 pixels, a third of the headers already fits.
 */
import { createHash } from 'node:crypto'
import sharp from 'sharp'

export type PictureKind = 'avatar' | 'header'

/** `animated.gif` ends in `.gif` like a still one; its three frames differ. */
export type PictureExtension = 'png' | 'jpg' | 'webp' | 'gif' | 'animated.gif'

export const PICTURE_EXTENSIONS: readonly PictureExtension[] = ['png', 'jpg', 'webp', 'gif', 'animated.gif']

/** What most servers send most of the time comes up most often. */
const USUAL: readonly PictureExtension[] = [
  'png',
  'jpg',
  'png',
  'jpg',
  'png',
  'jpg',
  'webp',
  'png',
  'gif',
  'animated.gif',
]

const SIZES = {
  avatar: [
    { width: 500, height: 500 },
    { width: 400, height: 400 },
    { width: 460, height: 512 },
  ],
  header: [
    { width: 1600, height: 600 },
    { width: 1500, height: 500 },
    { width: 1200, height: 800 },
  ],
} as const

const VARIANTS = 6
const FRAMES = 3

export interface Picture {
  readonly bytes: Buffer
  readonly contentType: string
}

/** A number from a name, the same in every run. */
export function numberFrom(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0)
}

/** The extension an account's picture has unless the lab says otherwise. */
export function usualExtension(username: string, which: PictureKind): PictureExtension {
  return USUAL[numberFrom(`${which}:${username}`) % USUAL.length] ?? 'png'
}

/** Draws on demand and keeps every variant: at most 6 x 2 x 5 small files. */
export function openPictures(): {
  draw(username: string, which: PictureKind, extension: PictureExtension): Promise<Picture>
} {
  const drawn = new Map<string, Promise<Picture>>()
  return {
    draw(username, which, extension) {
      const variant = numberFrom(username) % VARIANTS
      const name = `${variant} ${which} ${extension}`
      const known = drawn.get(name)
      if (known !== undefined) return known
      const picture = drawVariant(variant, which, extension)
      drawn.set(name, picture)
      return picture
    },
  }
}

async function drawVariant(
  variant: number,
  which: PictureKind,
  extension: PictureExtension,
): Promise<Picture> {
  const { width, height } = SIZES[which][variant % 3] ?? SIZES[which][0]
  const frames = extension === 'animated.gif' ? FRAMES : 1
  const pixels = Buffer.concat(
    Array.from({ length: frames }, (_, frame) => paint(width, height, variant * 60 + frame * 25)),
  )
  const raw = { width, height: height * frames, channels: 3 as const, pageHeight: height }
  const image = sharp(pixels, { raw })
  switch (extension) {
    case 'png':
      return { bytes: await image.png({ compressionLevel: 3 }).toBuffer(), contentType: 'image/png' }
    case 'jpg':
      return { bytes: await image.jpeg().toBuffer(), contentType: 'image/jpeg' }
    case 'webp':
      return { bytes: await image.webp({ effort: 0 }).toBuffer(), contentType: 'image/webp' }
    case 'gif':
    case 'animated.gif': {
      const delay = Array.from({ length: frames }, () => 120)
      const bytes = await image.gif({ effort: 1, dither: 0, delay, loop: 0 }).toBuffer()
      return { bytes, contentType: 'image/gif' }
    }
  }
}

/** Broad diagonal bands around a hue, with a disc in the middle: compresses well, and a wrong crop shows. */
function paint(width: number, height: number, hue: number): Buffer {
  const pixels = Buffer.alloc(width * height * 3)
  const radius = Math.min(width, height) / 3
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = Math.hypot(x - width / 2, y - height / 2) < radius
      const shade = inside ? 235 : 70 + ((x + y) >> 5) * 9
      const at = (y * width + x) * 3
      pixels[at] = (shade + hue) & 0xff
      pixels[at + 1] = (shade + hue * 2) & 0xff
      pixels[at + 2] = (shade + 255 - hue) & 0xff
    }
  }
  return pixels
}

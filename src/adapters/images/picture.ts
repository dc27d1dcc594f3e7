/** A picture whose structure is sound, and how it is read. */
import type { Metadata, Sharp, SharpOptions } from 'sharp'
import type { OpenImage } from './load-sharp.ts'
import type { Shape } from './shape.ts'
import type { PictureType } from './sniff-type.ts'

export interface Source {
  readonly bytes: Uint8Array
  readonly type: PictureType
  readonly shape: Shape
}

/** A source as its decoder sees it. */
export interface Picture extends Source {
  readonly facts: Metadata
  /** Begins to read it anew, the first frame only unless `animated`. */
  readonly read: (options?: SharpOptions) => Sharp
}

/** A sentence instead, if the decoder sees another type. Rejects with what sharp says of damage. */
export async function openPicture(
  open: OpenImage,
  source: Source,
  timeoutMs: number,
): Promise<Picture | string> {
  const { bytes, type, shape } = source
  const seconds = Math.max(1, Math.ceil(timeoutMs / 1000))
  const read = (options: SharpOptions = {}): Sharp =>
    open(bytes, {
      // Refuses what ends early or is damaged, where libvips by default (and so Mastodon) would paint it grey and keep
      // it for good. Mere warnings (odd profiles, stray bytes between markers) pass.
      failOn: 'error',
      autoOrient: true,
      limitInputPixels: shape.width * shape.height * (options.animated === true ? shape.frames : 1),
      ...options,
    }).timeout({ seconds })
  const facts = await read().metadata()
  if (`image/${facts.format}` !== type) return `it begins like ${type} and decodes as ${facts.format}`
  return { ...source, facts, read }
}

/** Whether it carries what a stored picture should not tell: EXIF, XMP or IPTC. */
export function tellsTales({ facts }: Picture): boolean {
  return facts.exif !== undefined || facts.xmp !== undefined || facts.iptc !== undefined
}

/**
 * Reads every pixel of every frame and keeps none. Shrinking to one pixel with the default kernel needs all rows
 * (`nearest` would look at the middle one and stop), and only a few of them are in memory at once.
 */
export async function decodeAll({ read, shape }: Picture): Promise<void> {
  const animated = shape.frames > 1
  await read({ animated }).resize(1, 1, { fit: 'fill' }).raw().toBuffer()
}

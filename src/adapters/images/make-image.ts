/** One picture: read, made to fit, and read again. Runs in a lane. */
import type { Metadata, Sharp, SharpOptions } from 'sharp'
import type { ImageFile, ImageOutcome, ImageRecipe } from '../../core/ports/images.ts'
import { encode, keepProfile } from './encode.ts'
import { fitGeometry } from './fit-geometry.ts'
import type { Size } from './fit-geometry.ts'
import type { OpenImage } from './load-sharp.ts'
import { readImageFailure } from './read-image-failure.ts'
import type { Shape } from './shape.ts'
import type { PictureType } from './sniff-type.ts'

export interface Source {
  readonly bytes: Uint8Array
  readonly type: PictureType
  readonly shape: Shape
}

const EXTENSIONS: Readonly<Record<PictureType, string>> = {
  'image/jpeg': '.jpg',
  'image/png': '.png',
  'image/gif': '.gif',
  'image/webp': '.webp',
}

/** Never rejects for what the bytes are. */
export async function makeImage(open: OpenImage, source: Source, recipe: ImageRecipe): Promise<ImageOutcome> {
  const { bytes, type, shape } = source
  const read = (options: SharpOptions = {}): Sharp =>
    open(bytes, {
      // Refuses what ends early or is damaged, where libvips by default (and so Mastodon) would paint it grey and keep
      // it for good. Mere warnings (odd profiles, stray bytes between markers) pass.
      failOn: 'error',
      autoOrient: true,
      limitInputPixels: shape.width * shape.height * (options.animated === true ? shape.frames : 1),
      ...options,
    }).timeout({ seconds: Math.max(1, Math.ceil(recipe.timeoutMs / 1000)) })
  try {
    const facts = await read().metadata()
    if (`image/${facts.format}` !== type)
      return broken(`it begins like ${type} and decodes as ${facts.format}`)
    const size = fitGeometry(recipe.geometry, facts.autoOrient)
    const original = await makeOriginal(read, source, recipe, facts, size)
    const wantsStill = recipe.still === 'always' || (recipe.still === 'gif' && type === 'image/gif')
    const still = wantsStill ? await write(resized(read(), recipe, size), facts, 'image/png') : null
    const wrong =
      (await misfit(open, original, type, size ?? facts.autoOrient)) ??
      (still === null ? null : await misfit(open, still, 'image/png', size ?? facts.autoOrient))
    if (wrong !== null) return broken(wrong)
    const { width, height } = size ?? facts.autoOrient
    return {
      kind: 'made',
      original,
      still,
      small: null,
      sizes: { original: { width, height }, small: null },
      blurhash: null,
      extension: EXTENSIONS[type],
    }
  } catch (error) {
    return readImageFailure(error, shape.width * shape.height)
  }
}

async function makeOriginal(
  read: (options?: SharpOptions) => Sharp,
  { bytes, type, shape }: Source,
  recipe: ImageRecipe,
  facts: Metadata,
  size: Size | null,
): Promise<ImageFile> {
  const tells = facts.exif !== undefined || facts.xmp !== undefined || facts.iptc !== undefined
  if (recipe.geometry.rule === 'keep' || (size === null && !tells)) {
    await decodeAll(read({ animated: shape.frames > 1 }))
    return { bytes, contentType: type }
  }
  // Animated WebP and PNG keep their first frame only, as in Mastodon.
  const animated = type === 'image/gif' && shape.frames > 1
  return write(resized(read({ animated }), recipe, size), facts, type)
}

function resized(image: Sharp, { geometry }: ImageRecipe, size: Size | null): Sharp {
  if (size === null) return image
  // The size for `pixels` has the ratio already; leaving sharp to keep it would round once more.
  return image.resize(size.width, size.height, { fit: geometry.rule === 'cover' ? 'cover' : 'fill' })
}

async function write(image: Sharp, facts: Metadata, type: PictureType): Promise<ImageFile> {
  return { bytes: await encode(keepProfile(image, facts), type).toBuffer(), contentType: type }
}

/**
 * Reads every pixel of every frame and keeps none. Shrinking to one pixel with the default kernel needs all rows
 * (`nearest` would look at the middle one and stop), and only a few of them are in memory at once.
 */
async function decodeAll(image: Sharp): Promise<void> {
  await image.resize(1, 1, { fit: 'fill' }).raw().toBuffer()
}

/** Null if the file is what it should be; what we write is checked like what we are given. */
async function misfit(
  open: OpenImage,
  file: ImageFile,
  type: PictureType,
  size: Size,
): Promise<string | null> {
  const { format, autoOrient } = await open(file.bytes, {
    failOn: 'error',
    limitInputPixels: false,
  }).metadata()
  const fits = autoOrient.width === size.width && autoOrient.height === size.height
  if (`image/${format}` === type && fits) return null
  return `what was made of it is ${format} of ${autoOrient.width}x${autoOrient.height} instead of ${type} of ${size.width}x${size.height}`
}

function broken(reason: string): ImageOutcome {
  return { kind: 'broken', reason }
}

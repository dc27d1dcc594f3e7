/** One picture written to bytes, and looked at again. */
import type { ImageFile, ImageRecipe, ImageSize } from '../../core/ports/images.ts'
import { encode, keepProfile } from './encode.ts'
import type { OpenImage } from './load-sharp.ts'
import type { Picture } from './picture.ts'
import type { PictureType } from './sniff-type.ts'

/** What is to be written. */
export interface Wanted {
  readonly type: PictureType
  readonly size: ImageSize
  /** How it comes to its size; null if it has it already. */
  readonly fit: 'cover' | 'fill' | null
  readonly animated?: boolean
}

/** A sentence if what came out is not what was wanted: what we write is checked like what we are given. */
export async function writePicture(
  open: OpenImage,
  picture: Picture,
  { type, size, fit, animated = false }: Wanted,
): Promise<ImageFile | string> {
  const image = picture.read({ animated })
  // The size for `fill` has the ratio already; leaving sharp to keep it would round once more.
  if (fit !== null) image.resize(size.width, size.height, { fit })
  const bytes = await encode(keepProfile(image, picture.facts), type).toBuffer()
  const { format, autoOrient } = await open(bytes, { failOn: 'error', limitInputPixels: false }).metadata()
  const fits = autoOrient.width === size.width && autoOrient.height === size.height
  if (`image/${format}` === type && fits) return { bytes, contentType: type }
  return `what was made of it is ${format} of ${autoOrient.width}x${autoOrient.height} instead of ${type} of ${size.width}x${size.height}`
}

/** Cropped where the recipe covers, else shrunk. */
export function fitOf({ geometry }: ImageRecipe, changes: boolean): Wanted['fit'] {
  if (!changes) return null
  return geometry.rule === 'cover' ? 'cover' : 'fill'
}

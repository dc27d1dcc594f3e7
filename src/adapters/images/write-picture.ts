/** One picture written to bytes, and looked at again. */
import type { ImageFile, ImageRecipe, ImageSize } from '../../core/ports/images.ts'
import { encode, keepProfile } from './encode.ts'
import type { Picture } from './picture.ts'
import { readShape } from './shape.ts'
import { sniffType } from './sniff-type.ts'
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
  picture: Picture,
  { type, size, fit, animated = false }: Wanted,
): Promise<ImageFile | string> {
  const image = picture.read({ animated })
  // The size for `fill` has the ratio already; leaving sharp to keep it would round once more.
  if (fit !== null) image.resize(size.width, size.height, { fit })
  const bytes = await encode(keepProfile(image, picture.facts), type).toBuffer()
  const wrong = misfit(bytes, type, size)
  return wrong ?? { bytes, contentType: type }
}

/** Cropped where the recipe covers, else shrunk. */
export function fitOf({ geometry }: ImageRecipe, changes: boolean): Wanted['fit'] {
  if (!changes) return null
  return geometry.rule === 'cover' ? 'cover' : 'fill'
}

/** Null if the file is what it should be, by its structure: decoding it again would tell no more and take longer. */
function misfit(bytes: Uint8Array, type: PictureType, size: ImageSize): string | null {
  const found = sniffType(bytes)
  const shape = found === type ? readShape(bytes, type) : null
  const fits = shape?.complete === true && shape.width === size.width && shape.height === size.height
  if (fits) return null
  return `what was made of it is ${found} of ${shape?.width}x${shape?.height} instead of ${type} of ${size.width}x${size.height}`
}

/** A lost variant, made again of the original as stored. Runs in a lane. */
import type { DerivedOutcome, ImageRecipe } from '../../core/ports/images.ts'
import { fitGeometry } from './fit-geometry.ts'
import type { OpenImage } from './load-sharp.ts'
import { decodeAll, openPicture, tellsTales } from './picture.ts'
import type { Source } from './picture.ts'
import { readImageFailure } from './read-image-failure.ts'
import { writePicture } from './write-picture.ts'

/** Never rejects for what the bytes are. `maxPixels` is that of `small`; null makes a `static`. */
export async function deriveVariant(
  open: OpenImage,
  source: Source,
  maxPixels: number | null,
  { timeoutMs }: ImageRecipe,
): Promise<DerivedOutcome> {
  const { bytes, type, shape } = source
  try {
    const picture = await openPicture(open, source, timeoutMs)
    if (typeof picture === 'string') return { kind: 'broken', reason: picture }
    const { width, height } = picture.facts.autoOrient
    const own = { width, height }
    const shrunk =
      maxPixels === null || type === 'image/gif' ? null : fitGeometry({ rule: 'pixels', max: maxPixels }, own)
    const size = shrunk ?? own
    if (maxPixels !== null && shrunk === null && (type === 'image/gif' || !tellsTales(picture))) {
      await decodeAll(picture)
      return { kind: 'derived', file: { bytes, contentType: type }, size }
    }
    const wanted = maxPixels === null ? 'image/png' : type
    const file = await writePicture(picture, {
      type: wanted,
      size,
      fit: shrunk === null ? null : 'fill',
    })
    return typeof file === 'string' ? { kind: 'broken', reason: file } : { kind: 'derived', file, size }
  } catch (error) {
    return readImageFailure(error, shape.width * shape.height)
  }
}

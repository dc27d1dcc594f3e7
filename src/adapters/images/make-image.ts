/** One picture: read, made to fit, and read again. Runs in a lane. */
import type { ImageFile, ImageOutcome, ImageRecipe, ImageSize } from '../../core/ports/images.ts'
import { blurhashOf } from './blurhash-of.ts'
import { fitGeometry } from './fit-geometry.ts'
import type { OpenImage } from './load-sharp.ts'
import { decodeAll, openPicture, tellsTales } from './picture.ts'
import type { Picture, Source } from './picture.ts'
import { readImageFailure } from './read-image-failure.ts'
import type { PictureType } from './sniff-type.ts'
import { fitOf, writePicture } from './write-picture.ts'

const EXTENSIONS: Readonly<Record<PictureType, string>> = {
  'image/jpeg': '.jpg',
  'image/png': '.png',
  'image/gif': '.gif',
  'image/webp': '.webp',
}

/** What is decided before a pixel is read. */
interface Intent {
  readonly size: ImageSize
  readonly resizes: boolean
  /** The bytes stay as they came. */
  readonly keeps: boolean
  readonly still: boolean
  /** Null if there is none, or if it is the original itself. */
  readonly small: ImageSize | null
}

/** Never rejects for what the bytes are. */
export async function makeImage(open: OpenImage, source: Source, recipe: ImageRecipe): Promise<ImageOutcome> {
  try {
    const picture = await openPicture(open, source, recipe.timeoutMs)
    if (typeof picture === 'string') return broken(picture)
    const intent = intend(picture, recipe)
    const original = await makeOriginal(picture, recipe, intent)
    if (typeof original === 'string') return broken(original)
    const fit = fitOf(recipe, intent.resizes)
    const still = intent.still
      ? await writePicture(picture, { type: 'image/png', size: intent.size, fit })
      : null
    if (typeof still === 'string') return broken(still)
    const small =
      intent.small === null
        ? null
        : await writePicture(picture, { type: source.type, size: intent.small, fit: 'fill' })
    if (typeof small === 'string') return broken(small)
    return {
      kind: 'made',
      original,
      still,
      small: recipe.small === null ? null : (small ?? original),
      sizes: {
        original: intent.size,
        small: recipe.small === null ? null : (intent.small ?? intent.size),
      },
      blurhash: recipe.blurhash ? await hash(open, picture, small ?? original, intent) : null,
      extension: EXTENSIONS[source.type],
    }
  } catch (error) {
    return readImageFailure(error, source.shape.width * source.shape.height)
  }
}

function intend(picture: Picture, recipe: ImageRecipe): Intent {
  const { type, facts } = picture
  const wanted = fitGeometry(recipe.geometry, facts.autoOrient)
  const size = wanted ?? { width: facts.autoOrient.width, height: facts.autoOrient.height }
  const turnsJpeg = recipe.gifAsJpeg && type === 'image/gif'
  const keeps = recipe.geometry.rule === 'keep' || (wanted === null && !turnsJpeg && !tellsTales(picture))
  return {
    size,
    resizes: wanted !== null,
    keeps,
    still: recipe.still === 'always' || (recipe.still === 'gif' && type === 'image/gif'),
    small: smallSize(type, recipe, size),
  }
}

/** A GIF's `small` is its unchanged bytes, whatever its size (docs/mastodon.md#styles). */
function smallSize(type: PictureType, { small }: ImageRecipe, size: ImageSize): ImageSize | null {
  if (small === null || type === 'image/gif') return null
  return fitGeometry({ rule: 'pixels', max: small.maxPixels }, size)
}

async function makeOriginal(
  picture: Picture,
  recipe: ImageRecipe,
  intent: Intent,
): Promise<ImageFile | string> {
  const { bytes, type, shape } = picture
  if (intent.keeps) {
    // What is kept is read to its end once: by itself only if nothing made of it below reads all its rows.
    const readBelow = intent.still || intent.small !== null || recipe.blurhash
    if (shape.frames > 1 || !readBelow) await decodeAll(picture)
    return { bytes, contentType: type }
  }
  const wanted = { size: intent.size, fit: fitOf(recipe, intent.resizes) }
  if (recipe.gifAsJpeg && type === 'image/gif') {
    const file = await writePicture(picture, { ...wanted, type: 'image/jpeg' })
    return typeof file === 'string' ? file : { bytes: file.bytes, contentType: type }
  }
  // Animated WebP and PNG keep their first frame only, as in Mastodon.
  return writePicture(picture, { ...wanted, type, animated: type === 'image/gif' && shape.frames > 1 })
}

/** Of what was kept, the hash reads the source: it is the reading that proves it whole. */
async function hash(open: OpenImage, picture: Picture, file: ImageFile, intent: Intent): Promise<string> {
  const kept = intent.keeps && intent.small === null
  return blurhashOf(kept ? picture.read() : open(file.bytes, { failOn: 'error', limitInputPixels: false }))
}

function broken(reason: string): ImageOutcome {
  return { kind: 'broken', reason }
}

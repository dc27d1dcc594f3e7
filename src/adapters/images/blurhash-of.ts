/** The handful of letters clients paint while a picture loads (https://blurha.sh). */
import type { Sharp } from 'sharp'
import { encodeBlurhash } from './encode-blurhash.ts'

/**
 * Pixels a side that are looked at. Four cosines a side are far below what 64 pixels can show, so the hash of a shrunken
 * copy has the same colours but for rounding; and its cost, which goes by pixels, is a fiftieth of that of the whole.
 */
const SIDE = 64

/** Reads all rows, so damage in the picture rejects here as anywhere. */
export async function blurhashOf(image: Sharp): Promise<string> {
  const { data, info } = await image
    .resize(SIDE, SIDE, { fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  return encodeBlurhash(data, info.width, info.height, info.channels)
}

/** What Mastodon makes of each account picture: types, size limits, geometry (facts 3.1, 3.7; `account/{avatar,header}.rb`). */
import type { PictureKind } from '../model/account-picture.ts'
import type { MastodonVersion } from '../model/schema.ts'
import type { ImageRecipe } from '../ports/images.ts'

const TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'] as const

const MIB = 1024 * 1024

/** Mastodon's own limit for the pixels of any image (`MediaAttachment::MAX_MATRIX_LIMIT`, 33,177,600). */
const MAX_SOURCE_PIXELS = 33_177_600

const IMAGE_TIMEOUT_MS = 20_000

/** The recipe for one account picture. Headers shrink to at most 1500x500 pixels' worth, whatever their shape. */
export function recipeOf(which: PictureKind): ImageRecipe {
  return {
    types: TYPES,
    geometry:
      which === 'avatar' ? { rule: 'cover', width: 400, height: 400 } : { rule: 'pixels', max: 750_000 },
    still: 'gif',
    small: null,
    blurhash: false,
    gifAsJpeg: false,
    animations: 'keep',
    maxSourcePixels: MAX_SOURCE_PIXELS,
    timeoutMs: IMAGE_TIMEOUT_MS,
  }
}

/** The largest body Mastodon takes for an account picture: 8 MiB with libvips, 2 MiB with ImageMagick (version matrix). */
export function pictureByteLimit(version: MastodonVersion | null, useLibvips: boolean | null): number {
  if (version === '4.3') return useLibvips === true ? 8 * MIB : 2 * MIB
  if (version === '4.4' || version === '4.5') return useLibvips === false ? 2 * MIB : 8 * MIB
  return 8 * MIB
}

/** What Mastodon makes of each kind of picture: types, size limits, geometry (docs/mastodon.md#pictures). */
import type { Kind } from '../../model/media.ts'
import type { MastodonVersion } from '../../model/schema.ts'
import type { ImageRecipe } from '../../ports/images.ts'

/** Kinds whose files are fetched and made. */
export type MadeKind = Exclude<Kind, 'site-upload' | 'backup'>

/** @throws TypeError for a kind that is nobody's to fetch: a defect */
export function madeKind(kind: Kind): MadeKind {
  if (kind === 'site-upload' || kind === 'backup') throw new TypeError(`a ${kind} cannot be fetched again`)
  return kind
}

/** What Mastodon makes its pictures with; the same picture comes out in other sizes. */
export type ImageBackend = 'libvips' | 'imagemagick'

const TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'] as const

const KIB = 1024
const MIB = 1024 * KIB

/** Mastodon's own limit for the pixels of any image (`MediaAttachment::MAX_MATRIX_LIMIT`). */
const MAX_SOURCE_PIXELS = 33_177_600
/** The same for a GIF among the attachments, 1280x720. */
const MAX_GIF_PIXELS = 921_600

/** Attachments as shown in full: 3840x2160 pixels' worth. */
const ORIGINAL_PIXELS = 8_294_400
/** Attachments in a list, thumbnails and cards: 640x360. */
const SMALL_PIXELS = 230_400
/** Headers: 1500x500. */
const HEADER_PIXELS = 750_000

const IMAGE_TIMEOUT_MS = 20_000

/** Fits everything; each kind names what it does otherwise. */
const PLAIN = {
  types: TYPES,
  still: 'never',
  small: null,
  blurhash: false,
  gifAsJpeg: false,
  animations: 'keep',
  maxGifPixels: null,
  maxSourcePixels: MAX_SOURCE_PIXELS,
  timeoutMs: IMAGE_TIMEOUT_MS,
} as const satisfies Partial<ImageRecipe>

/** The recipe for one kind on one server. Its backend decides about avatars only: ImageMagick never enlarges them. */
export function recipeOf(
  kind: MadeKind,
  version: MastodonVersion | null = null,
  useLibvips: boolean | null = null,
): ImageRecipe {
  switch (kind) {
    case 'avatar': {
      const enlarge = imageBackendOf(version, useLibvips) === 'libvips'
      return { ...PLAIN, geometry: { rule: 'cover', width: 400, height: 400, enlarge }, still: 'gif' }
    }
    case 'header':
      return { ...PLAIN, geometry: { rule: 'pixels', max: HEADER_PIXELS }, still: 'gif' }
    case 'attachment':
      return {
        ...PLAIN,
        geometry: { rule: 'pixels', max: ORIGINAL_PIXELS },
        small: { maxPixels: SMALL_PIXELS },
        blurhash: true,
        animations: 'refuse',
        maxGifPixels: MAX_GIF_PIXELS,
      }
    case 'thumbnail':
      return { ...PLAIN, geometry: { rule: 'pixels', max: SMALL_PIXELS }, blurhash: true }
    case 'emoji':
      return {
        ...PLAIN,
        types: ['image/png', 'image/gif', 'image/webp'],
        geometry: { rule: 'keep' },
        still: 'always',
      }
    case 'card':
      return { ...PLAIN, geometry: { rule: 'pixels', max: SMALL_PIXELS }, blurhash: true, gifAsJpeg: true }
  }
}

/**
 * What a server makes its pictures with (docs/mastodon.md#pictures). An unknown version counts as the newest; `useLibvips` is
 * MASTODON_USE_LIBVIPS, null if it is not set.
 */
export function imageBackendOf(version: MastodonVersion | null, useLibvips: boolean | null): ImageBackend {
  if (version === '4.3') return useLibvips === true ? 'libvips' : 'imagemagick'
  if (version === '4.4' || version === '4.5') return useLibvips === false ? 'imagemagick' : 'libvips'
  return 'libvips'
}

/**
 * The largest body Mastodon takes for a picture of one kind, in bytes. Cards may be larger with libvips; so may avatars and
 * headers, from 4.4 on. An attachment's limit is that of an image; its videos are not ours to make.
 */
export function byteLimit(
  kind: MadeKind,
  version: MastodonVersion | null,
  useLibvips: boolean | null,
): number {
  switch (kind) {
    case 'avatar':
    case 'header':
      if (version === '4.3') return 2 * MIB
      return imageBackendOf(version, useLibvips) === 'libvips' ? 8 * MIB : 2 * MIB
    case 'card':
      return imageBackendOf(version, useLibvips) === 'libvips' ? 8 * MIB : 2 * MIB
    case 'attachment':
    case 'thumbnail':
      return 16 * MIB
    case 'emoji':
      return 256 * KIB
  }
}

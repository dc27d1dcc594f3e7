/** Which size a picture gets. Pure. Source: Mastodon lib/paperclip/lazy_thumbnail.rb. */
import type { ImageRecipe } from '../../core/ports/images.ts'

export interface Size {
  readonly width: number
  readonly height: number
}

/**
 * The new size, or null if the picture stays as large as it is.
 *
 * `cover` acts only where BOTH sides differ, so a 400x900 avatar keeps its shape and small ones are enlarged: odd, but
 * it is what every other copy of that avatar looks like (ImageMagick crops small ones instead). `pixels` rounds down where Mastodon rounds, so that the
 * result is never above the limit it is checked against.
 */
export function fitGeometry(geometry: ImageRecipe['geometry'], { width, height }: Size): Size | null {
  switch (geometry.rule) {
    case 'keep':
      return null
    case 'cover':
      if (width === geometry.width || height === geometry.height) return null
      return geometry.enlarge
        ? { width: geometry.width, height: geometry.height }
        : cropped(geometry, { width, height })
    case 'pixels': {
      if (width * height <= geometry.max) return null
      const ratio = width / height
      const wide = Math.max(1, Math.floor(Math.sqrt(geometry.max * ratio)))
      const high = Math.max(1, Math.floor(Math.sqrt(geometry.max / ratio)))
      // A side of one pixel cannot shrink further; then the other gives way.
      return { width: Math.min(wide, geometry.max), height: Math.min(high, geometry.max) }
    }
  }
}

/** As large as wanted, or a square of the smallest side there is. */
function cropped(wanted: Size, { width, height }: Size): Size | null {
  const side = Math.min(width, height)
  if (side >= Math.min(wanted.width, wanted.height)) return { width: wanted.width, height: wanted.height }
  return width === height ? null : { width: side, height: side }
}

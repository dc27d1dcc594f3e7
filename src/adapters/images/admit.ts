/** What can be said of bytes without decoding them: a source worth a lane, or the end of it. Pure. */
import type { ImageOutcome, ImageRecipe } from '../../core/ports/images.ts'
import type { Source } from './picture.ts'
import { readShape } from './shape.ts'
import { pictureType, sniffType } from './sniff-type.ts'

const LARGE_PIXELS = 3840 * 2160

export interface AnimationLimits {
  /** Pixels of all frames together. */
  readonly maxAnimationPixels: number
  readonly maxFrames: number
}

export type Refusal = Extract<ImageOutcome, { readonly kind: 'wrong-type' | 'broken' | 'too-many-pixels' }>

/** A picture of the recipe's types, whole as far as its structure tells, and within its pixels. */
export function admitPicture(bytes: Uint8Array, recipe: ImageRecipe): Source | Refusal {
  const found = sniffType(bytes)
  const type = pictureType(found)
  if (type === undefined || !recipe.types.includes(type)) return { kind: 'wrong-type', found }
  const shape = readShape(bytes, type)
  if (shape === null || shape.width === 0 || shape.height === 0) {
    return { kind: 'broken', reason: 'it has no readable size' }
  }
  // First, because a file that was cut off may claim anything.
  if (!shape.complete) return { kind: 'broken', reason: 'it ends before it is complete' }
  const pixels = shape.width * shape.height
  const most = type === 'image/gif' ? (recipe.maxGifPixels ?? Infinity) : Infinity
  if (pixels > Math.min(recipe.maxSourcePixels, most)) return { kind: 'too-many-pixels', pixels }
  return { bytes, type, shape }
}

/** An animation the recipe refuses or the limits do not allow; null for everything else. */
export function refuseAnimation(
  { type, shape }: Source,
  recipe: ImageRecipe,
  { maxFrames, maxAnimationPixels }: AnimationLimits,
): ImageOutcome | null {
  if (!isAnimated({ type, shape }, recipe)) return null
  const { frames } = shape
  if (type === 'image/gif' && recipe.animations === 'refuse') return { kind: 'animated', frames }
  const pixels = shape.width * shape.height * frames
  return frames > maxFrames || pixels > maxAnimationPixels ? { kind: 'too-many-pixels', pixels } : null
}

/**
 * Whether it belongs among those of which one is worked on at a time: animations for their time, and pictures of more than
 * 3840x2160 that are held at once for their memory, up to 200 MB each.
 */
export function isHeavy(source: Source, recipe: ImageRecipe): boolean {
  return isAnimated(source, recipe) || isLarge(source)
}

/** Held at once, and larger than what servers with care send. */
export function isLarge({ shape }: Source): boolean {
  return shape.atOnce && shape.width * shape.height > LARGE_PIXELS
}

/** Whether more than one frame may be decoded; of a GIF that becomes a JPEG only the first is. */
function isAnimated({ type, shape }: Pick<Source, 'type' | 'shape'>, recipe: ImageRecipe): boolean {
  return shape.frames > 1 && !(recipe.gifAsJpeg && type === 'image/gif')
}

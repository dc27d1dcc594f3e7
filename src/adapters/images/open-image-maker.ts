/** Fetched bytes into the files Mastodon would store. */
import { availableParallelism } from 'node:os'
import type { ImageMaker } from '../../core/ports/images.ts'
import { admitPicture, isHeavy, isLarge, refuseAnimation } from './admit.ts'
import { deriveVariant } from './derive-variant.ts'
import { openLanes } from './lanes.ts'
import { loadSharp } from './load-sharp.ts'
import type { OpenImage } from './load-sharp.ts'
import { makeImage } from './make-image.ts'
import { waitAtMost } from './patience.ts'

export interface ImageMakerOptions {
  /** Pictures worked on at once, one thread each; as many as there are cores by default. */
  readonly parallel?: number | undefined
  /** Pixels of all frames of an animation together; more are refused as `too-many-pixels`. */
  readonly maxAnimationPixels?: number | undefined
  /** Frames of an animation; as many as Mastodon gives ffmpeg by default. */
  readonly maxFrames?: number | undefined
}

const MAX_ANIMATION_PIXELS = 100_000_000
const MAX_FRAMES = 3_000

/** Opens nothing: sharp is loaded by the first picture that needs it. */
export function openImageMaker(options: ImageMakerOptions = {}): ImageMaker {
  const lanes = openLanes(options.parallel ?? availableParallelism())
  const limits = {
    maxAnimationPixels: options.maxAnimationPixels ?? MAX_ANIMATION_PIXELS,
    maxFrames: options.maxFrames ?? MAX_FRAMES,
  }
  let sharp: Promise<OpenImage> | undefined

  /** Waiting for a place costs none of the time. */
  async function inLane<T>(
    heavy: boolean,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    work: (open: OpenImage) => Promise<T>,
  ): Promise<T | { readonly kind: 'timeout' }> {
    sharp ??= loadSharp()
    const open = await sharp
    return new Promise((resolve, reject) => {
      // The lane stays taken until sharp has really stopped; the caller waits no longer than allowed.
      const run = async (): Promise<void> => {
        const working = work(open)
        resolve(waitAtMost(working, timeoutMs, { kind: 'timeout' } as const, signal))
        await working
      }
      lanes.run(heavy, run, signal).catch(reject)
    })
  }

  return {
    async make(bytes, recipe, { signal } = {}) {
      signal?.throwIfAborted()
      const source = admitPicture(bytes, recipe)
      if ('kind' in source) return source
      const refusal = refuseAnimation(source, recipe, limits)
      if (refusal !== null) return refusal
      return inLane(isHeavy(source, recipe), recipe.timeoutMs, signal, (open) =>
        makeImage(open, source, recipe),
      )
    },

    async derive(original, style, recipe, { signal } = {}) {
      signal?.throwIfAborted()
      if (style === 'small' && recipe.small === null) throw new RangeError('this kind has no small variant')
      const maxPixels = style === 'small' ? (recipe.small?.maxPixels ?? null) : null
      const source = admitPicture(original, recipe)
      if ('kind' in source) return source
      // Of an animation one frame is read; the size it came through once is no reason to refuse its variant.
      return inLane(isLarge(source), recipe.timeoutMs, signal, (open) =>
        deriveVariant(open, source, maxPixels, recipe),
      )
    },
  }
}

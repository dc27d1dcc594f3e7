/** Fetched bytes into the files Mastodon would store. */
import { availableParallelism } from 'node:os'
import type { ImageMaker, ImageOutcome, ImageRecipe } from '../../core/ports/images.ts'
import { openLanes } from './lanes.ts'
import { loadSharp } from './load-sharp.ts'
import type { OpenImage } from './load-sharp.ts'
import { makeImage } from './make-image.ts'
import type { Source } from './make-image.ts'
import { waitAtMost } from './patience.ts'
import { readShape } from './shape.ts'
import { pictureType, sniffType } from './sniff-type.ts'

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
  const maxAnimationPixels = options.maxAnimationPixels ?? MAX_ANIMATION_PIXELS
  const maxFrames = options.maxFrames ?? MAX_FRAMES
  let sharp: Promise<OpenImage> | undefined

  /** What can be said without decoding: a source worth a lane, or the end of it. */
  function admit(bytes: Uint8Array, recipe: ImageRecipe): Source | ImageOutcome {
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
    if (pixels > recipe.maxSourcePixels) return { kind: 'too-many-pixels', pixels }
    const all = pixels * shape.frames
    if (shape.frames > 1 && (shape.frames > maxFrames || all > maxAnimationPixels)) {
      return { kind: 'too-many-pixels', pixels: all }
    }
    return { bytes, type, shape }
  }

  return {
    async make(bytes, recipe, { signal } = {}) {
      signal?.throwIfAborted()
      const source = admit(bytes, recipe)
      if ('kind' in source) return source
      sharp ??= loadSharp()
      const open = await sharp
      return new Promise<ImageOutcome>((resolve, reject) => {
        // The lane stays taken until sharp has really stopped; the caller waits no longer than allowed. Waiting for a
        // place costs none of the time.
        const run = async (): Promise<void> => {
          const work = makeImage(open, source, recipe)
          resolve(waitAtMost<ImageOutcome, ImageOutcome>(work, recipe.timeoutMs, { kind: 'timeout' }, signal))
          await work
        }
        lanes.run(source.shape.frames > 1, run, signal).catch(reject)
      })
    },
  }
}

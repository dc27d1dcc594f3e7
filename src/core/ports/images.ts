/** Turning fetched bytes into the files Mastodon would store. */
import type { CallOptions } from './storage.ts'

/** What to make of a picture of one kind (facts 3.1, 3.7). */
export interface ImageRecipe {
  /** Content types Mastodon accepts for this kind. */
  readonly types: readonly string[]
  /**
   * `cover`: scaled and cropped to exactly width x height; `pixels`: shrunk to at most that many pixels, keeping the ratio;
   * `keep`: bytes stay as they are.
   */
  readonly geometry:
    | { readonly rule: 'cover'; readonly width: number; readonly height: number }
    | { readonly rule: 'pixels'; readonly max: number }
    | { readonly rule: 'keep' }
  /** When a `static` PNG of the first frame is made: for GIF only, always, or never. */
  readonly still: 'gif' | 'always' | 'never'
  /** Sources above this many pixels (per frame) are refused: a decompression bomb costs nothing. */
  readonly maxSourcePixels: number
  readonly timeoutMs: number
}

export interface ImageFile {
  readonly bytes: Uint8Array
  readonly contentType: string
}

export type ImageOutcome =
  | {
      readonly kind: 'made'
      readonly original: ImageFile
      readonly still: ImageFile | null
      /** With the dot, fitting the content type: `.jpg`, `.png`, `.gif`, `.webp`. */
      readonly extension: string
    }
  /** Not an image, or one of a type Mastodon refuses (SVG, BMP, AVIF, HTML): what it was found to be */
  | { readonly kind: 'wrong-type'; readonly found: string }
  | { readonly kind: 'too-many-pixels'; readonly pixels: number }
  /** Cut off, damaged, or lying about itself */
  | { readonly kind: 'broken'; readonly reason: string }
  | { readonly kind: 'timeout' }

export interface ImageMaker {
  /** The type is read from the bytes, never from a header or a name. Never throws for what the bytes are. */
  make(bytes: Uint8Array, recipe: ImageRecipe, options?: CallOptions): Promise<ImageOutcome>
}

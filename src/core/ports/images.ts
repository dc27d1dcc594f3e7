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
  /**
   * Pixels of a second, smaller file (`small` of attachments), of the same type as the original; a GIF's is its unchanged
   * bytes (facts trap 18). Null for kinds without one.
   */
  readonly small: { readonly maxPixels: number } | null
  /** Whether a blurhash of 4x4 components is computed, on `small` where there is one. */
  readonly blurhash: boolean
  /** Cards store what came as GIF as a JPEG, whose name and content type stay those of a GIF (facts 3.1, trap 18). */
  readonly gifAsJpeg: boolean
  /** Animations refused as `animated`: what Mastodon would turn into a video. */
  readonly animations: 'keep' | 'refuse'
  /** Sources above this many pixels (per frame) are refused: a decompression bomb costs nothing. */
  readonly maxSourcePixels: number
  readonly timeoutMs: number
}

export interface ImageFile {
  readonly bytes: Uint8Array
  readonly contentType: string
}

export interface ImageSize {
  readonly width: number
  readonly height: number
}

export type ImageOutcome =
  | {
      readonly kind: 'made'
      readonly original: ImageFile
      readonly still: ImageFile | null
      readonly small: ImageFile | null
      /** In pixels, of the files as stored. */
      readonly sizes: { readonly original: ImageSize; readonly small: ImageSize | null }
      readonly blurhash: string | null
      /** With the dot, fitting the content type: `.jpg`, `.png`, `.gif`, `.webp`. */
      readonly extension: string
    }
  /** Not an image, or one of a type Mastodon refuses (SVG, BMP, AVIF, HTML): what it was found to be */
  | { readonly kind: 'wrong-type'; readonly found: string }
  | { readonly kind: 'too-many-pixels'; readonly pixels: number }
  /** An animation where `animations` refuses them */
  | { readonly kind: 'animated'; readonly frames: number }
  /** Cut off, damaged, or lying about itself */
  | { readonly kind: 'broken'; readonly reason: string }
  | { readonly kind: 'timeout' }

export interface ImageMaker {
  /** The type is read from the bytes, never from a header or a name. Never throws for what the bytes are. */
  make(bytes: Uint8Array, recipe: ImageRecipe, options?: CallOptions): Promise<ImageOutcome>
}

/** Turning fetched bytes into the files Mastodon would store. */
import type { CallOptions } from './storage.ts'

/** What to make of a picture of one kind (docs/mastodon.md#pictures). */
export interface ImageRecipe {
  /** Content types Mastodon accepts for this kind. */
  readonly types: readonly string[]
  /**
   * `cover`: scaled and cropped to exactly width x height, or, unless `enlarge`, what is smaller on one side to a square of
   * that side; `pixels`: shrunk to at most that many pixels, keeping the ratio; `keep`: bytes stay as they are.
   */
  readonly geometry:
    | { readonly rule: 'cover'; readonly width: number; readonly height: number; readonly enlarge: boolean }
    | { readonly rule: 'pixels'; readonly max: number }
    | { readonly rule: 'keep' }
  /** When a `static` PNG of the first frame is made: for GIF only, always, or never. */
  readonly still: 'gif' | 'always' | 'never'
  /**
   * Pixels of a second, smaller file (`small` of attachments), of the same type as the original; a GIF's is its unchanged
   * bytes (docs/mastodon.md#styles). Null for kinds without one.
   */
  readonly small: { readonly maxPixels: number } | null
  /** Whether a blurhash of 4x4 components is computed, on `small` where there is one. */
  readonly blurhash: boolean
  /** Cards store what came as GIF as a JPEG, whose name and content type stay those of a GIF (docs/mastodon.md#styles). */
  readonly gifAsJpeg: boolean
  /** Animated GIFs kept, or refused as `animated`: what Mastodon would turn into a video. WebP and PNG are always kept. */
  readonly animations: 'keep' | 'refuse'
  /** GIFs above this many pixels are refused (attachments: docs/mastodon.md#pictures); null where they are like any picture. */
  readonly maxGifPixels: number | null
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
      /** The very file of `original` where that is small enough, and for every GIF */
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
  /** An animated GIF where `animations` refuses them */
  | { readonly kind: 'animated'; readonly frames: number }
  /** Cut off, damaged, or lying about itself */
  | { readonly kind: 'broken'; readonly reason: string }
  | { readonly kind: 'timeout' }

/** One variant made of an original that storage holds, or why it could not be. */
export type DerivedOutcome =
  | { readonly kind: 'derived'; readonly file: ImageFile; readonly size: ImageSize }
  | Exclude<ImageOutcome, { readonly kind: 'made' | 'animated' }>

export interface ImageMaker {
  /** The type is read from the bytes, never from a header or a name. Never throws for what the bytes are. */
  make(bytes: Uint8Array, recipe: ImageRecipe, options?: CallOptions): Promise<ImageOutcome>

  /**
   * Makes a lost `static` or `small` again from the original as stored, asking nobody: `static` is a PNG of its first frame
   * in its own size; `small` has the recipe's pixels. Never throws for what the bytes are.
   * @throws RangeError if the recipe knows no `small` and one is asked for
   */
  derive(
    original: Uint8Array,
    style: 'static' | 'small',
    recipe: ImageRecipe,
    options?: CallOptions,
  ): Promise<DerivedOutcome>
}

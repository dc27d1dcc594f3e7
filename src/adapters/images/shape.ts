/**
 * What a picture claims about itself, read from its structure before any decoder sees it. Pure.
 *
 * Decoders may allocate a whole canvas while reading a header (libwebp's animation decoder does), and some forgive a
 * file that ends early (libnsgif shows the frames it got). So size, frames and completeness are found here first.
 */
import { gifShape } from './shape-gif.ts'
import { jpegShape } from './shape-jpeg.ts'
import { pngShape } from './shape-png.ts'
import { webpShape } from './shape-webp.ts'
import type { PictureType } from './sniff-type.ts'

export interface Shape {
  /** The largest canvas anything in the file asks for. */
  readonly width: number
  readonly height: number
  /** Frames a decoder would show us; 1 for an animated PNG, whose first frame is all we read. */
  readonly frames: number
  /** Whether its decoder holds all pixels of a frame at once; others give row by row. */
  readonly atOnce: boolean
  /** False if the file ends before its structure does. */
  readonly complete: boolean
}

/** Null if not even the size can be read. */
export function readShape(bytes: Uint8Array, type: PictureType): Shape | null {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  switch (type) {
    case 'image/gif':
      return gifShape(view)
    case 'image/jpeg':
      return jpegShape(view)
    case 'image/png':
      return pngShape(view)
    case 'image/webp':
      return webpShape(view)
  }
}

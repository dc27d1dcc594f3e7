/** GIF: a screen, then blocks up to a trailer (GIF89a specification, appendix A). */
import type { Shape } from './shape.ts'

const EXTENSION = 0x21
const IMAGE = 0x2c

/**
 * The screen, or what reaches beyond it. Complete if every frame is whole: some encoders leave the trailer out, and
 * everything is there all the same.
 */
export function gifShape(bytes: Buffer): Shape | null {
  if (bytes.length < 13) return null
  let [width, height, frames] = [bytes.readUInt16LE(6), bytes.readUInt16LE(8), 0]
  let at = 13 + paletteBytes(bytes[10])
  const shape = (complete: boolean): Shape => ({
    width,
    height,
    frames,
    atOnce: true,
    complete: complete && frames > 0,
  })
  while (at < bytes.length) {
    const block = bytes[at]
    if (block === EXTENSION) {
      at = afterSubBlocks(bytes, at + 2)
    } else if (block === IMAGE) {
      if (at + 11 > bytes.length) return shape(false)
      width = Math.max(width, bytes.readUInt16LE(at + 1) + bytes.readUInt16LE(at + 5))
      height = Math.max(height, bytes.readUInt16LE(at + 3) + bytes.readUInt16LE(at + 7))
      at = afterSubBlocks(bytes, at + 11 + paletteBytes(bytes[at + 9]))
      if (at <= bytes.length) frames++
    } else {
      // The trailer, or rubbish where decoders stop too.
      return shape(true)
    }
  }
  return shape(at === bytes.length)
}

/** The high bit says whether there is a palette, the low three how large it is. */
function paletteBytes(flags = 0): number {
  return (flags & 0x80) === 0 ? 0 : 3 << ((flags & 7) + 1)
}

/** Behind the empty sub-block that ends a chain; beyond the end of the file if it is cut off. */
function afterSubBlocks(bytes: Buffer, start: number): number {
  let at = start
  for (;;) {
    const length = bytes[at]
    if (length === undefined) return bytes.length + 1
    at += 1 + length
    if (length === 0) return at
  }
}

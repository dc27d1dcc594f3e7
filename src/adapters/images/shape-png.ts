/** PNG: a signature, then chunks of length, type, data and checksum, up to IEND (W3C PNG, section 5). */
import type { Shape } from './shape.ts'

/**
 * The first chunk must be IHDR. An animated PNG counts as one frame: nothing here decodes more of it.
 * An interlaced one is held at once.
 */
export function pngShape(bytes: Buffer): Shape | null {
  if (bytes.length < 33 || bytes.toString('latin1', 12, 16) !== 'IHDR') return null
  const [width, height, atOnce] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20), bytes[28] !== 0]
  const size = { width, height, frames: 1, atOnce }
  for (let at = 8; at + 12 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const type = bytes.toString('latin1', at + 4, at + 8)
    if (type === 'IEND') return { ...size, complete: true }
  }
  return { ...size, complete: false }
}

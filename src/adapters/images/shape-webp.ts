/** WebP: a RIFF container of chunks (RFC 9649, section 2). */
import type { Shape } from './shape.ts'

/** The canvas, or the largest bitstream in it. Complete if the container is as long as it says. */
export function webpShape(bytes: Buffer): Shape | null {
  if (bytes.length < 20) return null
  let [width, height, frames] = [0, 0, 0]
  const end = Math.min(bytes.length, 8 + bytes.readUInt32LE(4))
  for (let at = 12; at + 8 <= end;) {
    const size = chunkSize(bytes, at)
    if (size !== null) {
      width = Math.max(width, size.width)
      height = Math.max(height, size.height)
    }
    if (bytes.toString('latin1', at, at + 4) === 'ANMF') frames++
    const length = bytes.readUInt32LE(at + 4)
    at += 8 + length + (length % 2)
  }
  if (width === 0 || height === 0) return null
  const complete = bytes.readUInt32LE(4) + 8 <= bytes.length
  return { width, height, frames: Math.max(1, frames), atOnce: true, complete }
}

/** What one chunk says about sizes; null if it says nothing or ends too early to. */
function chunkSize(bytes: Buffer, at: number): { readonly width: number; readonly height: number } | null {
  const data = at + 8
  switch (bytes.toString('latin1', at, at + 4)) {
    case 'VP8X':
      if (data + 10 > bytes.length) return null
      return { width: 1 + bytes.readUIntLE(data + 4, 3), height: 1 + bytes.readUIntLE(data + 7, 3) }
    case 'ANMF':
      if (data + 12 > bytes.length) return null
      return { width: 1 + bytes.readUIntLE(data + 6, 3), height: 1 + bytes.readUIntLE(data + 9, 3) }
    case 'VP8L': {
      if (data + 5 > bytes.length) return null
      const bits = bytes.readUInt32LE(data + 1)
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) }
    }
    case 'VP8 ':
      if (data + 10 > bytes.length) return null
      return { width: bytes.readUInt16LE(data + 6) & 0x3fff, height: bytes.readUInt16LE(data + 8) & 0x3fff }
    default:
      return null
  }
}

/** JPEG: markers with lengths up to the first scan, then entropy-coded data up to EOI (ITU T.81, annex B). */
import type { Shape } from './shape.ts'

const SOS = 0xda
const EOI = Buffer.from([0xff, 0xd9])

/**
 * The largest frame before the first scan. Complete if an end of image follows the scan: within entropy-coded data
 * 0xFF is always followed by 0x00 or a restart, so those two bytes are nothing else. What comes after is not looked at.
 */
export function jpegShape(bytes: Buffer): Shape | null {
  let [width, height, atOnce] = [0, 0, false]
  for (let at = 2; at + 4 <= bytes.length;) {
    const marker = bytes[at + 1] ?? 0
    if (bytes[at] !== 0xff || marker === 0xff) {
      // Fill bytes, and the odd garbage that decoders skip as well.
      at++
      continue
    }
    if (standsAlone(marker)) {
      at += 2
      continue
    }
    if (startsFrame(marker) && at + 9 <= bytes.length) {
      height = Math.max(height, bytes.readUInt16BE(at + 5))
      width = Math.max(width, bytes.readUInt16BE(at + 7))
      atOnce ||= isProgressive(marker)
    }
    const end = at + 2 + bytes.readUInt16BE(at + 2)
    if (marker === SOS) {
      const complete = bytes.indexOf(EOI, end) !== -1
      return width === 0 ? null : { width, height, frames: 1, atOnce, complete }
    }
    at = end
  }
  return width === 0 ? null : { width, height, frames: 1, atOnce, complete: false }
}

/** TEM, RSTn, SOI, and the stuffing zero: no length follows. */
function standsAlone(marker: number): boolean {
  return marker === 0x00 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)
}

/** SOF0 to SOF15 without DHT, JPG and DAC, which share their range. */
function startsFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
}

/** SOF2, 6, 10 and 14: each scan refines the whole picture. */
function isProgressive(marker: number): boolean {
  return (marker & 3) === 2
}

/** JPEG taken apart and put together (ITU T.81, annex B). */

export const APP1 = 0xe1
export const APP2 = 0xe2
export const DHT = 0xc4
export const DQT = 0xdb
export const SOF0 = 0xc0
export const SOF2 = 0xc2
export const SOS = 0xda
export const EOI = Buffer.from([0xff, 0xd9])

/** Marker, length, data; a length of its own choice is a lie. */
export function segment(marker: number, data: Buffer, length = data.length + 2): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(length, 2)
  return Buffer.concat([head, data])
}

/** Where the first segment of a marker begins (at its 0xFF). Throws if there is none. */
export function findSegment(jpeg: Buffer, marker: number): number {
  for (let at = 2; at + 4 <= jpeg.length; at += 2 + jpeg.readUInt16BE(at + 2)) {
    if (jpeg[at + 1] === marker) return at
    if (jpeg[at + 1] === SOS) break
  }
  throw new Error(`no segment ${marker.toString(16)}`)
}

/** Its end: the place of what follows. */
export function endOfSegment(jpeg: Buffer, at: number): number {
  return at + 2 + jpeg.readUInt16BE(at + 2)
}

/** Right behind the start of image. */
export function insertSegments(jpeg: Buffer, ...segments: readonly Buffer[]): Buffer {
  return Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)])
}

/** Without the first segment of a marker. */
export function withoutSegment(jpeg: Buffer, marker: number): Buffer {
  const at = findSegment(jpeg, marker)
  return Buffer.concat([jpeg.subarray(0, at), jpeg.subarray(endOfSegment(jpeg, at))])
}

/** With another size in its frame header, which the scan does not know of. */
export function withSize(jpeg: Buffer, marker: number, width: number, height: number): Buffer {
  const copy = Buffer.from(jpeg)
  const at = findSegment(copy, marker)
  copy.writeUInt16BE(height, at + 5)
  copy.writeUInt16BE(width, at + 7)
  return copy
}

/** An EXIF segment around a TIFF structure. */
export function exif(tiff: Buffer): Buffer {
  return segment(APP1, Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]))
}

/** A TIFF structure of one directory with one short value: tag and value, and where the next directory is said to be. */
export function tiffOf(tag: number, value: number, next = 0): Buffer {
  const tiff = Buffer.alloc(26)
  tiff.write('II*\0', 'latin1')
  tiff.writeUInt32LE(8, 4)
  tiff.writeUInt16LE(1, 8)
  tiff.writeUInt16LE(tag, 10)
  tiff.writeUInt16LE(3, 12)
  tiff.writeUInt32LE(1, 14)
  tiff.writeUInt16LE(value, 18)
  tiff.writeUInt32LE(next, 22)
  return tiff
}

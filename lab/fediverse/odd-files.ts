/** Files no picture cache should take, built byte by byte: they must stay small however large they claim to be. */
import { crc32, deflateSync, gzipSync } from 'node:zlib'
import sharp from 'sharp'
import type { OddFile } from './vices.ts'
import type { Picture } from './pictures.ts'

/** Each call builds the file anew; whoever serves it often should keep it. */
export async function oddFile(file: OddFile): Promise<Picture> {
  switch (file) {
    case 'svg':
      return { bytes: SVG, contentType: 'image/svg+xml' }
    case 'bmp':
      return { bytes: bmp(), contentType: 'image/bmp' }
    case 'avif':
      return { bytes: await avif(), contentType: 'image/avif' }
    case 'pdf':
      return {
        bytes: Buffer.from('%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n'),
        contentType: 'application/pdf',
      }
    case 'text':
      return { bytes: Buffer.from('There is no picture here.\n'), contentType: 'text/plain' }
    case 'empty':
      return { bytes: Buffer.alloc(0), contentType: 'image/png' }
    case 'png-bomb':
      return { bytes: pngOfZeros(20_000, 20_000), contentType: 'image/png' }
    case 'webp-bomb':
      return { bytes: webpOfOneColour(16_384, 16_384), contentType: 'image/webp' }
    case 'gif-bomb':
      return { bytes: gifOnCanvas(65_535, 65_535), contentType: 'image/gif' }
  }
}

const SVG = Buffer.from(
  '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="400" height="400">' +
    '<image href="file:///etc/passwd" width="1" height="1"/></svg>',
)

/** A valid one-bit PNG of any size, all black: its pixels are there, deflated a thousandfold. */
export function pngOfZeros(width: number, height: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 1
  const rows = Buffer.alloc((1 + Math.ceil(width / 8)) * height)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(rows, { level: 1 })),
    pngChunk('IEND', Buffer.alloc(0)),
  ])
}

/** One PNG chunk with its length and checksum. */
export function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const chunk = Buffer.alloc(body.length + 8)
  chunk.writeUInt32BE(data.length, 0)
  body.copy(chunk, 4)
  chunk.writeUInt32BE(crc32(body), chunk.length - 4)
  return chunk
}

/**
 * A valid lossless WebP whose five prefix codes have one symbol each: pixels take no bits at all, so the file has the
 * same few bytes whatever its size (WebP Lossless Bitstream Specification, sections 3 and 6.2.1).
 */
export function webpOfOneColour(width: number, height: number): Buffer {
  const bits: number[] = []
  const put = (value: number, count: number): void => {
    for (let bit = 0; bit < count; bit++) bits.push((value >> bit) & 1)
  }
  put(width - 1, 14)
  put(height - 1, 14)
  put(0, 1 + 3) // no alpha, version 0
  put(0, 1 + 1 + 1) // no transform, no colour cache, no groups of codes
  for (let code = 0; code < 5; code++) {
    put(1, 1) // a simple code
    put(0, 1) // of one symbol
    put(0, 1) // written in one bit
    put(0, 1) // symbol 0
  }
  const stream = Buffer.alloc(Math.ceil(bits.length / 8) + 1)
  stream[0] = 0x2f
  bits.forEach((bit, index) => {
    const at = 1 + (index >> 3)
    stream[at] = (stream[at] ?? 0) | (bit << (index & 7))
  })
  return riff([['VP8L', stream]])
}

/** A WebP container of the given chunks. */
export function riff(chunks: readonly (readonly [string, Buffer])[]): Buffer {
  const parts = chunks.flatMap(([name, data]) => {
    const head = Buffer.alloc(8)
    head.write(name, 'latin1')
    head.writeUInt32LE(data.length, 4)
    return [head, data, Buffer.alloc(data.length % 2)]
  })
  const body = Buffer.concat([Buffer.from('WEBP', 'latin1'), ...parts])
  const head = Buffer.alloc(8)
  head.write('RIFF', 'latin1')
  head.writeUInt32LE(body.length, 4)
  return Buffer.concat([head, body])
}

/** A valid GIF: `frames` times one black pixel in the corner of a canvas of the given size. */
export function gifOnCanvas(width: number, height: number, frames = 1): Buffer {
  const head = Buffer.from('GIF89a\0\0\0\0\x80\0\0\0\0\0\xff\xff\xff', 'latin1')
  head.writeUInt16LE(width, 6)
  head.writeUInt16LE(height, 8)
  const control = Buffer.from([0x21, 0xf9, 4, 0, 5, 0, 0, 0])
  const pixel = Buffer.from([0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 0x01, 0])
  const picture = Array.from({ length: frames }, () => Buffer.concat([control, pixel]))
  return Buffer.concat([head, ...picture, Buffer.from([0x3b])])
}

/** 24 bits, one white pixel. */
function bmp(): Buffer {
  const bytes = Buffer.alloc(58, 0)
  bytes.write('BM', 'latin1')
  bytes.writeUInt32LE(58, 2)
  bytes.writeUInt32LE(54, 10)
  bytes.writeUInt32LE(40, 14)
  bytes.writeInt32LE(1, 18)
  bytes.writeInt32LE(1, 22)
  bytes.writeUInt16LE(1, 26)
  bytes.writeUInt16LE(24, 28)
  bytes.fill(0xff, 54, 57)
  return bytes
}

async function avif(): Promise<Buffer> {
  const blank = { width: 16, height: 16, channels: 3 as const, background: 'teal' }
  return sharp({ create: blank }).avif({ effort: 0 }).toBuffer()
}

/** 200 MB of zeros in 200 KB: gzip members may follow one another (RFC 1952, section 2.2). */
export function gzipBomb(): Buffer {
  const member = gzipSync(Buffer.alloc(1024 * 1024))
  return Buffer.concat(Array.from({ length: 200 }, () => member))
}

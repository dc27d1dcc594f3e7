/** PNG taken apart and put together (W3C PNG, section 5; APNG is its third edition, section 11.3.2). */
import { pngChunk } from '../fediverse/odd-files.ts'
import { latin1 } from './hostile-picture.ts'

export const SIGNATURE = latin1('\x89PNG\r\n\x1a\n')
export const IEND = pngChunk('IEND', Buffer.alloc(0))

export interface Chunk {
  readonly type: string
  readonly data: Buffer
}

export interface Header {
  readonly width: number
  readonly height: number
  readonly depth?: number
  readonly colourType?: number
  readonly compression?: number
  readonly filter?: number
  readonly interlace?: number
}

/** Of a sound file. */
export function chunksOf(png: Buffer): Chunk[] {
  const chunks: Chunk[] = []
  for (let at = 8; at + 12 <= png.length;) {
    const length = png.readUInt32BE(at)
    chunks.push({ type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) })
    at += 12 + length
  }
  return chunks
}

/** With right lengths and checksums. */
export function pngOf(chunks: readonly Chunk[]): Buffer {
  return Buffer.concat([SIGNATURE, ...chunks.map(({ type, data }) => pngChunk(type, data))])
}

/** The sound file with other chunks in the place of those of one type; several of one type count as one. */
export function withChunks(png: Buffer, type: string, replace: (chunk: Chunk) => readonly Chunk[]): Buffer {
  return pngOf(chunksOf(png).flatMap((chunk) => (chunk.type === type ? replace(chunk) : [chunk])))
}

/** 8 bits of grey unless told otherwise. */
export function ihdr(header: Header): Buffer {
  const data = Buffer.alloc(13)
  data.writeUInt32BE(header.width, 0)
  data.writeUInt32BE(header.height, 4)
  const { depth = 8, colourType = 0, compression = 0, filter = 0, interlace = 0 } = header
  data.set([depth, colourType, compression, filter, interlace], 8)
  return data
}

/** An animated PNG of two pictures of one size and colour type. */
export function apngOf(first: Buffer, second: Buffer): Buffer {
  const [head] = chunksOf(first)
  if (head === undefined) throw new Error('not a PNG')
  let sequence = 0
  const control = (): Chunk => {
    const data = Buffer.alloc(26)
    data.writeUInt32BE(sequence++, 0)
    head.data.copy(data, 4, 0, 8)
    data.writeUInt16BE(1, 20)
    data.writeUInt16BE(10, 22)
    return { type: 'fcTL', data }
  }
  const frame = ({ data }: Chunk): Chunk => {
    const number = Buffer.alloc(4)
    number.writeUInt32BE(sequence++, 0)
    return { type: 'fdAT', data: Buffer.concat([number, data]) }
  }
  const picture = (png: Buffer): Chunk[] => chunksOf(png).filter(({ type }) => type === 'IDAT')
  return pngOf([
    head,
    { type: 'acTL', data: Buffer.from([0, 0, 0, 2, 0, 0, 0, 0]) },
    control(),
    ...picture(first),
    control(),
    ...picture(second).map(frame),
    { type: 'IEND', data: Buffer.alloc(0) },
  ])
}

/**
 * What bytes are, by their first bytes alone. Pure.
 *
 * No header, no name and no decoder is asked: what is not one of the four pictures is never shown to a parser.
 */

/** The pictures Mastodon stores and we decode. */
export type PictureType = 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp'

/** One of them, or undefined. */
export function pictureType(found: string): PictureType | undefined {
  return PICTURES.find((type) => type === found)
}

const PICTURES: readonly PictureType[] = ['image/jpeg', 'image/png', 'image/gif', 'image/webp']

/** Where a signature starts, what it is (Latin-1), and what it tells. */
const SIGNATURES: readonly (readonly [number, string, string])[] = [
  [0, '\xff\xd8\xff', 'image/jpeg'],
  [0, '\x89PNG\r\n\x1a\n', 'image/png'],
  [0, 'GIF87a', 'image/gif'],
  [0, 'GIF89a', 'image/gif'],
  [8, 'WEBP', 'image/webp'],
  [0, 'BM', 'image/bmp'],
  [0, 'II*\0', 'image/tiff'],
  [0, 'MM\0*', 'image/tiff'],
  [0, 'II+\0', 'image/tiff'],
  [0, '\0\0\x01\0', 'image/x-icon'],
  [0, '\xff\x0a', 'image/jxl'],
  [0, '\0\0\0\x0cJXL ', 'image/jxl'],
  [0, '8BPS', 'image/vnd.adobe.photoshop'],
  [0, '\0\0\0\x0cjP  ', 'image/jp2'],
  [0, '%PDF-', 'application/pdf'],
  [0, '\x1aE\xdf\xa3', 'video/webm'],
  [0, 'OggS', 'application/ogg'],
  [0, 'ID3', 'audio/mpeg'],
  [0, 'RIFF', 'application/x-riff'],
  [0, 'PK\x03\x04', 'application/zip'],
  [0, '\x1f\x8b', 'application/gzip'],
]

/** A content type; `empty` for no bytes, `unknown` for bytes that say nothing. */
export function sniffType(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'empty'
  const start = Buffer.from(bytes.subarray(0, 1024)).toString('latin1')
  if (start.startsWith('ftyp', 4)) return isoMediaType(start)
  const hit = SIGNATURES.find(
    ([at, signature, type]) =>
      start.startsWith(signature, at) && (type !== 'image/webp' || start.startsWith('RIFF')),
  )
  return hit?.[2] ?? textType(start)
}

/** ISO base media files tell by their brands (ISO/IEC 14496-12, section 4.3). */
function isoMediaType(start: string): string {
  const brands = start.slice(8, 40)
  if (/avi[fs]/.test(brands)) return 'image/avif'
  return /hei[cxms]|hev[cx]|mif1|msf1/.test(brands) ? 'image/heic' : 'video/mp4'
}

function textType(start: string): string {
  const text = start
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
    .toLowerCase()
  if (/^<(\?xml|!--|!doctype svg|svg)/.test(text) && text.includes('<svg')) return 'image/svg+xml'
  if (/^<(!doctype html|html|head|body|!--)/.test(text)) return 'text/html'
  if (text.startsWith('<?xml')) return 'application/xml'
  if (/^[[{]/.test(text)) return 'application/json'
  const isControl = (byte: number): boolean => byte < 9 || (byte > 13 && byte < 32)
  return Buffer.from(start, 'latin1').some(isControl) ? 'unknown' : 'text/plain'
}

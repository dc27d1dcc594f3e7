/** Reading a body up to a limit that counts what comes out, not what is announced. */
import { Readable, pipeline } from 'node:stream'
import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'

export type Body =
  /** All of it, or all that was asked for */
  | { readonly kind: 'whole'; readonly bytes: Uint8Array }
  | { readonly kind: 'too-large' }
  /** In an encoding nobody asked for and we cannot undo */
  | { readonly kind: 'foreign-encoding'; readonly encoding: string }

/**
 * Reads to the end, or to the limit and not further: the rest is neither decoded nor kept, and the stream is destroyed.
 * Of a body beyond the limit nothing is given, or its beginning if the excess is to be `cut`.
 * Rejects with what the stream says: resets, missing bytes, damaged gzip.
 */
export async function readBody(
  body: Readable,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  maxBytes: number,
  excess: 'refuse' | 'cut' = 'refuse',
): Promise<Body> {
  // Leaving early destroys the body, which undici then reports as an error to whoever still listens.
  body.on('error', () => {})
  try {
    if (excess === 'refuse' && Number(headers['content-length'] ?? 0) > maxBytes) return { kind: 'too-large' }
    const encoding = String(headers['content-encoding'] ?? 'identity')
      .trim()
      .toLowerCase()
    const decoder = decoderFor(encoding)
    if (decoder === undefined) return { kind: 'foreign-encoding', encoding }
    // The callback only keeps pipeline's error from being thrown twice: the reader below meets it as well.
    return await collect(decoder === null ? body : pipeline(body, decoder, () => {}), maxBytes, excess)
  } finally {
    body.destroy()
  }
}

async function collect(stream: Readable, maxBytes: number, excess: 'refuse' | 'cut'): Promise<Body> {
  const chunks: Uint8Array[] = []
  let length = 0
  // Leaving the loop destroys the stream, and with it the decoder.
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    length += chunk.length
    chunks.push(chunk)
    if (length > maxBytes && excess === 'refuse') return { kind: 'too-large' }
    if (length >= maxBytes && excess === 'cut') break
  }
  return { kind: 'whole', bytes: Buffer.concat(chunks, Math.min(length, maxBytes)) }
}

/** Null: nothing to undo. Undefined: not known. */
function decoderFor(encoding: string): Transform | null | undefined {
  switch (encoding) {
    case '':
    case 'identity':
      return null
    case 'gzip':
    case 'x-gzip':
      return createGunzip()
    case 'deflate':
      return createInflate()
    case 'br':
      return createBrotliDecompress()
    default:
      return undefined
  }
}

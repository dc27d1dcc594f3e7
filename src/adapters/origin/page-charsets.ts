/** In which character sets a page may be written. Pure. */
import { TextDecoder } from 'node:util'

/** How far a declaration is looked for: as browsers do (WHATWG HTML, "prescan a byte stream"). */
const PRESCAN_BYTES = 1024

/**
 * The likeliest first: byte order mark, header, the page's own declaration, UTF-8, and last windows-1252, in which every byte is
 * a letter. Unknown names are left out. Each is named once.
 */
export function pageCharsets(bytes: Uint8Array, contentType: string): readonly TextDecoder[] {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, PRESCAN_BYTES))
  const declared = [
    byteOrderMark(start),
    charsetIn(contentType),
    ownDeclaration(start.toString('latin1')),
    'utf-8',
    'windows-1252',
  ]
  const decoders = new Map<string, TextDecoder>()
  for (const label of declared) {
    const decoder = label === null ? null : decoderFor(label)
    if (decoder !== null && !decoders.has(decoder.encoding)) decoders.set(decoder.encoding, decoder)
  }
  return [...decoders.values()]
}

function byteOrderMark(start: Buffer): string | null {
  if (start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf) return 'utf-8'
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be'
  return start[0] === 0xff && start[1] === 0xfe ? 'utf-16le' : null
}

/** A page that can be read far enough to find this is not in UTF-16, whatever it says. */
function ownDeclaration(start: string): string | null {
  const tag = /<meta[^>]*\bcharset\s*=[^>]*>|<\?xml[^>]*\bencoding\s*=[^>]*\?>/i.exec(start)?.[0] ?? ''
  const label = charsetIn(tag.replace(/encoding/i, 'charset'))
  return label !== null && /^utf-?16/i.test(label) ? 'utf-8' : label
}

function charsetIn(text: string): string | null {
  return /\bcharset\s*=\s*["']?\s*([^\s"';>]+)/i.exec(text)?.[1] ?? null
}

function decoderFor(label: string): TextDecoder | null {
  try {
    return new TextDecoder(label)
  } catch {
    return null
  }
}

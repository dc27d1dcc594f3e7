/** A linked page, read again for its preview image. */
import type { FetchFailure, PageOutcome } from '../../core/ports/origin.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { acceptableUrl } from './acceptable-url.ts'
import { exchange } from './exchange.ts'
import type { OriginTools } from './exchange.ts'
import { fetchJson, MAX_DOCUMENT_BYTES, nameOf } from './fetch-json.ts'
import { findPageImage } from './find-page-image.ts'
import type { PageImage } from './find-page-image.ts'
import { asObject, property } from './json-shape.ts'
import { pageCharsets } from './page-charsets.ts'
import { afterAnswer } from './read-failure.ts'
import { isPassing } from './read-picture.ts'

/** Unsigned, as a link preview (app/services/fetch_link_card_service.rb); one more GET if only oEmbed knows the image. */
export async function readPage(tools: OriginTools, url: string, options?: CallOptions): Promise<PageOutcome> {
  const agent = { 'user-agent': `${tools.userAgent} Bot` }
  const wish = {
    headers: { ...agent, accept: 'text/html, application/xhtml+xml', 'accept-encoding': 'gzip' },
    signed: false,
    limits: { maxBytes: MAX_DOCUMENT_BYTES, timeoutMs: tools.documentTimeoutMs },
    // What a page says of itself stands in its head.
    excess: 'cut' as const,
    wants: ({ status, contentType }: { readonly status: number; readonly contentType: string }) =>
      status === 200 && /^\s*(text\/html|application\/xhtml\+xml)\s*(;|$)/i.test(contentType),
  }
  const answer = await exchange(tools, url, wish, options)
  if (answer.kind === 'unwanted') return { kind: 'not-a-page', found: nameOf(answer) }
  if (answer.kind !== 'answered') return answer
  const { image, oEmbed } = findIn(answer)
  if (image !== null) return { kind: 'image', url: image }
  return oEmbed === null ? { kind: 'no-image' } : askOEmbed(tools, agent, oEmbed, options)
}

/** Read in the likeliest character set in which the addresses of interest are whole. */
function findIn(page: {
  readonly bytes: Uint8Array
  readonly contentType: string
  readonly url: URL
}): PageImage {
  let found: PageImage = { image: null, oEmbed: null }
  for (const charset of pageCharsets(page.bytes, page.contentType)) {
    found = findPageImage(charset.decode(page.bytes), page.url)
    if (!`${found.image} ${found.oEmbed}`.includes(REPLACEMENT)) break
  }
  return found
}

/** U+FFFD in an address: a byte that means nothing in that character set. */
const REPLACEMENT = '%EF%BF%BD'

/** `url` of a photo, `thumbnail_url` of everything else (https://oembed.com, section 2.3.4). */
async function askOEmbed(
  tools: OriginTools,
  headers: Readonly<Record<string, string>>,
  url: string,
  options?: CallOptions,
): Promise<PageOutcome | FetchFailure> {
  const wish = { accept: 'application/json', headers, signed: false, wants: () => true }
  const answer = await fetchJson(tools, url, wish, options)
  if (isPassing(answer)) return afterAnswer(answer)
  const document = answer.kind === 'json' ? asObject(answer.value) : null
  if (answer.kind !== 'json' || document === null) return { kind: 'no-image' }
  const names = property(document, 'type') === 'photo' ? ['url', 'thumbnail_url'] : ['thumbnail_url']
  for (const name of names) {
    const value = property(document, name)
    const image = typeof value === 'string' ? acceptableUrl(value, answer.url) : null
    if (image !== null) return { kind: 'image', url: image.href }
  }
  return { kind: 'no-image' }
}

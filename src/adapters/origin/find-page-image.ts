/** Where a page says its image is: Open Graph, Twitter's cards, `image_src`; or who could be asked (oEmbed). Pure. */
import { acceptableUrl } from './acceptable-url.ts'
import { scanTags } from './scan-tags.ts'
import type { Attributes } from './scan-tags.ts'

export interface PageImage {
  /** Absolute, http or https; null if the page names none. */
  readonly image: string | null
  /** The page's oEmbed address (https://oembed.com, section 4), in the same form. */
  readonly oEmbed: string | null
}

/** The best first; what comes first in the page wins among equals. */
const IMAGE_NAMES = [
  'og:image',
  'og:image:url',
  'og:image:secure_url',
  'twitter:image',
  'twitter:image:src',
  'image_src',
]

/** The second is what some sites write; Mastodon's FetchOEmbedService reads both. */
const O_EMBED_TYPES = ['application/json+oembed', 'text/json+oembed']

/** Relative addresses are read against the page's `<base>`, or the address it came from. */
export function findPageImage(html: string, pageUrl: URL): PageImage {
  const named = new Map<string, string>()
  let base: URL | null = null
  scanTags(html, ['base', 'meta', 'link'], (tag, attributes) => {
    if (tag === 'base') base ??= acceptableUrl(textOf(attributes, 'href'), pageUrl)
    for (const [name, address] of namedBy(tag, attributes))
      if (address !== '' && !named.has(name)) named.set(name, address)
  })
  const addressOf = (name: string): string | null => {
    const address = named.get(name)
    return address === undefined ? null : (acceptableUrl(address, base ?? pageUrl)?.href ?? null)
  }
  const images = IMAGE_NAMES.map(addressOf)
  return { image: images.find((image) => image !== null) ?? null, oEmbed: addressOf('oembed') }
}

/** What a tag names, and where that is. */
function namedBy(tag: string, attributes: Attributes): readonly (readonly [string, string])[] {
  switch (tag) {
    case 'meta': {
      // Open Graph says `property`, Twitter says `name`, and pages confuse the two.
      const content = textOf(attributes, 'content')
      const names = ['property', 'name'].flatMap((attribute) =>
        textOf(attributes, attribute).toLowerCase().split(/\s+/),
      )
      return IMAGE_NAMES.filter((name) => names.includes(name)).map((name) => [name, content] as const)
    }
    case 'link': {
      const href = textOf(attributes, 'href')
      if (O_EMBED_TYPES.includes(textOf(attributes, 'type').toLowerCase())) return [['oembed', href]]
      const isImage = textOf(attributes, 'rel').toLowerCase().split(/\s+/).includes('image_src')
      return isImage ? [['image_src', href]] : []
    }
    default:
      return []
  }
}

function textOf(attributes: Attributes, name: string): string {
  return attributes.get(name)?.trim() ?? ''
}

/** Pages that people link to, each of a form in which the web says where a page's image is, or does not. */
import type { Picture } from './pictures.ts'

export const PAGE_FORMS = [
  'open-graph',
  /** Open Graph with a relative address and a `base` */
  'relative',
  'twitter',
  'image-src',
  /** Only oEmbed knows the image, as the thumbnail of a film */
  'oembed',
  /** Only oEmbed knows the image, which is a photo itself */
  'oembed-photo',
  /** XHTML, as an XML document */
  'xhtml',
  /** Names no image */
  'bare',
  /** In ISO-8859-1, with a header that says UTF-8 and a letter in the address that shows it */
  'wrong-charset',
  /** In Windows-1251, which only the page itself says */
  'own-charset',
  /** Ten megabytes, the image in its head */
  'huge',
  /** Ten megabytes, the image at the end */
  'late',
  /** A redirect to a private address */
  'private',
] as const

export type PageForm = (typeof PAGE_FORMS)[number]

/** Where the `private` page leads: link-local, where clouds keep their secrets. */
export const PRIVATE_PAGE = 'http://169.254.169.254/latest/meta-data/'

const LINE = '<p>So it goes on, and on, and on.</p>\n'
const PADDING = LINE.repeat(Math.ceil(10e6 / LINE.length))

/** The page of that form, about an image with that address on the same origin; `private` is answered before anybody reads it. */
export function drawPage(form: PageForm, origin: string, username: string, imageUrl: string): Picture {
  const openGraph = `<meta property="og:image" content="${imageUrl}">`
  const path = imageUrl.slice(origin.length)
  switch (form) {
    case 'open-graph':
      return html(`<meta property="og:title" content="${username}">${openGraph}`)
    case 'relative': {
      const [folder, file] = ['/pictures/', path.slice('/pictures/'.length)]
      return html(`<base href="${folder}"><meta property="og:image" content="${file}">`)
    }
    case 'twitter':
      return html(`<meta name="twitter:card" content="summary"><meta name="twitter:image" content="${path}">`)
    case 'image-src':
      return html(`<link rel="image_src" href="${imageUrl}">`)
    case 'oembed':
    case 'oembed-photo': {
      const type = form === 'oembed' ? 'video' : 'photo'
      const href = `/oembed/${username}?type=${type}&amp;format=json`
      return html(`<link rel="alternate" type="application/json+oembed" href="${href}">`)
    }
    case 'xhtml': {
      const contentType = 'application/xhtml+xml'
      return html(`<meta property="og:image" content="${imageUrl}"/>`, { contentType })
    }
    case 'bare':
    case 'private':
      return html('')
    case 'wrong-charset':
      return html(`<meta property="og:image" content="${origin}/größe.png">`, { encoding: 'latin1' })
    case 'own-charset': {
      // 0xE6 is a Cyrillic zhe in Windows-1251 and an ae in ISO-8859-1.
      const head = `<meta charset="windows-1251"><meta property="og:image" content="${origin}/æ.png">`
      return html(head, { encoding: 'latin1', contentType: 'text/html' })
    }
    case 'huge':
      return html(openGraph, { body: PADDING })
    case 'late':
      return html('', { body: PADDING + openGraph })
  }
}

/** https://oembed.com, section 2.3.4. */
export function oEmbedDocument(type: 'photo' | 'video', origin: string, imageUrl: string): object {
  const common = { type, version: '1.0', title: 'A thing', provider_url: origin, width: 640, height: 360 }
  if (type === 'photo') return { ...common, url: imageUrl }
  return {
    ...common,
    html: `<iframe src="${origin}/player"></iframe>`,
    thumbnail_url: imageUrl,
    thumbnail_width: 480,
    thumbnail_height: 360,
  }
}

interface Writing {
  readonly encoding?: BufferEncoding
  readonly contentType?: string
  readonly body?: string
}

function html(head: string, writing: Writing = {}): Picture {
  const { encoding = 'utf8', contentType = 'text/html; charset=utf-8', body = '<p>Read on.</p>' } = writing
  const text = `<!DOCTYPE html>\n<html><head><title>A page</title>${head}</head>\n<body>${body}</body></html>\n`
  return { bytes: Buffer.from(text, encoding), contentType }
}

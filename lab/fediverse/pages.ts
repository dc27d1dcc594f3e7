/** Linked pages, as preview cards know them: each says in another way, or not at all, where its image is. */
import type { Picture } from './pictures.ts'

/** How a page names its image. */
export type PageForm =
  | 'og'
  | 'twitter'
  /** `link rel=image_src` */
  | 'image-src'
  /** Relative to a `base` on the same host */
  | 'relative'
  /** A `link` to an oEmbed document that has a thumbnail */
  | 'oembed'
  /** A `link` to an oEmbed document of a photo */
  | 'oembed-photo'
  /** Not at all */
  | 'none'
  /** UTF-8 says the header, Windows-1252 is what it is; the image's name has a letter that tells them apart */
  | 'wrong-charset'
  /** 10 MB; the image is named in the head */
  | 'long'
  /** A redirect to a private address, where a clumsy reader would find a page */
  | 'private'

export const PAGE_FORMS: readonly PageForm[] = [
  'og',
  'twitter',
  'image-src',
  'relative',
  'oembed',
  'oembed-photo',
  'none',
  'wrong-charset',
  'long',
  'private',
]

/** Whose avatar a page of a wrong character set names. */
export const LETTER = 'ü'

/** Where the `private` page leads: link-local, where clouds keep their secrets. */
export const PRIVATE_PAGE = 'http://169.254.169.254/latest/meta-data/'

const LONG_BYTES = 10_000_000

/** `picture` is the absolute address of the image. A `private` page has no text: its answer is the redirect. */
export function drawPage(form: PageForm, origin: string, username: string, picture: string): Picture {
  const [head, body] = contentOf(form, origin, username, picture)
  const text = `<!DOCTYPE html>\n<html><head><title>${username}</title>${head}</head><body>${body}</body></html>\n`
  return {
    bytes: Buffer.from(text, form === 'wrong-charset' ? 'latin1' : 'utf8'),
    contentType: 'text/html; charset=utf-8',
  }
}

function contentOf(
  form: PageForm,
  origin: string,
  username: string,
  picture: string,
): readonly [head: string, body: string] {
  const og = `<meta property="og:title" content="${username}"><meta property="og:image" content="${picture}">`
  switch (form) {
    case 'og':
      return [og, '']
    case 'long':
      return [og, 'long '.repeat(LONG_BYTES / 5)]
    case 'twitter':
      return [`<meta name="twitter:image" content="${picture}">`, '']
    case 'image-src':
      return [`<link rel="image_src" href="${picture}">`, '']
    case 'relative': {
      const [folder, name] = [new URL('.', picture), picture.slice(picture.lastIndexOf('/') + 1)]
      return [`<base href="${folder.pathname}"><meta property="og:image" content="${name}">`, '']
    }
    case 'oembed':
    case 'oembed-photo': {
      const address = `/oembed/${username}?format=json&amp;type=${form === 'oembed' ? 'video' : 'photo'}`
      return [`<link rel="alternate" type="application/json+oembed" href="${address}">`, '']
    }
    case 'wrong-charset':
      return [`<meta property="og:image" content="${origin}/pictures/${LETTER}/header.png">`, '']
    case 'none':
    case 'private':
      return ['', '<img src="/nobody/knows.png">']
  }
}

/** oEmbed 1.0, section 2.3.4. */
export function oEmbedDocument(type: 'photo' | 'video', picture: string): object {
  const common = { version: '1.0', type, width: 400, height: 400 }
  return type === 'photo' ? { ...common, url: picture } : { ...common, html: '', thumbnail_url: picture }
}

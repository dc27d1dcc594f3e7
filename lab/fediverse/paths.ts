/** The addresses of the little fediverse, in both directions. */
import { PICTURE_EXTENSIONS, usualExtension } from './pictures.ts'
import type { PictureExtension, PictureKind } from './pictures.ts'
import { PAGE_FORMS } from './linked-pages.ts'
import type { PageForm } from './linked-pages.ts'

/** What a request asks for. */
export type Asked =
  | {
      readonly kind: 'picture'
      readonly url: string
      readonly username: string
      readonly which: PictureKind
      readonly extension: PictureExtension
      /** At the address an actor names after it moved. */
      readonly moved: boolean
    }
  | {
      readonly kind: 'actor'
      readonly username: string
      /** At the address that webfinger names after the actor moved. */
      readonly moved: boolean
    }
  /** The Image that an actor names by reference */
  | { readonly kind: 'image-object'; readonly username: string; readonly which: PictureKind }
  | {
      readonly kind: 'webfinger'
      readonly username: string
      readonly resource: string
      /** In the place that host-meta names */
      readonly elsewhere: boolean
    }
  | { readonly kind: 'page'; readonly url: string; readonly username: string; readonly form: PageForm }
  | { readonly kind: 'oembed'; readonly username: string; readonly type: 'photo' | 'video' }
  | { readonly kind: 'host-meta' | 'nodeinfo-links' | 'nodeinfo' | 'nothing' }

/** Reads a request's path; whatever has no known shape is `nothing`. */
export function readPath(origin: string, path: string): Asked {
  const url = new URL(path, origin)
  const picture = /^\/pictures\/([^/]+)\/(moved-)?(avatar|header)\.([a-z.]+)$/.exec(url.pathname)
  const extension = PICTURE_EXTENSIONS.find((known) => known === picture?.[4])
  if (picture !== null && extension !== undefined) {
    return {
      kind: 'picture',
      url: `${origin}${url.pathname}`,
      username: picture[1] ?? '',
      which: picture[3] === 'header' ? 'header' : 'avatar',
      extension,
      moved: picture[2] !== undefined,
    }
  }
  return readDocumentPath(origin, url)
}

function readDocumentPath(origin: string, { pathname, searchParams }: URL): Asked {
  const actor = /^\/(users|actors)\/([^/]+)$/.exec(pathname)
  if (actor !== null) return { kind: 'actor', username: actor[2] ?? '', moved: actor[1] === 'actors' }
  const object = /^\/objects\/([^/]+)\/(avatar|header)$/.exec(pathname)
  if (object !== null) {
    const which = object[2] === 'header' ? 'header' : 'avatar'
    return { kind: 'image-object', username: object[1] ?? '', which }
  }
  const page = /^\/pages\/([a-z-]+)\/([^/]+)$/.exec(pathname)
  const form = PAGE_FORMS.find((known) => known === page?.[1])
  if (page !== null && form !== undefined)
    return { kind: 'page', url: `${origin}${pathname}`, username: page[2] ?? '', form }
  const embed = /^\/oembed\/([^/]+)$/.exec(pathname)
  if (embed !== null) {
    const type = searchParams.get('type') === 'photo' ? 'photo' : 'video'
    return { kind: 'oembed', username: embed[1] ?? '', type }
  }
  if (pathname === '/.well-known/webfinger' || pathname === '/elsewhere/webfinger') {
    const resource = searchParams.get('resource') ?? ''
    const username = /^acct:@?([^@]+)@/.exec(resource)?.[1]
    if (username === undefined) return { kind: 'nothing' }
    return { kind: 'webfinger', username, resource, elsewhere: pathname.startsWith('/elsewhere') }
  }
  if (pathname === '/.well-known/host-meta') return { kind: 'host-meta' }
  if (pathname === '/.well-known/nodeinfo') return { kind: 'nodeinfo-links' }
  return { kind: pathname === '/nodeinfo/2.0' ? 'nodeinfo' : 'nothing' }
}

/** Where a picture lies: the same for the same words. */
export function pictureUrl(
  origin: string,
  username: string,
  which: PictureKind,
  extension: PictureExtension = usualExtension(username, which),
): string {
  return `${origin}/pictures/${username}/${which}.${extension}`
}

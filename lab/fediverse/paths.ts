/** The addresses of the little fediverse, in both directions. */
import { PICTURE_EXTENSIONS, usualExtension } from './pictures.ts'
import type { PictureExtension, PictureKind } from './pictures.ts'

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
  | { readonly kind: 'actor'; readonly username: string }
  | { readonly kind: 'webfinger'; readonly username: string; readonly resource: string }
  | { readonly kind: 'nodeinfo-links' | 'nodeinfo' | 'nothing' }

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
  const actor = /^\/users\/([^/]+)$/.exec(url.pathname)
  if (actor !== null) return { kind: 'actor', username: actor[1] ?? '' }
  if (url.pathname === '/.well-known/webfinger') {
    const resource = url.searchParams.get('resource') ?? ''
    const username = /^acct:@?([^@]+)@/.exec(resource)?.[1]
    return username === undefined ? { kind: 'nothing' } : { kind: 'webfinger', username, resource }
  }
  if (url.pathname === '/.well-known/nodeinfo') return { kind: 'nodeinfo-links' }
  return { kind: url.pathname === '/nodeinfo/2.0' ? 'nodeinfo' : 'nothing' }
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

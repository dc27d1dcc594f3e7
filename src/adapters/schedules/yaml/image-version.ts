import type { Node } from 'yaml'
import { dig, textOf } from './nodes.ts'

/** `4.5` of `ghcr.io/mastodon/mastodon:v4.5.2` or of a tag alone. */
export function versionOfImage(image: string | undefined): string | null {
  const match = /(?:mastodon|glitch)[^:]*:v?(\d+\.\d+)/i.exec(image ?? '')
  return match?.[1] ?? null
}

/** Of `image.repository` and `image.tag`, as charts have them; null without a tag, or for another program. */
export function versionOfTag(root: Node): string | null {
  const repository = textOf(dig(root, 'image', 'repository')) ?? 'mastodon'
  const tag = textOf(dig(root, 'image', 'tag'))
  return tag === undefined ? null : versionOfImage(`${repository}:${tag}`)
}

/** Where an actor's `icon` or `image` leads (Mastodon ProcessAccountService, `image_url`). */
import type { FetchFailure } from '../../core/ports/origin.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { acceptableUrl } from './acceptable-url.ts'
import { ACTIVITY_JSON } from './activity-json.ts'
import type { OriginTools } from './exchange.ts'
import { fetchJson } from './fetch-json.ts'
import { asObject, firstOf, property } from './json-shape.ts'
import { afterAnswer } from './read-failure.ts'

/** Null: it names none. */
interface PictureAddress {
  readonly kind: 'picture'
  readonly url: string | null
}

/**
 * The first of a list; a string is the address of an object, read with one signed GET. What may be better another time is
 * handed on as a failure: "no picture" must be the origin's word.
 */
export async function readPicture(
  tools: OriginTools,
  value: unknown,
  options?: CallOptions,
): Promise<PictureAddress | FetchFailure> {
  const first = firstOf(value)
  if (typeof first !== 'string') return { kind: 'picture', url: addressIn(first) }
  const answer = await fetchJson(tools, first, ACTIVITY_JSON, options)
  if (isPassing(answer)) return afterAnswer(answer)
  return { kind: 'picture', url: answer.kind === 'json' ? addressIn(answer.value) : null }
}

/** Of an Image its `url` (the first); of that, or of anything else that is an object, its `href`. */
export function addressIn(value: unknown): string | null {
  let found = asObject(value)
  if (found === null) return null
  if (property(found, 'type') === 'Image') {
    const url = firstOf(property(found, 'url'))
    if (typeof url === 'string') return writable(url)
    found = asObject(url)
  }
  const href = found === null ? undefined : property(found, 'href')
  return typeof href === 'string' ? writable(href) : null
}

/**
 * As the origin wrote it, so that it compares with what the row says. The parser overlooks line ends and other controls, and
 * halves of letters; PostgreSQL takes no U+0000: an address with any of these is written as it was understood.
 */
function writable(address: string): string | null {
  const url = acceptableUrl(address)
  if (url === null) return null
  return /[\p{Cc}\p{Cs}]/u.test(address) ? url.href : address
}

type Passing = Extract<FetchFailure, { kind: 'refused' | 'unavailable' | 'timeout' | 'unreachable' }>

/** An end that says nothing of the picture. */
export function isPassing<T extends { readonly kind: string }>(answer: T): answer is T & Passing {
  return ['refused', 'unavailable', 'timeout', 'unreachable'].includes(answer.kind)
}

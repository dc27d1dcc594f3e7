/** A remote account's own document: where its pictures are today. */
import type { ActorOutcome, FetchFailure, RemoteActor } from '../../core/ports/origin.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { acceptableUrl } from './acceptable-url.ts'
import { ACTIVITY_JSON } from './activity-json.ts'
import type { OriginTools } from './exchange.ts'
import { fetchJson } from './fetch-json.ts'
import type { JsonAnswer } from './fetch-json.ts'
import { inWords } from './in-words.ts'
import { asList, asObject, property } from './json-shape.ts'
import type { JsonObject } from './json-shape.ts'
import { afterAnswer } from './read-failure.ts'
import { readPicture } from './read-picture.ts'

/** Mastodon `SUPPORTED_TYPES` (app/services/activitypub/process_account_service.rb). */
const ACTOR_TYPES = ['Application', 'Group', 'Organization', 'Person', 'Service']

/** A document that speaks for itself, or how it ended. */
type Proven =
  | { readonly kind: 'document'; readonly id: string; readonly document: JsonObject }
  | { readonly kind: 'not-an-actor'; readonly found: string }
  | FetchFailure

/** One signed GET; one more if the document has another address; one more for each picture named by reference. */
export async function readActor(
  tools: OriginTools,
  uri: string,
  options?: CallOptions,
): Promise<ActorOutcome> {
  const read = await readProven(tools, uri, options)
  if (read.kind !== 'document') return read
  const { id, document } = read
  const types = asList(property(document, 'type')).filter((type) => typeof type === 'string')
  // Some origins leave this in the place of who was deleted, with status 200 (ActivityStreams, section 3.4).
  if (types.includes('Tombstone')) return { kind: 'gone', status: 410 }
  if (!types.some((type) => ACTOR_TYPES.includes(type))) return notAnActor(nameOfType(types))
  const icon = await readPicture(tools, property(document, 'icon'), options)
  if (icon.kind !== 'picture') return icon
  const image = await readPicture(tools, property(document, 'image'), options)
  if (image.kind !== 'picture') return image
  const name = property(document, 'preferredUsername')
  const actor: RemoteActor = {
    id,
    preferredUsername: typeof name === 'string' ? name : null,
    icon: icon.url,
    image: image.url,
    suspended: property(document, 'suspended') === true,
  }
  return { kind: 'actor', actor }
}

/**
 * A document may not speak for another address. It passes if its `id` is the address that was asked, or the one that redirects
 * led to. Otherwise it is only believed to know where the actor is: that address is asked once, and must answer with itself.
 */
async function readProven(tools: OriginTools, uri: string, options?: CallOptions): Promise<Proven> {
  const first = prove(uri, await fetchJson(tools, uri, ACTIVITY_JSON, options))
  if (first.kind !== 'elsewhere') return first
  const second = prove(first.id, await fetchJson(tools, first.id, ACTIVITY_JSON, options))
  if (second.kind === 'elsewhere') return notAnActor(`a document of another address, ${inWords(second.id)}`)
  return 'connected' in second ? afterAnswer(second) : second
}

function prove(
  asked: string,
  answer: JsonAnswer,
): Proven | { readonly kind: 'elsewhere'; readonly id: string } {
  if (answer.kind === 'other') return notAnActor(answer.found)
  if (answer.kind !== 'json') return answer
  const document = asObject(answer.value)
  if (document === null) return notAnActor('JSON that is no object')
  const id = property(document, 'id')
  const url = typeof id === 'string' ? acceptableUrl(id) : null
  if (typeof id !== 'string' || url === null) return notAnActor('a document without an address')
  if (url.href === acceptableUrl(asked)?.href || url.href === answer.url.href)
    return { kind: 'document', id, document }
  return { kind: 'elsewhere', id }
}

function notAnActor(found: string): { readonly kind: 'not-an-actor'; readonly found: string } {
  return { kind: 'not-an-actor', found }
}

function nameOfType(types: readonly string[]): string {
  return types.length === 0 ? 'a document without a type' : `a document of type ${inWords(types.join(', '))}`
}

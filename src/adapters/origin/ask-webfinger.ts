/** Where a domain says an account's actor is (RFC 7033). */
import type { WebfingerOutcome } from '../../core/ports/origin.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { acceptableUrl } from './acceptable-url.ts'
import { isActivityType } from './activity-json.ts'
import { exchange } from './exchange.ts'
import type { OriginTools } from './exchange.ts'
import { fetchJson, MAX_DOCUMENT_BYTES } from './fetch-json.ts'
import type { JsonAnswer } from './fetch-json.ts'
import { asList, asObject, property } from './json-shape.ts'
import { templateIn } from './host-meta.ts'
import { afterAnswer } from './read-failure.ts'

export interface Account {
  readonly username: string
  readonly domain: string
}

/** Unsigned, as in Mastodon (app/lib/webfinger.rb): a 404 sends to host-meta, a 410 is the end. */
export async function askWebfinger(
  tools: OriginTools,
  baseOf: (domain: string) => string,
  account: Account,
  options?: CallOptions,
): Promise<WebfingerOutcome> {
  const base = baseOf(account.domain)
  // A domain with a path or a user's name in it is none, and would ask somebody else.
  if (!/^[^\s/?#@\\]+$/u.test(account.domain)) return { kind: 'bad-url', url: base }
  const resource = `acct:${encodeURIComponent(account.username)}@${account.domain}`
  const first = await fetchResource(tools, `${base}/.well-known/webfinger?resource=${resource}`, options)
  if (first.kind !== 'gone' || first.status !== 404) return readLinks(first)
  const template = await fetchTemplate(tools, `${base}/.well-known/host-meta`, options)
  if (template.kind !== 'template') return template
  const second = await fetchResource(
    tools,
    template.text.replaceAll('{uri}', () => resource),
    options,
  )
  return readLinks('connected' in second ? afterAnswer(second) : second)
}

function fetchResource(tools: OriginTools, url: string, options?: CallOptions): Promise<JsonAnswer> {
  const accept = 'application/jrd+json, application/json'
  return fetchJson(tools, url, { accept, signed: false, wants: () => true }, options)
}

/** The link to the actor. A domain that answers with something else altogether says nothing of the account. */
function readLinks(answer: JsonAnswer): WebfingerOutcome {
  if (answer.kind === 'gone' && answer.status === 404) return { kind: 'unknown' }
  if (answer.kind === 'other') return unreadable(answer.found)
  if (answer.kind !== 'json') return answer
  const document = asObject(answer.value)
  if (document === null) return unreadable('JSON that is no object')
  for (const link of asList(property(document, 'links'))) {
    const uri = actorIn(link)
    if (uri !== null) return { kind: 'found', uri }
  }
  return { kind: 'unknown' }
}

function unreadable(found: string): WebfingerOutcome {
  return { kind: 'unreachable', reason: `webfinger answers with ${found}`, connected: true }
}

function actorIn(link: unknown): string | null {
  const object = asObject(link)
  if (object === null || property(object, 'rel') !== 'self') return null
  const [type, href] = [property(object, 'type'), property(object, 'href')]
  if (typeof type !== 'string' || !isActivityType(type)) return null
  return typeof href === 'string' && acceptableUrl(href) !== null ? href : null
}

/** RFC 6415; without it, the first answer stands. */
async function fetchTemplate(
  tools: OriginTools,
  url: string,
  options?: CallOptions,
): Promise<{ readonly kind: 'template'; readonly text: string } | WebfingerOutcome> {
  const wish = {
    headers: { accept: 'application/xrd+xml, application/xml, text/xml', 'accept-encoding': 'gzip' },
    signed: false,
    limits: { maxBytes: MAX_DOCUMENT_BYTES, timeoutMs: tools.documentTimeoutMs },
    excess: 'refuse' as const,
    wants: ({ status }: { readonly status: number }) => status === 200,
  }
  const answer = await exchange(tools, url, wish, options)
  switch (answer.kind) {
    case 'answered': {
      const text = templateIn(new TextDecoder().decode(answer.bytes))
      return text === null ? { kind: 'unknown' } : { kind: 'template', text }
    }
    case 'unwanted':
    case 'gone':
      return { kind: 'unknown' }
    default:
      return afterAnswer(answer)
  }
}

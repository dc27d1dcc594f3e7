/** One file from its origin: hop by hop, each hop with its own turn at its own host. */
import { request } from 'undici'
import type { Dispatcher } from 'undici'
import type { FetchLimits, FetchOutcome } from '../../core/ports/origin.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import type { Clock } from '../../core/ports/runtime.ts'
import { acceptableUrl, bareHost, isHiddenService } from './acceptable-url.ts'
import { startDeadline } from './deadline.ts'
import type { Turns } from './per-host.ts'
import { readBody } from './read-body.ts'
import { readFailure } from './read-failure.ts'
import { retryAfterMs } from './retry-after.ts'

export interface FetchTools {
  /** Connects through the address guard and follows nothing. */
  readonly dispatcher: Dispatcher
  readonly turns: Turns
  readonly clock: Clock
  readonly userAgent: string
}

/** What one hop gives: an end, or the next address. */
type Hop = FetchOutcome | { readonly kind: 'redirect'; readonly location: string }

/** As many as Mastodon follows (app/lib/request.rb). */
const MAX_REDIRECTS = 3

/** Follows redirects, checking each address anew. Waiting for a turn costs none of the caller's time limit. */
export async function fetchFile(
  tools: FetchTools,
  first: string,
  limits: FetchLimits,
  options: CallOptions = {},
): Promise<FetchOutcome> {
  let leftMs = limits.timeoutMs
  let url = acceptableUrl(first)
  if (url === null) return { kind: 'bad-url', url: first }
  for (let redirects = 0; ; redirects++) {
    if (isHiddenService(url.hostname)) return { kind: 'private-address', host: url.hostname }
    const giveBack = await tools.turns.take(bareHost(url.hostname), options.signal)
    const started = tools.clock.now()
    let hop: Hop
    try {
      hop = await fetchHop(tools, url, { ...limits, timeoutMs: leftMs }, options.signal)
    } finally {
      giveBack()
    }
    if (hop.kind !== 'redirect') return hop
    if (redirects === MAX_REDIRECTS) return { kind: 'too-many-redirects' }
    leftMs -= Math.max(0, tools.clock.now() - started)
    if (leftMs <= 0) return { kind: 'timeout' }
    const next = acceptableUrl(hop.location, url)
    if (next === null) return { kind: 'bad-url', url: hop.location }
    url = next
  }
}

async function fetchHop(
  tools: FetchTools,
  url: URL,
  limits: FetchLimits,
  signal: AbortSignal | undefined,
): Promise<Hop> {
  const deadline = startDeadline(limits.timeoutMs, signal)
  try {
    const response = await request(url, {
      dispatcher: tools.dispatcher,
      signal: deadline.signal,
      // Pictures do not compress, so nothing is lost by asking for them as they are, and there is less to unfold.
      headers: { 'user-agent': tools.userAgent, 'accept-encoding': 'identity' },
    })
    return await readAnswer(tools, url, response, limits.maxBytes, deadline.signal)
  } catch (error) {
    signal?.throwIfAborted()
    return deadline.expired() ? { kind: 'timeout' } : readFailure(error)
  } finally {
    deadline.clear()
  }
}

async function readAnswer(
  tools: FetchTools,
  url: URL,
  { statusCode: status, headers, body }: Dispatcher.ResponseData,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Hop> {
  if (status >= 200 && status <= 299) {
    const read = await readBody(body, headers, maxBytes)
    switch (read.kind) {
      case 'whole':
        return { kind: 'fetched', bytes: read.bytes, url: url.href }
      case 'too-large':
        return { kind: 'too-large', limit: maxBytes }
      case 'foreign-encoding':
        return { kind: 'unreachable', reason: `the body is encoded as ${read.encoding}` }
    }
  }
  // A short body is read to its end, so that the connection serves the next picture; a long one is cut off.
  await body.dump({ limit: 64 * 1024, signal }).catch(() => {})
  const location = single(headers.location)
  if ([301, 302, 303, 307, 308].includes(status) && location !== undefined)
    return { kind: 'redirect', location }
  if (status === 404 || status === 410) return { kind: 'gone', status }
  if (status >= 500 || status === 408 || status === 429) {
    const pause = retryAfterMs(single(headers['retry-after']), tools.clock.now())
    return { kind: 'unavailable', status, retryAfterMs: pause }
  }
  return { kind: 'refused', status }
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}

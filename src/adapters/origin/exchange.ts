/** One exchange with origins: hop by hop, each hop with its own turn at its own host. Files and documents share it. */
import { request } from 'undici'
import type { Dispatcher } from 'undici'
import type { FetchFailure, FetchLimits } from '../../core/ports/origin.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import type { Clock } from '../../core/ports/runtime.ts'
import { acceptableUrl, bareHost, isHiddenService } from './acceptable-url.ts'
import { startDeadline } from './deadline.ts'
import { noteStart } from './note-start.ts'
import type { Turns } from './per-host.ts'
import { readAnswer } from './read-answer.ts'
import { afterAnswer, readFailure } from './read-failure.ts'
import type { Signatures } from './signatures.ts'
import { BodyOutruns } from './without-pause.ts'

export interface OriginTools {
  /** Connects through the address guard, follows nothing, and never pauses a body. */
  readonly dispatcher: Dispatcher
  readonly turns: Turns
  readonly clock: Clock
  readonly userAgent: string
  readonly signatures: Signatures
  /** Of documents, redirects included. */
  readonly documentTimeoutMs: number
}

/** What is asked for, whatever host a redirect leads to. */
export interface Wish {
  /** Sent to every hop, beside the user agent and the signature. */
  readonly headers: Readonly<Record<string, string>>
  /** Signed by the instance actor, each hop anew: a signature covers host and path. */
  readonly signed: boolean
  readonly limits: FetchLimits
  /** Of a body larger than the limit: nothing, or its beginning. */
  readonly excess: 'refuse' | 'cut'
  /** Asked before the body of a 2xx answer is read; what is not wanted is not read. */
  readonly wants: (head: AnswerHead) => boolean
}

/** A 2xx answer before its body. */
export interface AnswerHead {
  readonly status: number
  /** As the origin wrote it; empty if it said nothing. */
  readonly contentType: string
  /** The last address, after redirects. */
  readonly url: URL
}

export type Answer =
  | ({ readonly kind: 'answered'; readonly bytes: Uint8Array } & AnswerHead)
  /** 2xx, and `wants` said no */
  | ({ readonly kind: 'unwanted' } & AnswerHead)
  | FetchFailure

/** What one hop gives: an end, or the next address. */
export type Hop = Answer | { readonly kind: 'redirect'; readonly location: string }

/** As many as Mastodon follows (app/lib/request.rb). */
const MAX_REDIRECTS = 3

/** Follows redirects, checking each address anew. Waiting for a turn costs none of the caller's time limit. */
export async function exchange(
  tools: OriginTools,
  first: string,
  wish: Wish,
  options: CallOptions = {},
): Promise<Answer> {
  let leftMs = wish.limits.timeoutMs
  let url = acceptableUrl(first)
  if (url === null) return { kind: 'bad-url', url: first }
  for (let redirects = 0; ; redirects++) {
    if (isHiddenService(url.hostname)) return { kind: 'private-address', host: url.hostname }
    const giveBack = await tools.turns.take(bareHost(url.hostname), options.signal)
    const started = tools.clock.now()
    let hop: Hop
    try {
      hop = await takeHop(tools, url, wish, leftMs, options.signal)
    } finally {
      giveBack()
    }
    if (hop.kind !== 'redirect') return redirects > 0 && 'connected' in hop ? afterAnswer(hop) : hop
    if (redirects === MAX_REDIRECTS) return { kind: 'too-many-redirects' }
    leftMs -= Math.max(0, tools.clock.now() - started)
    if (leftMs <= 0) return { kind: 'timeout', connected: true }
    const next = acceptableUrl(hop.location, url)
    if (next === null) return { kind: 'bad-url', url: hop.location }
    url = next
  }
}

/** One address, asked again in the other form of signature if it refuses the first. */
async function takeHop(
  tools: OriginTools,
  url: URL,
  wish: Wish,
  leftMs: number,
  signal: AbortSignal | undefined,
): Promise<Hop> {
  const ask = (headers: Wish['headers'], timeoutMs: number): Promise<Hop> =>
    askOnce(tools, url, { ...wish, headers, limits: { ...wish.limits, timeoutMs } }, signal)
  const key = wish.signed ? await tools.signatures.key() : null
  if (key === null) return ask(wish.headers, leftMs)
  const started = tools.clock.now()
  const form = tools.signatures.formOf(url.host)
  const hop = await ask(await key.sign(form, url, wish.headers), leftMs)
  const stillLeftMs = leftMs - Math.max(0, tools.clock.now() - started)
  if (!wantsOtherForm(hop) || stillLeftMs <= 0) return hop
  const other = form === 'rfc9421' ? 'draft-cavage' : 'rfc9421'
  const second = await ask(await key.sign(other, url, wish.headers), stillLeftMs)
  if (isAccepted(second)) tools.signatures.remember(url.host, other)
  return second
}

/** What Mastodon takes as a wish for the other form (docs/mastodon.md#requests). */
function wantsOtherForm(hop: Hop): boolean {
  return hop.kind === 'refused' && (hop.status === 400 || hop.status === 401)
}

function isAccepted({ kind }: Hop): boolean {
  return kind === 'answered' || kind === 'unwanted' || kind === 'redirect' || kind === 'gone'
}

async function askOnce(
  tools: OriginTools,
  url: URL,
  wish: Wish,
  signal: AbortSignal | undefined,
): Promise<Hop> {
  const deadline = startDeadline(wish.limits.timeoutMs, signal)
  let connected = false
  try {
    const response = await request(url, {
      dispatcher: noteStart(tools.dispatcher, () => (connected = true)),
      signal: deadline.signal,
      headers: { 'user-agent': tools.userAgent, ...wish.headers },
      highWaterMark: wish.limits.maxBytes,
    })
    return await readAnswer(url, response, wish, tools.clock.now(), deadline.signal)
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof BodyOutruns) return { kind: 'too-large', limit: wish.limits.maxBytes }
    return deadline.expired() ? { kind: 'timeout', connected } : readFailure(error, connected)
  } finally {
    deadline.clear()
  }
}

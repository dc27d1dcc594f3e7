/** What a response means: an answer, an end, or another address. */
import type { Dispatcher } from 'undici'
import type { AnswerHead, Hop, Wish } from './exchange.ts'
import { readBody } from './read-body.ts'
import { retryAfterMs } from './retry-after.ts'

/** Reads the body of what is wanted. Rejects with what the stream says. */
export async function readAnswer(
  url: URL,
  { statusCode: status, headers, body }: Dispatcher.ResponseData,
  wish: Wish,
  nowMs: number,
  signal: AbortSignal,
): Promise<Hop> {
  if (status >= 200 && status <= 299) {
    const head: AnswerHead = { status, contentType: single(headers['content-type']) ?? '', url }
    if (!wish.wants(head)) {
      await empty(body, signal)
      return { kind: 'unwanted', ...head }
    }
    const { maxBytes } = wish.limits
    const read = await readBody(body, headers, maxBytes, wish.excess)
    switch (read.kind) {
      case 'whole':
        return { kind: 'answered', ...head, bytes: read.bytes }
      case 'too-large':
        return { kind: 'too-large', limit: maxBytes }
      case 'foreign-encoding':
        return { kind: 'unreachable', reason: `the body is encoded as ${read.encoding}`, connected: true }
    }
  }
  await empty(body, signal)
  const location = single(headers.location)
  if ([301, 302, 303, 307, 308].includes(status) && location !== undefined)
    return { kind: 'redirect', location }
  if (status === 404 || status === 410) return { kind: 'gone', status }
  if (status >= 500 || status === 408 || status === 429) {
    const pause = retryAfterMs(single(headers['retry-after']), nowMs)
    return { kind: 'unavailable', status, retryAfterMs: pause }
  }
  return { kind: 'refused', status }
}

/** A short body is read to its end, so that the connection serves the next picture; a long one is cut off. */
async function empty(body: Dispatcher.ResponseData['body'], signal: AbortSignal): Promise<void> {
  await body.dump({ limit: 64 * 1024, signal }).catch(() => {})
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}

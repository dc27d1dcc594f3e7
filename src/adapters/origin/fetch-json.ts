/** A JSON document from an origin, read without trusting it. */
import type { FetchFailure } from '../../core/ports/origin.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { exchange } from './exchange.ts'
import type { AnswerHead, OriginTools } from './exchange.ts'
import { inWords } from './in-words.ts'

/** As in Mastodon (`body_with_limit`). */
export const MAX_DOCUMENT_BYTES = 1024 * 1024

export interface JsonWish {
  readonly accept: string
  /** Beside those that every JSON document is asked with. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly signed: boolean
  readonly wants: (head: AnswerHead) => boolean
}

export type JsonAnswer =
  | { readonly kind: 'json'; readonly value: unknown; readonly url: URL }
  /** It answered with something else, named here */
  | { readonly kind: 'other'; readonly found: string }
  | FetchFailure

/** Status 200 only, at most 1 MiB. */
export async function fetchJson(
  tools: OriginTools,
  url: string,
  wish: JsonWish,
  options?: CallOptions,
): Promise<JsonAnswer> {
  const answer = await exchange(
    tools,
    url,
    {
      headers: { accept: wish.accept, 'accept-encoding': 'gzip', ...wish.headers },
      signed: wish.signed,
      limits: { maxBytes: MAX_DOCUMENT_BYTES, timeoutMs: tools.documentTimeoutMs },
      excess: 'refuse',
      wants: (head) => head.status === 200 && wish.wants(head),
    },
    options,
  )
  switch (answer.kind) {
    case 'answered':
      return readJson(answer)
    case 'unwanted':
      return { kind: 'other', found: nameOf(answer) }
    default:
      return answer
  }
}

/** What an unwanted answer is. */
export function nameOf({ status, contentType }: AnswerHead): string {
  if (status !== 200) return `status ${status}`
  return contentType === '' ? 'a document without a type' : inWords(contentType)
}

/** UTF-8 whatever is declared (RFC 8259, section 8.1); a byte order mark is ignored. */
function readJson({ bytes, url }: { readonly bytes: Uint8Array; readonly url: URL }): JsonAnswer {
  try {
    return { kind: 'json', value: JSON.parse(new TextDecoder().decode(bytes)) as unknown, url }
  } catch {
    return { kind: 'other', found: 'broken JSON' }
  }
}

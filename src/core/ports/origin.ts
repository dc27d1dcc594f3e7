/** Fetching one file from its origin, and what can come of it. */
import type { CallOptions } from './storage.ts'

export interface FetchLimits {
  /** Larger bodies are cut off as `too-large`, whatever the headers say. */
  readonly maxBytes: number
  /** For the whole exchange, redirects included. */
  readonly timeoutMs: number
}

/** Every way a fetch can end; each is expected, so each is a value. */
export type FetchOutcome =
  | { readonly kind: 'fetched'; readonly bytes: Uint8Array; readonly url: string }
  /** 404 or 410 */
  | { readonly kind: 'gone'; readonly status: number }
  /** 401, 403 and other refusals that say nothing about the file */
  | { readonly kind: 'refused'; readonly status: number }
  /** 5xx, 408, 429, with the pause the origin asks for */
  | { readonly kind: 'unavailable'; readonly status: number; readonly retryAfterMs: number | null }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'too-large'; readonly limit: number }
  | { readonly kind: 'too-many-redirects' }
  /** The name resolves to (or is) an address that is not public, on any hop */
  | { readonly kind: 'private-address'; readonly host: string }
  | { readonly kind: 'bad-url'; readonly url: string }
  /** DNS failure, refused connection, TLS error, reset, truncated body */
  | { readonly kind: 'unreachable'; readonly reason: string }

export interface OriginFetcher {
  /** Never throws for what an origin does; throws only when aborted through `signal`. */
  fetch(url: string, limits: FetchLimits, options?: CallOptions): Promise<FetchOutcome>
}

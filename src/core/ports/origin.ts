/** Fetching one file from its origin, and what can come of it. */
import type { CallOptions } from './storage.ts'

export interface FetchLimits {
  /** Larger bodies are cut off as `too-large`, whatever the headers say. */
  readonly maxBytes: number
  /** For the whole exchange, redirects included. */
  readonly timeoutMs: number
}

/** How far an exchange came that brought nothing. */
export interface Reached {
  /**
   * False: no connection came about, so the host that was asked is out of reach itself: its name, its port, its certificate.
   * True: it was there, and something broke off later, be it at the host that it redirected to.
   */
  readonly connected: boolean
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
  | ({ readonly kind: 'timeout' } & Reached)
  | { readonly kind: 'too-large'; readonly limit: number }
  | { readonly kind: 'too-many-redirects' }
  /** The name resolves to (or is) an address that is not public, on any hop */
  | { readonly kind: 'private-address'; readonly host: string }
  | { readonly kind: 'bad-url'; readonly url: string }
  /** DNS failure, refused connection, TLS error, reset, truncated body */
  | ({ readonly kind: 'unreachable'; readonly reason: string } & Reached)

export interface OriginFetcher {
  /** Never throws for what an origin does; throws only when aborted through `signal`. */
  fetch(url: string, limits: FetchLimits, options?: CallOptions): Promise<FetchOutcome>
}

/** What a remote account's own document says of its pictures. */
export interface RemoteActor {
  /** The document's `id`, equal to the address it was read from. */
  readonly id: string
  readonly preferredUsername: string | null
  /** Where its avatar is; null if it names none. */
  readonly icon: string | null
  /** Where its header is; null if it names none. */
  readonly image: string | null
  /** The origin itself suspended it. */
  readonly suspended: boolean
}

/** What went wrong with an exchange: everything but the file itself. */
export type FetchFailure = Exclude<FetchOutcome, { readonly kind: 'fetched' }>

export type ActorOutcome =
  | { readonly kind: 'actor'; readonly actor: RemoteActor }
  /** It answered with something else: a page, another document, one whose `id` is not its address */
  | { readonly kind: 'not-an-actor'; readonly found: string }
  | FetchFailure

export type WebfingerOutcome =
  /** `uri` is the address of the account's actor today. */
  | { readonly kind: 'found'; readonly uri: string }
  /** The origin answers, and knows no such account */
  | { readonly kind: 'unknown' }
  | FetchFailure

export interface ActorReader {
  /** GET, signed by this server's instance actor; a Tombstone is `gone`. Never throws for what an origin does. */
  readActor(uri: string, options?: CallOptions): Promise<ActorOutcome>
  /** Asks the account's domain where its actor is. Unsigned, as in Mastodon. */
  webfinger(
    account: { readonly username: string; readonly domain: string },
    options?: CallOptions,
  ): Promise<WebfingerOutcome>
}

export type PageOutcome =
  /** Where the page says its image is */
  | { readonly kind: 'image'; readonly url: string }
  | { readonly kind: 'no-image' }
  /** It answered with something that is no HTML page */
  | { readonly kind: 'not-a-page'; readonly found: string }
  | FetchFailure

export interface PageReader {
  /** Reads a linked page again for its preview image: Open Graph, then oEmbed. Never throws for what a site does. */
  readPage(url: string, options?: CallOptions): Promise<PageOutcome>
}

/** The world's pictures, and the documents that say where they are, fetched with care: for the origins, and for the network we stand in. */
import { Agent } from 'undici'
import type { ActorReader, OriginFetcher, PageReader } from '../../core/ports/origin.ts'
import type { Clock } from '../../core/ports/runtime.ts'
import { addressGuard } from './address-guard.ts'
import { askWebfinger } from './ask-webfinger.ts'
import type { OriginTools } from './exchange.ts'
import { fetchFile } from './fetch-file.ts'
import { guardedConnect } from './guarded-connect.ts'
import { openTurns } from './per-host.ts'
import { readActor } from './read-actor.ts'
import { readPage } from './read-page.ts'
import { openResolve } from './resolve-name.ts'
import type { Resolve } from './resolve-name.ts'
import { openSignatures } from './signatures.ts'
import { withoutPause } from './without-pause.ts'

/** Whose name stands under our requests: the instance actor's. */
export interface Signer {
  /** Where other servers find the public key: `https://WEB_DOMAIN/actor#main-key`. */
  readonly keyId: string
  /** RSA, PKCS #1 or PKCS #8. */
  readonly privateKeyPem: string
}

export interface OriginFetcherOptions {
  /** `ALLOWED_PRIVATE_ADDRESSES`: CIDRs or single addresses that may be reached although they are not public. */
  readonly allowedPrivateRanges: readonly string[]
  /** Names the server and Cornac's page, so that whoever runs an origin knows whom to ask. */
  readonly userAgent: string
  /** Most requests at once to one host; further ones wait inside. */
  readonly perHost: number
  readonly clock: Clock
  /**
   * Asked before the first signed request. Null, or an answer of null: actors are read unsigned, which servers with authorised
   * fetch refuse.
   */
  readonly signer: (() => Promise<Signer | null>) | null
  /** Names to addresses; by default the hosts file and DNS. */
  readonly resolve?: Resolve | undefined
  /** For resolving, and again for connecting with TLS. Default 5,000, as in Mastodon. */
  readonly connectTimeoutMs?: number | undefined
  /** Without a byte, before the headers and within the body. Default 10,000, as in Mastodon. */
  readonly silenceTimeoutMs?: number | undefined
  /** For an actor, a webfinger answer or a page, redirects included. Default 30,000, as in Mastodon. */
  readonly documentTimeoutMs?: number | undefined
  /** Where a domain answers webfinger: scheme and host. Default `https://<domain>`; the lab's hosts speak plain HTTP. */
  readonly webfingerOrigin?: ((domain: string) => string) | undefined
}

/** One object, so that the limit per host holds over files and documents together. */
export interface OpenOriginFetcher extends OriginFetcher, ActorReader, PageReader {
  /** Ends every connection; what is still being fetched ends as `unreachable`. */
  close(): Promise<void>
}

/** How long a quiet connection is kept for the next picture of the same host. */
const KEEP_ALIVE_MS = 4_000

/**
 * Opens nothing until the first fetch.
 *
 * @throws KnownError `bad-address-range` for an exception that is no address range.
 */
export function openOriginFetcher(options: OriginFetcherOptions): OpenOriginFetcher {
  const connectTimeoutMs = options.connectTimeoutMs ?? 5_000
  const silenceTimeoutMs = options.silenceTimeoutMs ?? 10_000
  const agent = new Agent({
    connect: guardedConnect({
      guard: addressGuard(options.allowedPrivateRanges),
      resolve: options.resolve ?? openResolve({ timeoutMs: connectTimeoutMs, hostsFile: '/etc/hosts' }),
      timeoutMs: connectTimeoutMs,
    }),
    connections: options.perHost,
    pipelining: 1,
    headersTimeout: silenceTimeoutMs,
    bodyTimeout: silenceTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  })
  const tools: OriginTools = {
    dispatcher: withoutPause(agent),
    turns: openTurns(options.perHost),
    clock: options.clock,
    userAgent: options.userAgent,
    signatures: openSignatures(options.signer, () => options.clock.now()),
    documentTimeoutMs: options.documentTimeoutMs ?? 30_000,
  }
  const webfingerOrigin = options.webfingerOrigin ?? ((domain) => `https://${domain}`)
  return {
    fetch: (url, limits, callOptions) => fetchFile(tools, url, limits, callOptions),
    readActor: (uri, callOptions) => readActor(tools, uri, callOptions),
    webfinger: (account, callOptions) => askWebfinger(tools, webfingerOrigin, account, callOptions),
    readPage: (url, callOptions) => readPage(tools, url, callOptions),
    close: () => agent.destroy(),
  }
}

/** The world's pictures, fetched with care: for the origins, and for the network we stand in. */
import { Agent } from 'undici'
import type { OriginFetcher } from '../../core/ports/origin.ts'
import type { Clock } from '../../core/ports/runtime.ts'
import { addressGuard } from './address-guard.ts'
import { fetchFile } from './fetch-file.ts'
import type { FetchTools } from './fetch-file.ts'
import { guardedConnect } from './guarded-connect.ts'
import { openTurns } from './per-host.ts'
import { openResolve } from './resolve-name.ts'
import type { Resolve } from './resolve-name.ts'

export interface OriginFetcherOptions {
  /** `ALLOWED_PRIVATE_ADDRESSES`: CIDRs or single addresses that may be reached although they are not public. */
  readonly allowedPrivateRanges: readonly string[]
  /** Names the server and Cornac's page, so that whoever runs an origin knows whom to ask. */
  readonly userAgent: string
  /** Most requests at once to one host; further ones wait inside. */
  readonly perHost: number
  readonly clock: Clock
  /** Names to addresses; by default the hosts file and DNS. */
  readonly resolve?: Resolve | undefined
  /** For resolving, and again for connecting with TLS. Default 5,000, as in Mastodon. */
  readonly connectTimeoutMs?: number | undefined
  /** Without a byte, before the headers and within the body. Default 10,000, as in Mastodon. */
  readonly silenceTimeoutMs?: number | undefined
}

export interface OpenOriginFetcher extends OriginFetcher {
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
  const dispatcher = new Agent({
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
  const tools: FetchTools = {
    dispatcher,
    turns: openTurns(options.perHost),
    clock: options.clock,
    userAgent: options.userAgent,
  }
  return {
    fetch: (url, limits, callOptions) => fetchFile(tools, url, limits, callOptions),
    close: () => dispatcher.destroy(),
  }
}

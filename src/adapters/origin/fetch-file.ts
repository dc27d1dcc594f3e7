/** One file from its origin. */
import type { FetchLimits, FetchOutcome } from '../../core/ports/origin.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { exchange } from './exchange.ts'
import type { OriginTools } from './exchange.ts'

/** Unsigned and without `Accept`, as Mastodon does it (docs/mastodon.md#requests); whatever comes with a 2xx is the file. */
export async function fetchFile(
  tools: OriginTools,
  url: string,
  limits: FetchLimits,
  options?: CallOptions,
): Promise<FetchOutcome> {
  const answer = await exchange(
    tools,
    url,
    {
      // Pictures do not compress, so nothing is lost by asking for them as they are, and there is less to unfold.
      headers: { 'accept-encoding': 'identity' },
      signed: false,
      limits,
      excess: 'refuse',
      wants: () => true,
    },
    options,
  )
  switch (answer.kind) {
    case 'answered':
      return { kind: 'fetched', bytes: answer.bytes, url: answer.url.href }
    case 'unwanted':
      return { kind: 'refused', status: answer.status }
    default:
      return answer
  }
}

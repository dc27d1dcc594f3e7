/** For requests whose caller decides when to ask again: the SDK adds no attempts and no pauses of its own. */
import type { S3ClientConfig } from '@aws-sdk/client-s3'

type RetryStrategy = Extract<S3ClientConfig['retryStrategy'], { acquireInitialRetryToken: unknown }>

/**
 * Asks once, except where the first answer told the SDK what time it is: clocks that disagree are corrected within the
 * SDK's client and cost one request.
 */
export const retryNothing: RetryStrategy = {
  acquireInitialRetryToken: async () => attemptsSoFar(0),
  async refreshRetryTokenForRetry(token, { error }) {
    const { $metadata } = (error ?? {}) as { $metadata?: { clockSkewCorrected?: boolean } }
    if ($metadata?.clockSkewCorrected === true && token.getRetryCount() === 0) return attemptsSoFar(1)
    throw new Error('the caller decides')
  },
  recordSuccess() {},
}

function attemptsSoFar(count: number) {
  return { getRetryCount: () => count, getRetryDelay: () => 0 }
}

/** What the media storage costs, as far as somebody said so, or Amazon publishes it. */
import type { PricesConfig, StorageConfig } from './config.ts'
import type { OwnSettings } from './own-settings.ts'
import type { OwnRead } from './read-own-settings.ts'
import type { Problem } from './problem.ts'

/**
 * S3 Standard in us-east-1: PUT, COPY, POST and LIST by the thousand (DELETE is free), and the first 50 TB by the month.
 * Source: https://aws.amazon.com/s3/pricing/
 */
const AMAZON = { requestsPerThousand: 0.005, gbMonth: 0.023 }

export function resolvePrices(
  given: OwnSettings['prices'],
  storage: StorageConfig,
  own: Pick<OwnRead, 'place'>,
  problems: Problem[],
): PricesConfig | null {
  const { requests_per_thousand: requests, gb_month: month } = given
  if (requests !== null && month !== null)
    return { requestsPerThousand: requests, gbMonth: month, source: 'settings' }
  if (isAmazon(storage))
    return {
      requestsPerThousand: requests ?? AMAZON.requestsPerThousand,
      gbMonth: month ?? AMAZON.gbMonth,
      source: 'amazon',
    }
  if (requests === null && month === null) return null
  const [there, missing] =
    requests === null
      ? (['prices.gb_month', 'prices.requests_per_thousand'] as const)
      : (['prices.requests_per_thousand', 'prices.gb_month'] as const)
  problems.push({
    setting: missing,
    place: own.place(there),
    what: `${there} is given without ${missing}`,
    remedy: 'Give both; 0 where the provider takes nothing for it',
  })
  return null
}

function isAmazon(storage: StorageConfig): boolean {
  if (storage.kind !== 's3') return false
  if (storage.endpoint === null) return true
  return /\.amazonaws\.com(?:\.cn)?$/.test(new URL(storage.endpoint).hostname)
}

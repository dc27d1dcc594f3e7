/** The way to one bucket: opened with the first request, counting what it sends. */
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import type { StorageUse } from '../../../core/ports/storage.ts'
import type { S3StorageSettings } from '../s3.ts'
import { useContentMd5 } from './content-md5.ts'
import { retryNothing } from './retry-nothing.ts'

type Sdk = typeof import('@aws-sdk/client-s3')

export interface SendOptions {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds until the answer begins. */
  readonly timeoutMs: number
  /** The caller tries again by its own rules: the SDK asks once. */
  readonly once?: boolean | undefined
}

/** Commands that are billed and counted as listings. */
const LISTINGS = new Set(['ListObjectsV2Command', 'ListObjectVersionsCommand', 'ListMultipartUploadsCommand'])

/** One request: the client, the SDK's commands, and the options to pass on with the command. */
export type Ask<Output> = (
  client: S3Client,
  sdk: Sdk,
  options: { requestTimeout: number; abortSignal?: AbortSignal },
) => Promise<Output>

export interface S3Connection {
  readonly settings: S3StorageSettings
  /** For people: bucket and endpoint. */
  readonly description: string
  /** What stands before every key: empty, or ends with a slash. */
  readonly prefix: string
  /** Longer than Mastodon's 5 s where a store has to walk its index or thousands of keys. */
  readonly timeouts: { readonly look: number; readonly list: number; readonly bulk: number }
  /**
   * Loads and opens the client if need be, and asks it. Rejects with the signal's reason on abort, otherwise with the
   * SDK's error as it came.
   */
  send<Output>(ask: Ask<Output>, options: SendOptions): Promise<Output>
  use(): StorageUse
  close(): Promise<void>
}

export function connectS3(settings: S3StorageSettings): S3Connection {
  const { bucket, keyPrefix, readTimeoutMs } = settings
  const place = settings.endpoint === null ? `Amazon S3, ${settings.region}` : settings.endpoint
  let opened: Promise<{ sdk: Sdk; patient: S3Client; hasty: S3Client }> | null = null
  let listRequests = 0
  let otherRequests = 0

  async function open(): Promise<{ sdk: Sdk; patient: S3Client; hasty: S3Client }> {
    const sdk = await import('@aws-sdk/client-s3')
    const patient = createClient(sdk, settings)
    // The same connections serve both.
    const { requestHandler } = patient.config
    const hasty = createClient(sdk, settings, { requestHandler, retryStrategy: retryNothing })
    for (const client of [patient, hasty]) {
      useContentMd5(client)
      // Below the SDK's own retries, so that every request that leaves is counted.
      client.middlewareStack.add(
        (next, context) => (args) => {
          if (LISTINGS.has(String(context['commandName']))) listRequests++
          else otherRequests++
          return next(args)
        },
        { step: 'finalizeRequest', priority: 'low', name: 'countRequests' },
      )
    }
    return { sdk, patient, hasty }
  }

  return {
    settings,
    description: `S3 bucket ${bucket} at ${place}${keyPrefix === null ? '' : ` below ${keyPrefix}/`}`,
    prefix: keyPrefix === null ? '' : `${keyPrefix}/`,
    timeouts: {
      look: Math.max(5_000, readTimeoutMs),
      list: Math.max(60_000, readTimeoutMs),
      // Mastodon's own floor for DeleteObjects (app/lib/attachment_batch.rb).
      bulk: Math.max(120_000, readTimeoutMs),
    },
    async send(ask, { signal, timeoutMs, once = false }) {
      signal?.throwIfAborted()
      const { sdk, patient, hasty } = await (opened ??= open())
      try {
        return await ask(once ? hasty : patient, sdk, {
          requestTimeout: timeoutMs,
          ...(signal === undefined ? {} : { abortSignal: signal }),
        })
      } catch (error) {
        signal?.throwIfAborted()
        throw error
      }
    },
    use: () => ({ listRequests, otherRequests }),
    async close() {
      const clients = opened
      opened = null
      if (clients === null) return
      const { patient, hasty } = await clients
      hasty.destroy()
      patient.destroy()
    },
  }
}

function createClient(
  sdk: Sdk,
  settings: S3StorageSettings,
  own: Pick<S3ClientConfig, 'requestHandler' | 'retryStrategy'> = {},
): S3Client {
  const agent = { keepAlive: true, maxSockets: settings.connections ?? 64 }
  const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} }
  return new sdk.S3Client({
    region: settings.region,
    forcePathStyle: settings.pathStyle,
    ...(settings.endpoint === null ? {} : { endpoint: settings.endpoint }),
    ...(settings.credentials === null ? {} : { credentials: credentialsOf(settings.credentials) }),
    retryMode: 'standard',
    maxAttempts: settings.attempts ?? 5,
    // The SDK's own CRC headers are refused by older stores.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Some stores never send "100 Continue", and media are small.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: settings.openTimeoutMs,
      socketTimeout: Math.max(120_000, settings.readTimeoutMs),
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
      logger: silent,
    },
    ...own,
  })
}

function credentialsOf({
  accessKeyId,
  secretAccessKey,
  sessionToken,
}: S3StorageSettings['credentials'] & {}) {
  return { accessKeyId, secretAccessKey, ...(sessionToken === null ? {} : { sessionToken }) }
}

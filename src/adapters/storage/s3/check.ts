/** Does the bucket answer? */
import type { CallOptions } from '../../../core/ports/storage.ts'
import type { S3Connection } from './connection.ts'
import { refusalOf, s3Failure } from './failure.ts'

/**
 * Throws a KnownError with the remedy if the bucket cannot be listed. Asks for one key, because HEAD on a bucket gives
 * no code to explain a refusal with, and is often not allowed to keys that may list.
 */
export async function checkBucket(connection: S3Connection, { signal }: CallOptions): Promise<void> {
  try {
    await lookAtBucket(connection, signal)
  } catch (error) {
    signal?.throwIfAborted()
    throw s3Failure(connection, error, `list ${connection.description}`)
  }
}

/**
 * Asks once whether the bucket exists at all: the answer to HEAD on an object is a bare 404 in both cases, and without
 * its bucket every object would look absent. A bucket that may not be listed exists.
 */
export function confirmBucket(connection: S3Connection): (options: CallOptions) => Promise<void> {
  let confirmed = false
  return async ({ signal }) => {
    if (confirmed) return
    try {
      await lookAtBucket(connection, signal)
    } catch (error) {
      signal?.throwIfAborted()
      if (refusalOf(error).code !== 'AccessDenied')
        throw s3Failure(connection, error, `look into ${connection.description}`)
    }
    confirmed = true
  }
}

async function lookAtBucket(connection: S3Connection, signal: AbortSignal | undefined): Promise<void> {
  const { settings, prefix, timeouts } = connection
  const input = { Bucket: settings.bucket, MaxKeys: 1, ...(prefix === '' ? {} : { Prefix: prefix }) }
  await connection.send((client, sdk, options) => client.send(new sdk.ListObjectsV2Command(input), options), {
    signal,
    timeoutMs: timeouts.list,
  })
}

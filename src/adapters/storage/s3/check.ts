/** Does the bucket answer, and may it be Mastodon's? */
import { KnownError } from '../../../core/errors.ts'
import type { CallOptions } from '../../../core/ports/storage.ts'
import type { S3Connection } from './connection.ts'
import { isPassing, isUnreachable, refusalOf, s3Failure, type S3Refusal } from './failure.ts'

/**
 * Throws a KnownError with the remedy if the bucket cannot be listed, or holds nothing: every file would look missing.
 * Asks for one key, because HEAD on a bucket gives no code to explain a refusal with, and is often not allowed to keys
 * that may list.
 */
export async function checkBucket(connection: S3Connection, { signal }: CallOptions): Promise<void> {
  let empty
  try {
    empty = await lookAtBucket(connection, signal)
  } catch (error) {
    signal?.throwIfAborted()
    const { code, what, remedy, cause } = s3Failure(connection, error, `list ${connection.description}`)
    // Nothing was done yet, and what was refused was refused to these settings.
    const category = isSettled(refusalOf(error)) ? 'usage' : 'failure'
    throw new KnownError({ code, what, remedy, category, cause })
  }
  if (empty)
    throw new KnownError({
      code: 'storage-empty',
      what: `${connection.description} is empty, so it is not where this Mastodon keeps its media`,
      remedy: 'Check S3_BUCKET, S3_KEY_PREFIX and S3_ENDPOINT in Mastodon’s .env.production',
      category: 'usage',
    })
}

/** Asking again with the same settings would bring the same answer. */
function isSettled(refusal: S3Refusal): boolean {
  return !isUnreachable(refusal) && !isPassing(refusal)
}

/**
 * Asks once whether the bucket exists at all: the answer to HEAD on an object is a bare 404 in both cases, and without
 * its bucket every object would look absent. A bucket that may not be listed exists.
 */
export function confirmBucket(connection: S3Connection): (options: CallOptions) => Promise<void> {
  let asked: Promise<void> | null = null
  async function ask(): Promise<void> {
    try {
      await lookAtBucket(connection, undefined)
    } catch (error) {
      if (refusalOf(error).code === 'AccessDenied') return
      asked = null
      throw s3Failure(connection, error, `look into ${connection.description}`)
    }
  }
  return async ({ signal }) => {
    // Whoever comes while it is being asked waits for the same answer.
    asked ??= ask()
    await asked
    signal?.throwIfAborted()
  }
}

/** True if nothing lies in it, as far as the key prefix reaches. */
async function lookAtBucket(connection: S3Connection, signal: AbortSignal | undefined): Promise<boolean> {
  const { settings, prefix, timeouts } = connection
  const input = { Bucket: settings.bucket, MaxKeys: 1, ...(prefix === '' ? {} : { Prefix: prefix }) }
  const { Contents } = await connection.send(
    (client, sdk, options) => client.send(new sdk.ListObjectsV2Command(input), options),
    { signal, timeoutMs: timeouts.list },
  )
  return (Contents ?? []).length === 0
}

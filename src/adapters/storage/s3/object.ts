/** Looks at, reads and writes single objects. */
import type { ObjectCannedACL, StorageClass } from '@aws-sdk/client-s3'
import type { CallOptions, ObjectStat } from '../../../core/ports/storage.ts'
import { keyObjection, refuseUnsafeKey } from '../key-check.ts'
import type { S3Connection } from './connection.ts'
import { isTimeout, isUnreachable, phraseOf, refusalOf, s3Failure } from './failure.ts'

/** What Mastodon sends with every object (config/initializers/paperclip.rb). */
const CACHE_CONTROL = 'public, max-age=315576000, immutable'

/**
 * 404 is absent; 403, 5xx and time-outs are unknown: who may not list gets 403 for an absent key (docs/mastodon.md#s3-objects).
 * Throws a KnownError if the service is out of reach or the bucket does not exist.
 */
export async function statObject(
  connection: S3Connection,
  confirmBucket: (options: CallOptions) => Promise<void>,
  key: string,
  { signal }: CallOptions,
): Promise<ObjectStat> {
  const objection = keyObjection(key)
  if (objection !== null) return { state: 'unknown', reason: objection }
  const input = { Bucket: connection.settings.bucket, Key: connection.prefix + key }
  try {
    const answer = await connection.send(
      (client, sdk, options) => client.send(new sdk.HeadObjectCommand(input), options),
      {
        signal,
        timeoutMs: connection.timeouts.look,
      },
    )
    return {
      state: 'present',
      bytes: answer.ContentLength ?? 0,
      modifiedAtMs: answer.LastModified?.getTime() ?? 0,
      contentType: answer.ContentType ?? null,
    }
  } catch (error) {
    signal?.throwIfAborted()
    const refusal = refusalOf(error)
    if (refusal.status === 404) {
      await confirmBucket({ signal })
      return { state: 'absent' }
    }
    if (isUnreachable(refusal) && !isTimeout(refusal))
      throw s3Failure(connection, error, `look at an object of ${connection.description}`)
    return { state: 'unknown', reason: phraseOf(refusal) }
  }
}

/** The whole object; null if absent. Throws a KnownError for every other answer. */
export async function readObject(
  connection: S3Connection,
  key: string,
  { signal }: CallOptions,
): Promise<Uint8Array | null> {
  refuseUnsafeKey(key)
  const input = { Bucket: connection.settings.bucket, Key: connection.prefix + key }
  try {
    const answer = await connection.send(
      (client, sdk, options) => client.send(new sdk.GetObjectCommand(input), options),
      {
        signal,
        timeoutMs: connection.timeouts.list,
      },
    )
    return (await answer.Body?.transformToByteArray()) ?? new Uint8Array()
  } catch (error) {
    signal?.throwIfAborted()
    const refusal = refusalOf(error)
    if (refusal.status === 404 && refusal.code !== 'NoSuchBucket') return null
    throw s3Failure(connection, error, `read ${key} from ${connection.description}`)
  }
}

/** One PUT with the permission, cache header and storage class Mastodon would send. Throws a KnownError. */
export async function writeObject(
  connection: S3Connection,
  key: string,
  bytes: Uint8Array,
  contentType: string,
  { signal }: CallOptions,
): Promise<void> {
  refuseUnsafeKey(key)
  const { bucket, permission, storageClass } = connection.settings
  const input = {
    Bucket: bucket,
    Key: connection.prefix + key,
    Body: bytes,
    ContentLength: bytes.length,
    ContentType: contentType,
    CacheControl: CACHE_CONTROL,
    // The SDK's types know Amazon's own names; other providers have more, and Mastodon passes on what is set.
    ...(permission === null ? {} : { ACL: permission as ObjectCannedACL }),
    ...(storageClass === null ? {} : { StorageClass: storageClass as StorageClass }),
  }
  try {
    await connection.send((client, sdk, options) => client.send(new sdk.PutObjectCommand(input), options), {
      signal,
      timeoutMs: connection.timeouts.bulk,
    })
  } catch (error) {
    signal?.throwIfAborted()
    throw s3Failure(connection, error, `write ${key} to ${connection.description}`)
  }
}

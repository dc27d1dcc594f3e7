/** One request that makes an object again under another key, within the store. */
import type { ObjectCannedACL, StorageClass } from '@aws-sdk/client-s3'
import type { MoveAccess } from '../../../core/ports/storage.ts'
import type { S3Connection } from './connection.ts'
import { refusalOf, s3Failure } from './failure.ts'
import { outcomeOf, type Outcome } from './outcome.ts'

/** Above this a copy takes an upload in parts (S3 API, CopyObject). */
export const LARGEST_COPY_BYTES = 5 * 1024 ** 3

/** The reason of a copy that found nothing at its source. */
export const NOTHING_THERE = 'nothing is there'

/**
 * Type and cache headers are kept (docs/mastodon.md#s3-objects). A copy has no ACL of its source: it gets the one asked for, or
 * none where Mastodon sends none; the storage class is the one Mastodon writes with. Rejects with the SDK's error, also
 * where the error stands in an answer that began well.
 */
export async function copyObject(
  connection: S3Connection,
  from: string,
  to: string,
  access: MoveAccess,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { bucket, permission, storageClass } = connection.settings
  const acl = permission === null || access === 'as-stored' ? permission : 'private'
  const input = {
    Bucket: bucket,
    Key: connection.prefix + to,
    CopySource: encodeName(`${bucket}/${connection.prefix}${from}`),
    MetadataDirective: 'COPY' as const,
    // Mastodon passes on what is set, and other providers have more names than Amazon.
    ...(acl === null ? {} : { ACL: acl as ObjectCannedACL }),
    ...(storageClass === null ? {} : { StorageClass: storageClass as StorageClass }),
  }
  await connection.send((client, sdk, options) => client.send(new sdk.CopyObjectCommand(input), options), {
    signal,
    timeoutMs: connection.timeouts.bulk,
    once: true,
  })
}

/** An absent source is an answer. A bare 404 is none: any web server in between answers it. */
export function copyOutcomeOf(connection: S3Connection, error: unknown): Outcome {
  const { code } = refusalOf(error)
  if (code === 'NoSuchKey') return { kind: 'refused', reason: NOTHING_THERE }
  if (code !== 'AccessControlListNotSupported') return outcomeOf(error)
  const { what, remedy } = s3Failure(connection, error, 'copy')
  return { kind: 'refused', reason: `${what}. ${remedy}` }
}

/** The name travels in a header: every byte that could mean something else there or in an address is escaped. */
function encodeName(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/')
}

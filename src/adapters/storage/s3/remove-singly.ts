/** One request for one removal: for stores without bulk removal, and for what a bulk answer left out. */
import type { S3Connection } from './connection.ts'
import type { StoreTarget } from './outcome.ts'

/** One DELETE for one object or version. */
export async function removeObject(
  connection: S3Connection,
  { key, id }: StoreTarget,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { settings, prefix, timeouts } = connection
  const version = id === null ? {} : { VersionId: id }
  const input = { Bucket: settings.bucket, Key: prefix + key, ...version }
  await connection.send((client, sdk, options) => client.send(new sdk.DeleteObjectCommand(input), options), {
    signal,
    timeoutMs: timeouts.list,
    once: true,
  })
}

/** One DELETE for one upload and its parts. */
export async function removeUpload(
  connection: S3Connection,
  { key, id }: StoreTarget,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { settings, prefix, timeouts } = connection
  const input = { Bucket: settings.bucket, Key: prefix + key, UploadId: id ?? '' }
  await connection.send(
    (client, sdk, options) => client.send(new sdk.AbortMultipartUploadCommand(input), options),
    { signal, timeoutMs: timeouts.list, once: true },
  )
}

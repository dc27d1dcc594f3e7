/** Uploads in parts that were begun and neither finished nor given up. */
import type { CallOptions, UnfinishedUpload } from '../../../core/ports/storage.ts'
import type { S3Connection } from './connection.ts'
import { s3Failure } from './failure.ts'
import { followMarkers, type MarkedPage, type Marker } from './follow-markers.ts'

type Upload = Omit<UnfinishedUpload, 'key'>

/** In byte order of keys; of one key in the order of the store. Empty pages are not given. */
export async function* listUploads(
  connection: S3Connection,
  pageEntries: number,
  { signal }: CallOptions,
): AsyncGenerator<readonly UnfinishedUpload[]> {
  const { prefix } = connection
  const pages = followMarkers(connection, prefix, '', (marker) =>
    askPage(connection, pageEntries, marker, signal),
  )
  for await (const entries of pages) {
    signal?.throwIfAborted()
    if (entries.length === 0) continue
    yield entries.map(({ name, uploadId, startedAtMs }) => {
      return { key: name.slice(prefix.length), uploadId, startedAtMs }
    })
  }
}

/** Names are not asked for in URL encoding: RGW then encodes names but not markers, and does not say so. */
async function askPage(
  connection: S3Connection,
  pageEntries: number,
  { name, id }: Marker,
  signal: AbortSignal | undefined,
): Promise<MarkedPage<Upload>> {
  const { settings, prefix, timeouts } = connection
  const input = {
    Bucket: settings.bucket,
    MaxUploads: pageEntries,
    ...(prefix === '' ? {} : { Prefix: prefix }),
    ...(name === '' ? {} : { KeyMarker: name }),
    ...(id === '' ? {} : { UploadIdMarker: id }),
  }
  try {
    const answer = await connection.send(
      (client, sdk, options) => client.send(new sdk.ListMultipartUploadsCommand(input), options),
      { signal, timeoutMs: timeouts.list },
    )
    const entries = (answer.Uploads ?? []).map(({ Key = '', UploadId = '', Initiated }) => {
      return { name: Key, uploadId: UploadId, startedAtMs: Initiated?.getTime() ?? 0 }
    })
    const { IsTruncated: isTruncated, NextKeyMarker: nextName, NextUploadIdMarker: nextId } = answer
    return { entries, isTruncated, nextName, nextId }
  } catch (error) {
    signal?.throwIfAborted()
    throw s3Failure(connection, error, `list the unfinished uploads of ${connection.description}`)
  }
}

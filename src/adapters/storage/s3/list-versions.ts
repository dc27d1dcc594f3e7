/** Versions of objects that are no longer the object, and the markers of removed ones. */
import { compareKeys } from '../../../core/model/key-order.ts'
import type { CallOptions, KeyRange, OldVersion } from '../../../core/ports/storage.ts'
import type { S3Connection } from './connection.ts'
import { s3Failure } from './failure.ts'
import { followMarkers, type MarkedPage, type Marker } from './follow-markers.ts'
import { commonStart } from './listed-name.ts'

type Version = Omit<OldVersion, 'key'>

/** In byte order of keys. A page may be short: the store counts objects as well, which are left out. */
export async function* listVersions(
  connection: S3Connection,
  pageEntries: number,
  { after, through }: KeyRange,
  { signal }: CallOptions,
): AsyncGenerator<readonly OldVersion[]> {
  signal?.throwIfAborted()
  if (through !== null && compareKeys(after, through) >= 0) return
  const prefix = connection.prefix + commonStart(after, through)
  const start = after === '' ? '' : connection.prefix + after
  const pages = followMarkers(connection, prefix, start, (marker) =>
    askPage(connection, pageEntries, prefix, marker, signal),
  )
  for await (const entries of pages) {
    signal?.throwIfAborted()
    const inside: OldVersion[] = []
    let isPastEnd = false
    for (const { name, ...version } of entries) {
      const key = name.slice(connection.prefix.length)
      if (through !== null && compareKeys(key, through) > 0) isPastEnd = true
      else if (compareKeys(key, after) > 0 && (version.deleteMarker || !version.isLatest))
        inside.push({ key, ...version })
    }
    if (inside.length > 0) yield inside
    if (isPastEnd) return
  }
}

async function askPage(
  connection: S3Connection,
  pageEntries: number,
  prefix: string,
  { name, id }: Marker,
  signal: AbortSignal | undefined,
): Promise<MarkedPage<Version>> {
  const input = {
    Bucket: connection.settings.bucket,
    MaxKeys: pageEntries,
    ...(prefix === '' ? {} : { Prefix: prefix }),
    ...(name === '' ? {} : { KeyMarker: name }),
    ...(id === '' ? {} : { VersionIdMarker: id }),
  }
  try {
    const answer = await connection.send(
      (client, sdk, options) => client.send(new sdk.ListObjectVersionsCommand(input), options),
      { signal, timeoutMs: connection.timeouts.list },
    )
    const versions = (answer.Versions ?? []).map((version) => named(version, false))
    const markers = (answer.DeleteMarkers ?? []).map((marker) => named(marker, true))
    // The SDK tears apart what the store lists side by side; sorting is stable, so each list stays in its order.
    const entries = [...versions, ...markers].sort((a, b) => compareKeys(a.name, b.name))
    const { IsTruncated: isTruncated, NextKeyMarker: nextName, NextVersionIdMarker: nextId } = answer
    return { entries, isTruncated, nextName, nextId }
  } catch (error) {
    signal?.throwIfAborted()
    throw s3Failure(connection, error, `list the old versions of ${connection.description}`)
  }
}

interface Given {
  readonly Key?: string | undefined
  readonly VersionId?: string | undefined
  readonly IsLatest?: boolean | undefined
  readonly Size?: number | undefined
  readonly LastModified?: Date | undefined
}

/** A store that does not say which is the latest must not make an object look old. */
function named({ Key = '', VersionId, IsLatest, Size, LastModified }: Given, deleteMarker: boolean) {
  return {
    name: Key,
    versionId: VersionId ?? 'null',
    isLatest: IsLatest ?? true,
    deleteMarker,
    bytes: Size ?? 0,
    modifiedAtMs: LastModified?.getTime() ?? 0,
  }
}

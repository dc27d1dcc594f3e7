/** Lists a range of a bucket, one page ahead of its reader. */
import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3'
import { compareKeys } from '../../../core/model/key-order.ts'
import type { Listed } from '../../../core/model/object.ts'
import type { CallOptions, KeyRange } from '../../../core/ports/storage.ts'
import type { S3Connection } from './connection.ts'
import { s3Failure } from './failure.ts'
import { commonStart, decodeName, disagreement } from './listed-name.ts'

/** A page as far as it lies in the range, and where the next one begins; null if none is needed. */
interface Page {
  readonly objects: readonly Listed[]
  readonly next: Position | null
}

interface Position {
  readonly token: string | null
  /** The greatest full name seen so far, or the start of the range: the next name must be greater. */
  readonly after: string
  /** Tokens since the last new name: pages without names must not lead in a circle. */
  readonly emptyPages: readonly string[]
}

/**
 * Pages in key order, every key checked: rising, inside the prefix, behind the start. A store that breaks its word
 * ends the work with a SourceDisagreement, since whatever it left out would look missing.
 *
 * What cannot be seen from here: a store that calls its listing complete while more follows, or that leaves out a name, or
 * that still lists what was removed a moment ago. Who concludes something from one key must look at that key.
 *
 * Only the common beginning of both ends is asked for, so the last page of a range seldom reaches beyond it.
 */
export async function* listBucket(
  connection: S3Connection,
  pageKeys: number,
  range: KeyRange,
  { signal }: CallOptions,
): AsyncGenerator<readonly Listed[]> {
  signal?.throwIfAborted()
  if (range.through !== null && compareKeys(range.after, range.through) >= 0) return
  const stop = new AbortController()
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const prefix = connection.prefix + commonStart(range.after, range.through)
  const fetchPage = async (position: Position): Promise<Page> => {
    const answer = await requestPage(connection, pageKeys, prefix, position, either)
    return readPage(connection, prefix, range, position, answer)
  }
  const start: Position = { token: null, after: connection.prefix + range.after, emptyPages: [] }
  let pending: Promise<Page> | null = fetchPage(start)
  try {
    while (pending !== null) {
      const page: Page = await pending
      pending = page.next === null ? null : fetchPage(page.next)
      // Its failure is met when its turn comes; until then it must not look unhandled.
      pending?.catch(() => {})
      if (page.objects.length > 0) yield page.objects
      signal?.throwIfAborted()
    }
  } finally {
    stop.abort()
  }
}

async function requestPage(
  connection: S3Connection,
  pageKeys: number,
  prefix: string,
  { token, after }: Position,
  signal: AbortSignal,
): Promise<ListObjectsV2CommandOutput> {
  const input = {
    Bucket: connection.settings.bucket,
    MaxKeys: pageKeys,
    // Names may hold characters that XML cannot: Swift answers such a page with HTTP 500 unless they are encoded.
    EncodingType: 'url' as const,
    ...(prefix === '' ? {} : { Prefix: prefix }),
    ...(token === null ? (after === '' ? {} : { StartAfter: after }) : { ContinuationToken: token }),
  }
  try {
    return await connection.send(
      (client, sdk, options) => client.send(new sdk.ListObjectsV2Command(input), options),
      {
        signal,
        timeoutMs: connection.timeouts.list,
      },
    )
  } catch (error) {
    signal.throwIfAborted()
    throw s3Failure(connection, error, `list ${connection.description}`)
  }
}

function readPage(
  connection: S3Connection,
  prefix: string,
  range: KeyRange,
  position: Position,
  answer: ListObjectsV2CommandOutput,
): Page {
  const broken = (what: string) => disagreement(connection, what)
  const objects: Listed[] = []
  const cut = connection.prefix.length
  let last = position.after
  for (const { Key = '', Size = 0, LastModified } of answer.Contents ?? []) {
    const name = answer.EncodingType === 'url' ? decodeName(Key, broken) : Key
    if (compareKeys(name, last) <= 0) {
      if (last === connection.prefix && name === connection.prefix) continue
      throw broken(`gave ${name} after ${last}, which is not byte order`)
    }
    if (!name.startsWith(prefix)) throw broken(`gave ${name} when asked for names that start with ${prefix}`)
    last = name
    const key = name.slice(cut)
    if (range.through !== null && compareKeys(key, range.through) > 0) return { objects, next: null }
    // A name that ends with a slash is a folder made by hand in some console, not a file.
    if (key === '' || key.endsWith('/')) continue
    objects.push({ key, bytes: Size, modifiedAtMs: LastModified?.getTime() ?? 0, access: 'open' })
  }
  if (answer.IsTruncated === false) return { objects, next: null }
  if (answer.IsTruncated !== true) throw broken('did not say whether its listing is complete')
  const token = answer.NextContinuationToken
  if (token === undefined || token === '') throw broken('has more to list but does not say where to go on')
  const emptyPages =
    last === position.after && position.token !== null ? [...position.emptyPages, position.token] : []
  if (token === position.token || emptyPages.includes(token)) throw broken('repeats one page of its listing')
  return { objects, next: { token, after: last, emptyPages } }
}

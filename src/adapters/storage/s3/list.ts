/** Lists a range of a bucket, one page ahead of its reader. */
import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3'
import { SourceDisagreement } from '../../../core/errors.ts'
import { compareKeys } from '../../../core/model/key-order.ts'
import type { Listed } from '../../../core/model/object.ts'
import type { CallOptions, KeyRange } from '../../../core/ports/storage.ts'
import type { S3Connection } from './connection.ts'
import { s3Failure } from './failure.ts'

/** A page as far as it lies in the range, and where the next one begins; null if none is needed. */
interface Page {
  readonly objects: readonly Listed[]
  readonly next: Position | null
}

interface Position {
  readonly token: string | null
  /** The greatest full name seen so far, or the start of the range: the next name must be greater. */
  readonly after: string
}

/**
 * Pages in key order, every key checked: rising, inside the prefix, behind the start. A store that breaks its word
 * ends the work with a SourceDisagreement, since whatever it left out would look missing.
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
  const start: Position = { token: null, after: connection.prefix + range.after }
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
  if (token === position.token) throw broken('repeats one page of its listing')
  return { objects, next: { token, after: last } }
}

/** Amazon writes a space as `+`, RGW and Swift as `%20`; a plus is `%2B` with all of them. */
function decodeName(text: string, broken: (what: string) => Error): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw broken(`lists an object whose name is not valid UTF-8: ${text}`)
  }
}

function disagreement({ description }: S3Connection, what: string): SourceDisagreement {
  return new SourceDisagreement({
    code: 'listing-disagrees',
    what: `${description} ${what}`,
    remedy:
      'Nothing was decided from this listing; a store that lists like this cannot be scanned, please report which one it is',
  })
}

/** What every key between the two ends must start with; never ends within a surrogate pair. */
function commonStart(after: string, through: string | null): string {
  if (through === null) return ''
  let length = 0
  while (length < after.length && after[length] === through[length]) length++
  const common = after.slice(0, length)
  return common.isWellFormed() ? common : common.slice(0, -1)
}

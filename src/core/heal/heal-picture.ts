/**
 * One account picture back in place: fetch, make, store, look, switch the row, take away what the old name left, verify.
 *
 * Until the row is switched nothing that was there has changed; a failed fetch leaves everything as it was. From the
 * first write on, an abort no longer interrupts: the picture is finished, so that no half-done one stays behind. If the
 * row turns out to have changed, our own new objects are removed again; no row ever named them.
 */
import type { AccountPicture } from '../model/account-picture.ts'
import type { FailReason, HealOutcome } from '../model/heal-outcome.ts'
import { claimedKeys } from '../model/storage-key.ts'
import type { MediaRecord } from '../model/record.ts'
import type { ImageMaker, ImageOutcome } from '../ports/images.ts'
import type { MastodonDatabase } from '../ports/mastodon.ts'
import type { FetchOutcome, OriginFetcher } from '../ports/origin.ts'
import type { CallOptions, ObjectReader, ObjectRemover, ObjectWriter } from '../ports/storage.ts'
import { KnownError } from '../errors.ts'
import type { Assessment } from './assess-picture.ts'
import { recipeOf } from './recipes.ts'

export interface HealPorts {
  readonly database: Pick<MastodonDatabase, 'namePicture' | 'picture'>
  /** The remover must spare everything but remote files under `cache/`. */
  readonly objects: ObjectReader & ObjectWriter & ObjectRemover
  readonly origin: OriginFetcher
  readonly images: ImageMaker
  /** Sixteen random hexadecimal digits, as Mastodon names new files. */
  readonly newName: () => string
}

export interface PictureLimits {
  readonly maxBytes: number
  readonly timeoutMs: number
}

type Made = Extract<ImageOutcome, { kind: 'made' }>

/** @throws KnownError if storage or database stop working; the signal's reason if aborted before the first write */
export async function healPicture(
  ports: HealPorts,
  picture: AccountPicture,
  broken: Extract<Assessment, { kind: 'broken' }>,
  limits: PictureLimits,
  options: CallOptions,
): Promise<HealOutcome> {
  const { damage } = broken
  const fetched = await ports.origin.fetch(broken.url, limits, options)
  if (fetched.kind !== 'fetched')
    return { kind: 'failed', damage, reason: fetched.kind, detail: fetchDetail(fetched) }
  const made = await ports.images.make(fetched.bytes, recipeOf(picture.which), options)
  if (made.kind !== 'made') return { kind: 'failed', damage, ...imageFailure(made) }
  options.signal?.throwIfAborted()
  const record = newRecord(picture.record, `${ports.newName()}${made.extension}`, made)
  const bytes = await storeFiles(ports, record, made)
  if ((await look(ports, record)) === 'unknown') {
    await takeBack(ports, record)
    return { kind: 'skipped', reason: 'storage-uncertain', damage }
  }
  const switched = await ports.database.namePicture({
    seen: picture,
    fileName: record.fileName,
    contentType: made.original.contentType,
    bytes: made.original.bytes.length,
  })
  if (!switched) {
    await takeBack(ports, record)
    return { kind: 'changed', damage }
  }
  // Leftovers without the cache/ prefix lie among local media; they are left for the orphan scan to name.
  const leftovers = broken.present.filter((key) => key.startsWith('cache/'))
  if (leftovers.length > 0) await ports.objects.remove(leftovers)
  return { kind: 'healed', damage, from: 'stored-url', bytes, verified: await verify(ports, picture, record) }
}

function newRecord(old: MediaRecord, fileName: string, made: Made): MediaRecord & { fileName: string } {
  return {
    ...old,
    fileName,
    contentType: made.original.contentType,
    bytes: made.original.bytes.length,
    storageVersion: 1,
  }
}

/** Writes every variant the new row will claim. If one cannot be written, the others are taken away again. */
async function storeFiles(ports: HealPorts, record: MediaRecord, made: Made): Promise<number> {
  const claims = claimedKeys(record)
  let bytes = 0
  try {
    for (const { key, style } of claims) {
      const file = style === 'original' ? made.original : made.still
      if (file === null) throw new Error(`no file was made for the ${style} variant of ${key}`)
      await ports.objects.write(key, file.bytes, file.contentType)
      bytes += file.bytes.length
    }
  } catch (error) {
    await takeBack(ports, record).catch(() => {})
    throw error
  }
  return bytes
}

/** Removes our own new objects, which no row names. */
async function takeBack(ports: HealPorts, record: MediaRecord): Promise<void> {
  await ports.objects.remove(claimedKeys(record).map(({ key }) => key))
}

/**
 * Looks whether storage has what it accepted, before any row names it: a row must never name what is not there.
 * @throws KnownError if it has not
 */
async function look(ports: HealPorts, record: MediaRecord): Promise<'present' | 'unknown'> {
  for (const { key } of claimedKeys(record)) {
    const { state } = await ports.objects.stat(key)
    if (state === 'unknown') return 'unknown'
    if (state === 'absent') throw lostWrite(key)
  }
  return 'present'
}

function lostWrite(key: string): KnownError {
  return new KnownError({
    code: 'storage-lost-write',
    what: `storage accepted ${key} but does not have it`,
    remedy: 'Nothing more was healed; check the storage’s health with cornac doctor, then run heal again',
  })
}

/**
 * Healed means: the row names it and the named object is there. A row that has changed again since is somebody newer's.
 * @throws KnownError if the row names an object that vanished again
 */
async function verify(
  ports: HealPorts,
  picture: AccountPicture,
  record: MediaRecord & { fileName: string },
): Promise<boolean> {
  for (const { key } of claimedKeys(record)) {
    const { state } = await ports.objects.stat(key)
    if (state === 'present') continue
    const now = await ports.database.picture(picture.which, record.id)
    if (now?.record.fileName !== record.fileName) return true
    if (state === 'unknown') return false
    throw lostWrite(key)
  }
  return true
}

function fetchDetail(outcome: Exclude<FetchOutcome, { kind: 'fetched' }>): string {
  switch (outcome.kind) {
    case 'gone':
    case 'refused':
    case 'unavailable':
      return `status ${outcome.status}`
    case 'too-large':
      return `more than ${outcome.limit} bytes`
    case 'private-address':
      return outcome.host
    case 'bad-url':
      return outcome.url
    case 'unreachable':
      return outcome.reason
    case 'timeout':
    case 'too-many-redirects':
      return ''
  }
}

function imageFailure(outcome: Exclude<ImageOutcome, { kind: 'made' }>): {
  reason: FailReason
  detail: string
} {
  switch (outcome.kind) {
    case 'wrong-type':
      return { reason: 'wrong-type', detail: outcome.found }
    case 'too-many-pixels':
      return { reason: 'too-many-pixels', detail: `${outcome.pixels} pixels` }
    case 'animated':
      return { reason: 'wrong-type', detail: `an animation of ${outcome.frames} frames` }
    case 'broken':
      return { reason: 'broken-image', detail: outcome.reason }
    case 'timeout':
      return { reason: 'image-timeout', detail: '' }
  }
}

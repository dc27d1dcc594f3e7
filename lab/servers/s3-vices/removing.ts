/** How stores and what stands before them spoil removals. Each is one vice; several may be had at once. */
import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3'
import type { S3Vice } from '../s3-dialect.ts'
import { isBulkRemoval, isSingleRemoval, keyOf, keysIn, refuse, rewrite } from './recognise.ts'

/** No bulk removal at all, as Google's XML API was for long: 501 NotImplemented; others say 405 or 400. */
export function withoutBulkRemoval(status = 501, code = 'NotImplemented'): S3Vice {
  return async (asked, pass) => (isBulkRemoval(asked) ? refuse(status, code) : await pass(asked))
}

/** Bulk removal only with a Content-MD5 that is right, as S3 was before 2025 and many stores are. */
export const onlyWithContentMd5: S3Vice = async (asked, pass) => {
  if (!isBulkRemoval(asked)) return await pass(asked)
  const given = asked.headers['content-md5']
  if (given === undefined) return refuse(400, 'InvalidRequest')
  const right = createHash('md5').update(asked.body).digest('base64')
  return given === right ? await pass(asked) : refuse(400, 'BadDigest')
}

/** "Slow down" to a share of all removals, of uploads as well, decided by `chance`; the store does not see them. */
export function slowDown(share: number, chance: () => number, status = 503): S3Vice {
  return async (asked, pass) =>
    (isBulkRemoval(asked) || asked.method === 'DELETE') && chance() < share
      ? refuse(status, 'SlowDown')
      : await pass(asked)
}

/**
 * A 200 answer in which the keys `chosen` were not removed, with this code; `store` is asked for the others only. `quiet`
 * leaves out everything that was removed, although nobody asked for it.
 */
export function refusedKeys(
  store: S3Client,
  code: string,
  chosen: (key: string) => boolean,
  { quiet = false }: { readonly quiet?: boolean } = {},
): S3Vice {
  return async (asked, pass) => {
    if (isSingleRemoval(asked) && chosen(keyOf(asked))) return refuse(STATUS[code] ?? 403, code)
    if (!isBulkRemoval(asked)) return await pass(asked)
    const keys = keysIn(asked.body.toString())
    const refused = new Set(keys.filter(chosen))
    const others = keys.filter((key) => !refused.has(key))
    const removed = await removeOthers(store, asked.url.split(/[/?]/)[1]!, others)
    const parts = [
      ...(quiet ? [] : removed.map((key) => `<Deleted><Key>${escapeXml(key)}</Key></Deleted>`)),
      ...[...refused].map(
        (key) => `<Error><Key>${escapeXml(key)}</Key><Code>${code}</Code><Message>no</Message></Error>`,
      ),
    ]
    const xml = `<?xml version="1.0" encoding="UTF-8"?><DeleteResult>${parts.join('')}</DeleteResult>`
    return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(xml) }
  }
}

/** Every bulk answer is silent about the keys `chosen`, whether they were removed or not. */
export function silentAbout(chosen: (key: string) => boolean): S3Vice {
  return async (asked, pass) => {
    const answer = await pass(asked)
    if (answer === 'silence' || !isBulkRemoval(asked)) return answer
    return rewrite(answer, (xml) =>
      xml.replaceAll(/<(Deleted|Error)>.*?<\/\1>/gs, (part) => (chosen(keysIn(part)[0] ?? '') ? '' : part)),
    )
  }
}

/** Removals are done, and `whose` bulk answers break off in the middle: in the text, or in the connection. */
export function brokenOff(where: 'text' | 'connection', whose: () => boolean): S3Vice {
  return async (asked, pass) => {
    const answer = await pass(asked)
    if (answer === 'silence' || !isBulkRemoval(asked) || !whose()) return answer
    const half = Math.floor(answer.body.length / 2)
    return where === 'text'
      ? { ...answer, body: answer.body.subarray(0, half) }
      : { ...answer, breaksAfter: half }
  }
}

/** `whose` bulk answers say they are longer (or shorter, below 0) than they are, by so many bytes. */
export function wrongLength(by: number, whose: () => boolean): S3Vice {
  return async (asked, pass) => {
    const answer = await pass(asked)
    if (answer === 'silence' || !isBulkRemoval(asked) || !whose()) return answer
    return { ...answer, contentLength: Math.max(0, answer.body.length + by) }
  }
}

/** Every key takes so long; the store begins at once, the answer comes at the end. */
export function slowPerKey(ms: number): S3Vice {
  return async (asked, pass) => {
    if (!isBulkRemoval(asked)) return await pass(asked)
    const count = keysIn(asked.body.toString()).length
    const [answer] = await Promise.all([pass(asked), wait(count * ms)])
    return answer
  }
}

/** A gateway before the store gives up on bulk removals of more than so many keys, and the store on none of them. */
export function gatewayTimeout(keys: number): S3Vice {
  return async (asked, pass) => {
    const answer = await pass(asked)
    const count = isBulkRemoval(asked) ? keysIn(asked.body.toString()).length : 0
    if (count <= keys) return answer
    const page = '<html><head><title>504 Gateway Time-out</title></head><body><hr>nginx</body></html>'
    return { status: 504, headers: { 'content-type': 'text/html' }, body: Buffer.from(page) }
  }
}

const STATUS: Readonly<Record<string, number>> = { SlowDown: 503, InternalError: 500 }

/** One request of the proxy's own: what the client signed covers a body that names the refused as well. */
async function removeOthers(store: S3Client, bucket: string, keys: readonly string[]): Promise<string[]> {
  if (keys.length === 0) return []
  const Objects = keys.map((Key) => ({ Key }))
  const { Deleted = [] } = await store.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }))
  return Deleted.map(({ Key = '' }) => Key)
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

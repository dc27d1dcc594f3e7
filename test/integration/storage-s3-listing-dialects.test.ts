/** Listings as bad stores give them: what can be seen to be untrue ends the work, and what cannot is known. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { S3Vice } from '../../lab/servers/s3-dialect.ts'
import {
  callsItselfComplete,
  leadsInCircle,
  listsRemovedFor,
  outOfOrder,
  repeatsPage,
  shortPages,
  truncatedWithoutToken,
} from '../../lab/servers/s3-vices/listing.ts'
import { connectS3 } from '../../src/adapters/storage/s3/connection.ts'
import { listBucket } from '../../src/adapters/storage/s3/list.ts'
import { SourceDisagreement } from '../../src/core/errors.ts'
import { listedKey } from '../../src/core/model/object.ts'
import { listAll } from '../contracts/storage.ts'
import { needs } from '../needs.ts'
import { s3Settings } from './storage-s3.ts'
import { openS3Stage, type S3Stage } from './storage-s3-stage.ts'

const KEYS = Array.from({ length: 95 }, (_, i) => `cache/x/${String(i).padStart(3, '0')} +é.png`)

describe('a listing', needs('ceph-rgw'), () => {
  let stage: S3Stage
  before(async () => {
    stage = await openS3Stage()
    await stage.fill(KEYS)
  })
  after(() => stage[Symbol.asyncDispose]())

  /** In pages of ten. */
  async function listThrough(...vices: S3Vice[]): Promise<string[]> {
    stage.proxy.vices = vices
    const connection = connectS3(s3Settings(stage.proxy.address, stage.bucket))
    const seen: string[] = []
    try {
      for await (const page of listBucket(connection, 10, { after: '', through: null }, {}))
        seen.push(...page.map(listedKey))
      return seen
    } finally {
      await connection.close()
    }
  }

  test('whose pages hold fewer names than asked for is listed whole', async () => {
    for (const most of [1, 3, 9]) assert.deepEqual(await listThrough(shortPages(most)), KEYS)
  })

  for (const [what, vice, words] of [
    ['that has more and does not say where', truncatedWithoutToken, /does not say where to go on/],
    ['that repeats a page', repeatsPage, /not byte order|repeats one page/],
    ['whose empty pages lead in a circle', leadsInCircle, /repeats one page/],
    ['out of order', outOfOrder, /not byte order/],
  ] as const) {
    test(`${what} ends the work`, async () => {
      await assert.rejects(listThrough(vice()), (error: unknown) => {
        assert.ok(error instanceof SourceDisagreement, String(error))
        assert.match(error.message, words)
        return true
      })
    })
  }

  test('that calls itself complete too early is believed: nothing in it shows the lie', async () => {
    assert.deepEqual(await listThrough(callsItselfComplete()), KEYS.slice(0, 10))
  })

  test('may still show what is removed; a look tells', async () => {
    let now = 0
    const storage = stage.open([listsRemovedFor(5_000, () => now)])
    assert.deepEqual((await listAll(storage)).map(listedKey), KEYS)
    const gone = KEYS.slice(10, 40)
    assert.ok((await storage.remove(gone)).every(({ removed }) => removed))
    assert.deepEqual((await listAll(storage)).map(listedKey), KEYS)
    for (const key of gone.slice(0, 3)) assert.deepEqual(await storage.stat(key), { state: 'absent' })
    now = 5_000
    assert.deepEqual(
      (await listAll(storage)).map(listedKey),
      KEYS.filter((key) => !gone.includes(key)),
    )
  })
})

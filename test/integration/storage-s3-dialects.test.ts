/**
 * Removal in bulk from stores as providers really are. Each test gives a real store one vice or several, removes, and then
 * lists the store past the vices: every key has one answer, and what is there agrees with the answers.
 */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { startS3Dialect, type S3Vice } from '../../lab/servers/s3-dialect.ts'
import {
  brokenOff,
  gatewayTimeout,
  onlyWithContentMd5,
  refusedKeys,
  silentAbout,
  slowDown,
  slowPerKey,
  withoutBulkRemoval,
  wrongLength,
} from '../../lab/servers/s3-vices/removing.ts'
import { hidesAbsence, refusesAcl, withoutVersions } from '../../lab/servers/s3-vices/rights.ts'
import { connectS3 } from '../../src/adapters/storage/s3/connection.ts'
import type { Removal } from '../../src/core/ports/storage.ts'
import { storageContract } from '../contracts/storage.ts'
import { needs } from '../needs.ts'
import { freshName, sharedRgw } from '../shared-servers.ts'
import { removerOf, s3Settings, s3StoreUnderTest } from './storage-s3.ts'
import { openS3Stage, type S3Stage } from './storage-s3-stage.ts'

const COUNT = 2500
const KEYS: readonly string[] = Array.from({ length: COUNT }, (_, i) => {
  const id = String(i).padStart(6, '0')
  return `cache/accounts/avatars/${id.slice(0, 3)}/${id.slice(3)}/original/${i % 3 === 0 ? 'a&b' : 'a b+c'}.png`
})
/** One in four is there; removing what is not there is asked for all the same. */
const FILLED = new Set(KEYS.filter((_, i) => i % 4 === 0))
/** A neighbour that nobody asks to remove. */
const NEIGHBOUR = 'cache/accounts/avatars/zzz.png'

/** Every `n`th key. */
function every(n: number): (key: string) => boolean {
  const chosen = new Set(KEYS.filter((_, i) => i % n === 0))
  return (key) => chosen.has(key)
}

/** The keys chosen, each for the first `times` it is asked for. */
function firstTimes(times: number, chosen: (key: string) => boolean): (key: string) => boolean {
  const asked = new Map<string, number>()
  return (key) => {
    if (!chosen(key)) return false
    const before = asked.get(key) ?? 0
    asked.set(key, before + 1)
    return before < times
  }
}

/** From 0 up to 1, always the same (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** True the first `times` it is asked. */
function atFirst(times: number): () => boolean {
  let asked = 0
  return () => asked++ < times
}

describe('removal of 2,500 keys', needs('ceph-rgw'), () => {
  let stage: S3Stage
  let there: string[] = []

  before(async () => {
    stage = await openS3Stage()
    await stage.fill([NEIGHBOUR])
  })
  after(() => stage[Symbol.asyncDispose]())
  afterEach(async () => {
    there = await stage.keys()
  })

  async function fill(keys = KEYS): Promise<void> {
    const have = new Set(there)
    await stage.fill(keys.filter((key) => FILLED.has(key) && !have.has(key)))
  }

  /** One answer for each, in order; what is called removed is gone, and what is not is there. Gives back the others. */
  async function agree(answers: readonly Removal[], keys = KEYS): Promise<(Removal & { removed: false })[]> {
    assert.deepEqual(
      answers.map(({ key }) => key),
      keys,
    )
    const left = answers.filter((answer) => !answer.removed)
    const mustBeThere = left.map(({ key }) => key).filter((key) => FILLED.has(key))
    assert.deepEqual(await stage.keys(), [...mustBeThere, NEIGHBOUR])
    return left
  }

  async function removeThrough(...vices: S3Vice[]): Promise<(Removal & { removed: false })[]> {
    await fill()
    return await agree(await stage.open(vices).remove(KEYS))
  }

  test('a store without vices is asked once for every thousand keys', async () => {
    assert.deepEqual(await removeThrough(), [])
    assert.deepEqual(stage.removals(), { bulk: [1000, 1000, 500], single: 0 })
    assert.deepEqual(stage.clock.pausesMs, [])
  })

  test('a store that wants Content-MD5 gets it', async () => {
    assert.deepEqual(await removeThrough(onlyWithContentMd5), [])
    assert.deepEqual(stage.removals(), { bulk: [1000, 1000, 500], single: 0 })
  })

  test('keys given twice are asked for once and answered twice', async () => {
    await fill()
    const storage = stage.open([])
    const answers = await storage.remove([...KEYS.slice(0, 600), ...KEYS])
    assert.equal(answers.length, COUNT + 600)
    assert.ok(answers.every(({ removed }) => removed))
    assert.deepEqual(stage.removals().bulk, [1000, 1000, 500])
    await agree(answers.slice(600))
  })

  test('a store without bulk removal is noticed once, and from then on keys go one by one', async () => {
    await fill()
    const storage = stage.open([withoutBulkRemoval()])
    assert.deepEqual(await storage.removalTraits(), { versioned: false, bulkRemoval: null })
    const first = await storage.remove(KEYS.slice(0, 1200))
    assert.deepEqual(await storage.removalTraits(), { versioned: false, bulkRemoval: false })
    assert.deepEqual(await agree([...first, ...(await storage.remove(KEYS.slice(1200)))]), [])
    assert.deepEqual(stage.removals(), { bulk: [1000], single: COUNT })
  })

  for (const [status, code] of [
    [405, 'MethodNotAllowed'],
    [400, 'MalformedXML'],
    [404, 'NoSuchKey'],
  ] as const) {
    test(`${status} ${code} to a bulk removal says nothing of keys: they go one by one`, async () => {
      const few = KEYS.slice(0, 300)
      await fill(few)
      assert.deepEqual(await agree(await stage.open([withoutBulkRemoval(status, code)]).remove(few), few), [])
      assert.deepEqual(stage.removals(), { bulk: [300], single: 300 })
    })
  }

  test('a store that refuses every other request gets pauses, and is asked again for what it refused', async () => {
    let asked = 0
    assert.deepEqual(await removeThrough(slowDown(0.5, () => asked++ % 2)), [])
    assert.deepEqual(stage.removals(), { bulk: [1000, 1000, 500, 1000, 500, 500], single: 0 })
    assert.deepEqual(stage.clock.pausesMs, [500, 500, 1000])
  })

  test('a store that is too busy for all of it is left alone after eight refusals', async () => {
    const left = await removeThrough(slowDown(1, () => 0))
    assert.equal(left.length, COUNT)
    assert.ok(left.every(({ reason }) => reason === 'after 8 tries: the store failed (SlowDown, HTTP 503)'))
    assert.equal(stage.removals().bulk.length, 8)
    const total = stage.clock.pausesMs.reduce((sum, ms) => sum + ms, 0)
    assert.ok(total >= 10_000, `${total} ms`)
  })

  test('one by one, too, a busy store is paused for and nobody is asked for who has an answer', async () => {
    const left = await removeThrough(withoutBulkRemoval(), slowDown(0.2, seeded(5)))
    assert.deepEqual(left, [])
    const { bulk, single } = stage.removals()
    assert.deepEqual(bulk, [1000])
    assert.ok(single > COUNT && single < COUNT * 1.5, String(single))
    assert.ok(stage.clock.pausesMs.length > 100)
  })

  test('one by one, a store too busy for all of it is left alone', async () => {
    const left = await removeThrough(
      withoutBulkRemoval(),
      slowDown(1, () => 0, 429),
    )
    assert.equal(left.length, COUNT)
    assert.ok(stage.removals().single < 500, String(stage.removals().single))
  })

  for (const code of ['SlowDown', 'InternalError']) {
    test(`${code} for single keys of an answer brings those keys again, and no others`, async () => {
      const refused = firstTimes(2, every(7))
      assert.deepEqual(await removeThrough(refusedKeys(stage.client, code, refused)), [])
      const again = Math.ceil(COUNT / 7)
      assert.deepEqual(stage.removals(), { bulk: [1000, 1000, 500, again, again], single: 0 })
      assert.deepEqual(stage.clock.pausesMs, [500, 1000])
    })

    test(`${code} for ever ends in "not removed" for those keys`, async () => {
      const refused = every(500)
      const left = await removeThrough(refusedKeys(stage.client, code, refused))
      assert.deepEqual(
        left.map(({ key }) => key),
        KEYS.filter(refused),
      )
      assert.ok(
        left.every(({ reason }) => reason === `after 8 tries: ${code}`),
        left[0]?.reason,
      )
      assert.deepEqual(stage.removals(), { bulk: [1000, 1000, 500, 5, 5, 5, 5, 5, 5, 5], single: 0 })
    })
  }

  test('an answer that is quiet although nobody asked is no proof: its silence is asked about', async () => {
    const refused = firstTimes(1, every(7))
    const quiet = refusedKeys(stage.client, 'SlowDown', refused, { quiet: true })
    assert.deepEqual(await removeThrough(quiet), [])
  })

  test('a refused key is told, and not asked for again', async () => {
    const refused = every(9)
    const left = await removeThrough(refusedKeys(stage.client, 'AccessDenied', refused))
    assert.deepEqual(
      left,
      KEYS.filter(refused).map((key) => ({ key, removed: false, reason: 'access denied' })),
    )
    assert.deepEqual(stage.removals(), { bulk: [1000, 1000, 500], single: 0 })
  })

  test('keys that an answer leaves out are asked for one by one', async () => {
    assert.deepEqual(await removeThrough(silentAbout(every(5))), [])
    assert.deepEqual(stage.removals(), { bulk: [1000, 1000, 500], single: COUNT / 5 })
  })

  test('keys that are left out and refused are not removed', async () => {
    const refused = every(50)
    const left = await removeThrough(silentAbout(refused), refusedKeys(stage.client, 'AccessDenied', refused))
    assert.deepEqual(
      left,
      KEYS.filter(refused).map((key) => ({ key, removed: false, reason: 'access denied' })),
    )
  })

  test('a store that names nobody in three answers is asked one by one', async () => {
    assert.deepEqual(await removeThrough(silentAbout(() => true)), [])
    assert.deepEqual(stage.removals(), { bulk: [1000, 1000, 500], single: COUNT })
    const storage = stage.open([silentAbout(() => true)], { batchDeleteLimit: 100 })
    assert.ok((await storage.remove(KEYS.slice(0, 450))).every(({ removed }) => removed))
    assert.deepEqual(stage.removals(), { bulk: [100, 100, 100], single: 450 })
  })

  for (const where of ['text', 'connection'] as const) {
    test(`an answer whose ${where} breaks off proves nothing; its keys are asked for again`, async () => {
      assert.deepEqual(await removeThrough(brokenOff(where, atFirst(2))), [])
      assert.deepEqual(stage.removals(), { bulk: [1000, 1000, 500, 1000, 1000], single: 0 })
    })
  }

  test('where every answer breaks off, keys are asked for one by one', async () => {
    assert.deepEqual(await removeThrough(brokenOff('text', () => true)), [])
    assert.deepEqual(stage.removals(), { bulk: [1000, 1000, 500], single: COUNT })
  })

  test('an answer that is longer or shorter than it says proves nothing', async () => {
    assert.deepEqual(await removeThrough(wrongLength(1000, atFirst(1))), [])
    assert.deepEqual(stage.removals().bulk, [1000, 1000, 500, 1000])
    assert.deepEqual(await stage.open([wrongLength(-1000, atFirst(1))]).remove([]), [])
    await fill()
    assert.deepEqual(await agree(await stage.open([wrongLength(-1000, atFirst(1))]).remove(KEYS)), [])
    assert.deepEqual(stage.removals().bulk, [1000, 1000, 500, 1000])
  })

  test('batches that a gateway gives up on are halved until they are answered', async () => {
    assert.deepEqual(await removeThrough(gatewayTimeout(260)), [])
    assert.deepEqual(stage.removals(), { bulk: [1000, 500, ...Array<number>(10).fill(250)], single: 0 })
  })

  test('batches that get no answer in time are halved, and grow again by a tenth', async () => {
    await fill()
    stage.open([slowPerKey(2)])
    const connection = connectS3({ ...s3Settings(stage.proxy.address, stage.bucket), clock: stage.clock })
    const hasty = { ...connection, timeouts: { ...connection.timeouts, bulk: 1500 } }
    const remove = removerOf(hasty, 1000)
    const answers = await remove(KEYS)
    assert.ok(answers.every(({ removed }) => removed))
    assert.deepEqual(stage.removals().bulk, [1000, ...Array<number>(5).fill(500)])
    stage.proxy.vices = []
    await remove([...KEYS, ...KEYS.map((key) => `${key}2`)])
    assert.deepEqual(stage.removals().bulk.slice(6), [
      ...Array<number>(5).fill(500),
      ...[550, 550, 550, 550, 300],
    ])
    await connection.close()
    assert.deepEqual(await stage.keys(), [NEIGHBOUR])
  })

  test('where even fifty keys get no answer in time, they are asked for one by one', async () => {
    const few = KEYS.slice(0, 200)
    await fill(few)
    stage.open([slowPerKey(12)])
    const connection = connectS3({ ...s3Settings(stage.proxy.address, stage.bucket), clock: stage.clock })
    const hasty = { ...connection, timeouts: { ...connection.timeouts, bulk: 300 } }
    const answers = await removerOf(hasty, 1000)(few)
    await connection.close()
    assert.ok(answers.every(({ removed }) => removed))
    assert.deepEqual(stage.removals(), { bulk: [200, 100, 50, 50, 50], single: 200 })
    assert.deepEqual(await stage.keys(), [NEIGHBOUR])
  })

  test('an abort between two tries ends with its reason', async () => {
    await fill()
    const controller = new AbortController()
    const reason = new Error('enough')
    const clock = {
      ...stage.clock,
      async sleep() {
        controller.abort(reason)
        controller.signal.throwIfAborted()
      },
    }
    const storage = stage.open([slowDown(1, () => 0)], { clock })
    await assert.rejects(storage.remove(KEYS, { signal: controller.signal }), reason)
    assert.equal(stage.removals().bulk.length, 1)
  })

  test('several vices at once: Content-MD5, slow down, stumbles, silence and breaks', async () => {
    const left = await removeThrough(
      onlyWithContentMd5,
      slowDown(0.2, seeded(3)),
      brokenOff('text', atFirst(1)),
      silentAbout(every(11)),
      refusedKeys(stage.client, 'InternalError', firstTimes(1, every(13))),
    )
    assert.deepEqual(left, [])
  })

  test('several vices at once: no bulk removal, slow down, refusals, hidden absence', async () => {
    const refused = every(100)
    const left = await removeThrough(
      withoutBulkRemoval(400, 'InvalidRequest'),
      hidesAbsence,
      refusesAcl,
      slowDown(0.1, seeded(8)),
      refusedKeys(stage.client, 'AccessDenied', refused),
    )
    assert.deepEqual(
      left.map(({ key }) => key),
      KEYS.filter(refused),
    )
  })

  test('a store that turns to refuse everything leaves what it did answered', async () => {
    let asked = 0
    const left = await removeThrough(async (request, pass) =>
      request.method === 'POST' && ++asked > 1
        ? { status: 403, headers: {}, body: Buffer.from(EXPIRED) }
        : await pass(request),
    )
    assert.equal(left.length, COUNT - 1000)
    assert.ok(left.every(({ reason }) => reason === 'access denied'))
  })

  test('one by one, what was removed before the end of the credentials is answered', async () => {
    let asked = 0
    const left = await removeThrough(withoutBulkRemoval(), async (request, pass) =>
      request.method === 'DELETE' && ++asked > 300
        ? { status: 403, headers: {}, body: Buffer.from(EXPIRED) }
        : await pass(request),
    )
    assert.equal(left.length, COUNT - 300)
    assert.ok(stage.removals().single < 320, 'nobody else was asked for')
  })
})

const EXPIRED = '<Error><Code>ExpiredToken</Code><Message>expired</Message></Error>'

describe('a key that may not list', needs('ceph-rgw'), () => {
  test('is told "unknown" about what is absent, and "present" about what is there', async () => {
    await using stage = await openS3Stage()
    await stage.fill([KEYS[0]!])
    const storage = stage.open([hidesAbsence])
    assert.equal((await storage.stat(KEYS[0]!)).state, 'present')
    assert.deepEqual(await storage.stat(KEYS[1]!), { state: 'unknown', reason: 'access denied' })
    await assert.rejects(storage.read(KEYS[1]!), { code: 'storage-refused' })
    assert.deepEqual(await storage.remove([KEYS[0]!, KEYS[1]!]), [
      { key: KEYS[0]!, removed: true },
      { key: KEYS[1]!, removed: true },
    ])
    assert.deepEqual(await stage.keys(), [])
  })
})

const HARMLESS: readonly { readonly name: string; readonly vices: readonly S3Vice[] }[] = [
  { name: 'Content-MD5 wanted, no ACL taken', vices: [onlyWithContentMd5, refusesAcl] },
  { name: 'no bulk removal, no versions', vices: [withoutBulkRemoval(), withoutVersions] },
]

for (const { name, vices } of HARMLESS) {
  storageContract(`S3 with ${name}`, { ...needs('ceph-rgw'), keepsHeaders: true }, async () => {
    const server = await sharedRgw()
    const bucket = freshName('harmless')
    await server.createBucket(bucket)
    const proxy = await startS3Dialect(server.address, vices)
    const store = s3StoreUnderTest(server.address, s3Settings(server.address, bucket))
    await store.storage.close()
    const through = s3StoreUnderTest(proxy.address, {
      ...s3Settings(proxy.address, bucket),
      permission: null,
    })
    return {
      ...store,
      storage: through.storage,
      async close() {
        await through.close()
        await store.close()
        await proxy[Symbol.asyncDispose]()
      },
    }
  })
}

/** Moving within buckets as providers really are: every answer is true, and nothing is lost on the way. */
import assert from 'node:assert/strict'
import { GetObjectAclCommand } from '@aws-sdk/client-s3'
import { after, before, describe, test } from 'node:test'
import type { S3Vice } from '../../lab/servers/s3-dialect.ts'
import {
  failsWithin200,
  hidesAbsentSources,
  slowCopies,
  tooLarge,
} from '../../lab/servers/s3-vices/copying.ts'
import { isCopy } from '../../lab/servers/s3-vices/recognise.ts'
import { refusedKeys, silentAbout, withoutBulkRemoval } from '../../lab/servers/s3-vices/removing.ts'
import { hidesAbsence, refusesAcl } from '../../lab/servers/s3-vices/rights.ts'
import type { Moved, MovePair } from '../../src/core/ports/storage.ts'
import { needs } from '../needs.ts'
import { openS3Stage, type S3Stage } from './storage-s3-stage.ts'

const KEYS = Array.from({ length: 120 }, (_, i) => `cache/x/${String(i).padStart(3, '0')}/a b+c.png`)
const pairOf = (key: string): MovePair => ({ from: key, to: `cornac/quarantine/t/${key}` })
const PAIRS = KEYS.map(pairOf)
const TARGETS = PAIRS.map(({ to }) => to)

/** 0, 1, 0, 1... */
function alternate(): () => number {
  let asked = 0
  return () => asked++ % 2
}

describe('moving within a bucket', needs('ceph-rgw'), () => {
  let stage: S3Stage
  before(async () => {
    stage = await openS3Stage()
  })
  after(() => stage[Symbol.asyncDispose]())

  async function afresh(): Promise<void> {
    const storage = stage.open([])
    await storage.remove(await stage.keys())
    await stage.fill(KEYS)
  }

  async function moveThrough(...vices: S3Vice[]): Promise<readonly Moved[]> {
    await afresh()
    const answers = await stage.open(vices).move(PAIRS, 'private')
    assert.deepEqual(
      answers.map(({ from, to }) => ({ from, to })),
      PAIRS,
    )
    return answers
  }

  /** The canned meaning of an object's ACL. */
  async function isPublic(key: string): Promise<boolean> {
    const { Grants = [] } = await stage.client.send(
      new GetObjectAclCommand({ Bucket: stage.bucket, Key: key }),
    )
    return Grants.some(({ Grantee }) => Grantee?.URI?.endsWith('/AllUsers') === true)
  }

  const copies = () => stage.proxy.requests.filter(isCopy)

  test('costs one copy each and one removal for all', async () => {
    const from = copies().length
    const answers = await moveThrough()
    assert.ok(answers.every(({ state }) => state === 'moved'))
    assert.deepEqual(await stage.keys(), TARGETS)
    assert.equal(copies().length - from, KEYS.length)
    assert.deepEqual(stage.removals(), { bulk: [KEYS.length], single: 0 })
  })

  test('what is private is served to nobody, and what comes back is public again', async () => {
    const [key] = KEYS
    await afresh()
    const storage = stage.open([])
    await storage.write(key!, Buffer.from('public'), 'image/png')
    assert.equal(await isPublic(key!), true)
    const { from, to } = pairOf(key!)
    await storage.move([{ from, to }], 'private')
    assert.equal(await isPublic(to), false)
    await storage.move([{ from: to, to: from }], 'as-stored')
    assert.equal(await isPublic(key!), true)
  })

  test('with S3_PERMISSION empty no ACL is sent, and a bucket that takes none is content', async () => {
    await afresh()
    const storage = stage.open([refusesAcl], { permission: null })
    assert.ok((await storage.move(PAIRS, 'private')).every(({ state }) => state === 'moved'))
    const back = PAIRS.map(({ from, to }) => ({ from: to, to: from }))
    assert.ok((await storage.move(back, 'as-stored')).every(({ state }) => state === 'moved'))
    assert.deepEqual(await stage.keys(), KEYS)
  })

  test('a bucket that takes no ACL refuses with the setting that mends it, and nothing is moved', async () => {
    for (const answer of await moveThrough(refusesAcl)) {
      assert.ok(answer.state === 'refused')
      assert.match(answer.reason, /takes no ACL.*S3_PERMISSION=/)
    }
    assert.deepEqual(await stage.keys(), KEYS)
  })

  test('a busy store is paused for, and every object is moved in the end', async () => {
    const answers = await moveThrough(slowCopies(0.5, alternate()))
    assert.ok(answers.every(({ state }) => state === 'moved'))
    assert.deepEqual(await stage.keys(), TARGETS)
    assert.ok(stage.clock.pausesMs.length > 10)
  })

  test('a store that is too busy to the end moves nothing and removes nothing', async () => {
    for (const answer of await moveThrough(slowCopies(1, () => 0))) {
      assert.ok(answer.state === 'refused')
      assert.match(answer.reason, /^after 8 tries: /)
    }
    assert.deepEqual(await stage.keys(), KEYS)
    assert.deepEqual(stage.removals(), { bulk: [], single: 0 })
  })

  test('an error within an answer that began well is no copy', async () => {
    let asked = 0
    const answers = await moveThrough(failsWithin200(() => asked++ < 5))
    assert.ok(answers.every(({ state }) => state === 'moved'))
    assert.deepEqual(await stage.keys(), TARGETS)
    const never = await moveThrough(failsWithin200(() => true))
    assert.ok(never.every(({ state }) => state === 'refused'))
    assert.deepEqual(await stage.keys(), KEYS)
  })

  test('an object whose old key cannot be removed is refused, is at both, and moves later', async () => {
    const stubborn = KEYS[7]!
    const answers = await moveThrough(refusedKeys(stage.client, 'AccessDenied', (key) => key === stubborn))
    for (const answer of answers)
      if (answer.from !== stubborn) assert.equal(answer.state, 'moved')
      else
        assert.deepEqual(answer, {
          ...pairOf(stubborn),
          state: 'refused',
          reason: 'copied, but the old object stays: access denied',
        })
    assert.deepEqual(await stage.keys(), [stubborn, ...TARGETS])
    const again = await stage.open([]).move(PAIRS, 'private')
    assert.ok(again.every(({ state }) => state === 'moved'))
    assert.deepEqual(await stage.keys(), TARGETS)
  })

  test('silence about a removal is asked about', async () => {
    for (const vices of [[silentAbout(() => true)], [withoutBulkRemoval()]]) {
      const answers = await moveThrough(...vices)
      assert.ok(answers.every(({ state }) => state === 'moved'))
      assert.deepEqual(await stage.keys(), TARGETS)
    }
  })

  test('what is above 5 GB is refused with that reason, and stays', async () => {
    const large = KEYS[3]!
    const answers = await moveThrough(tooLarge(large, 6 * 1024 ** 3))
    assert.deepEqual(answers[3], {
      ...pairOf(large),
      state: 'refused',
      reason: 'larger than 5 GB, which S3 does not copy in one piece',
    })
    assert.equal(answers.filter(({ state }) => state === 'moved').length, KEYS.length - 1)
    const other = (await moveThrough(tooLarge(large, 2)))[3]
    assert.equal(other?.state === 'refused' && other.reason, 'InvalidRequest, HTTP 400')
  })

  test('to a key that may not list, what is absent is "refused" and never "absent" or "moved"', async () => {
    await afresh()
    const storage = stage.open([hidesAbsence, hidesAbsentSources])
    const absent = pairOf('cache/nobody/put/this.png')
    assert.deepEqual(await storage.move([absent, PAIRS[0]!], 'private'), [
      { ...absent, state: 'refused', reason: 'access denied' },
      { ...PAIRS[0], state: 'moved' },
    ])
  })

  test('an abort while the store is busy removes nothing', async () => {
    await afresh()
    const controller = new AbortController()
    const reason = new Error('enough')
    const clock = {
      ...stage.clock,
      async sleep() {
        controller.abort(reason)
        controller.signal.throwIfAborted()
      },
    }
    const storage = stage.open([slowCopies(0.2, alternate())], { clock })
    await assert.rejects(storage.move(PAIRS, 'private', { signal: controller.signal }), reason)
    assert.deepEqual(
      (await stage.keys()).filter((key) => KEYS.includes(key)),
      KEYS,
    )
  })

  test('without its bucket nothing is called absent', async () => {
    const storage = stage.open([], { bucket: 'nobody-made-this' })
    await assert.rejects(storage.move(PAIRS, 'private'), /Could not copy within .*no bucket/)
  })

  test('below a key prefix both ends are below it', async () => {
    await afresh()
    const storage = stage.open([], { keyPrefix: 'sub dir' })
    await storage.write('cache/mine.png', Buffer.from('mine'), 'image/png')
    await storage.move([{ from: 'cache/mine.png', to: 'cornac/q/mine.png' }], 'private')
    assert.deepEqual(
      (await stage.keys()).filter((key) => !KEYS.includes(key)),
      ['sub dir/cornac/q/mine.png'],
    )
  })
})

/** Broken records handed to Mastodon's own workers: how each ends, and what Mastodon's queue is spared. */
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { LAB_VERSIONS } from '../../lab/instance/schema/schema.ts'
import { KnownError } from '../../src/core/errors.ts'
import type { HealOutcome } from '../../src/core/model/heal-outcome.ts'
import type { HealTarget } from '../../src/core/model/heal-target.ts'
import { claimedKeys } from '../../src/core/model/storage-key.ts'
import { openSidekiqDriver } from '../../src/core/heal/sidekiq/via-sidekiq.ts'
import { needs } from '../needs.ts'
import { fediverse, onSidekiqStage, type SidekiqStage } from '../sidekiq-stage.ts'

const servers = needs('postgres', 'redis')

/** In one word, and the reason if there is one. */
function told(outcome: HealOutcome): string {
  return 'reason' in outcome ? `${outcome.kind} ${outcome.reason}` : outcome.kind
}

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen`)
    await delay(50)
  }
}

async function objectsOf({ media }: SidekiqStage, { record }: HealTarget): Promise<(number | undefined)[]> {
  return Promise.all(claimedKeys(record).map(async ({ key }) => (await media.get(key))?.length))
}

describe('heal via Sidekiq', servers, () => {
  for (const version of LAB_VERSIONS)
    test(`${version}: pruned and missing pictures come back through Mastodon’s own workers, and none of their jobs is refused or useless`, () =>
      onSidekiqStage(version === '4.3' ? { version, namespace: 'social' } : { version }, async (stage) => {
        const worker = await stage.worker()
        const [pruned, missing, half] = await stage.whole('avatar', 3)
        const [header] = await stage.whole('header', 1)
        const [attachment, small] = await stage.whole('attachment', 2)
        assert.ok(pruned && missing && half && header && attachment && small)
        for (const target of [missing, header, attachment]) await stage.lose(target)
        // Only the smaller variant is lost; and an avatar of which something is left, as of an empty file.
        const [original, derived] = claimedKeys(small.record)
        assert.ok(original && derived)
        await stage.media.remove([derived.key])
        const left = claimedKeys(half.record).map(({ key }) => key)
        await stage.media.put(left[0] as string, new Uint8Array(), 'image/png')
        const driver = stage.driver()
        const outcomes = await Promise.all([
          driver.heal(await stage.prune(pruned), 'pruned', [], null, {}),
          driver.heal(missing, 'missing', [], null, {}),
          driver.heal(half, 'missing', left, null, {}),
          driver.heal(header, 'missing', [], null, {}),
          driver.heal(attachment, 'missing', [], null, {}),
          driver.heal(small, 'missing', [original.key], null, {}),
        ])
        const targets = [pruned, missing, half, header, attachment, small]
        for (const [i, outcome] of outcomes.entries()) {
          const before = targets[i] as HealTarget
          const now = await stage.now(before)
          const sizes = await objectsOf(stage, now)
          assert.deepEqual(outcome, {
            kind: 'healed',
            damage: i === 0 ? 'pruned' : 'missing',
            from: 'sidekiq',
            bytes: sizes.reduce((sum: number, bytes) => sum + (bytes ?? NaN), 0),
            verified: true,
          })
          assert.notEqual(now.record.fileName, before.record.fileName)
          for (const { key } of claimedKeys(before.record))
            assert.equal(await stage.media.get(key), null, key)
        }
        assert.deepEqual(worker.refused, [])
        assert.deepEqual(
          worker.ended.map(({ done }) => done),
          outcomes.map(() => 'saved'),
        )
      }))

  test('a picture is healed once row and storage say so, not once its job is queued or over', () =>
    onSidekiqStage({}, async (stage) => {
      // A storage that swallows what Mastodon stores: the row names a file that is not there.
      await stage.worker({ media: { ...stage.media, put: async () => {} } })
      const [avatar] = await stage.whole('avatar', 1)
      assert.ok(avatar)
      await stage.lose(avatar)
      const outcome = await stage.driver().heal(avatar, 'missing', [], null, {})
      assert.equal(told(outcome), 'failed worker-gave-up')
      assert.ok((await stage.now(avatar)).record.fileName !== null)
    }))

  test('where storage will not say, a new name counts as healed, unverified, once the job is over', () =>
    onSidekiqStage({}, async (stage) => {
      await stage.worker()
      const [avatar] = await stage.whole('avatar', 1)
      assert.ok(avatar)
      const objects = {
        ...stage.ports.objects,
        stat: async () => ({ state: 'unknown', reason: 'closed' }) as const,
      }
      const outcome = await stage
        .driver({}, { objects })
        .heal(await stage.prune(avatar), 'pruned', [], null, {})
      assert.equal(outcome.kind, 'healed')
      assert.equal(outcome.kind === 'healed' && outcome.verified, false)
    }))

  test('each way a worker can fail has its own end', () =>
    onSidekiqStage({}, async (stage) => {
      const worker = await stage.worker({ concurrency: 4, retryDelayMs: () => 60_000 })
      const targets = await stage.whole('avatar', 5)
      const [gone, swallowed, raising, slow, fine] = await Promise.all(targets.map(stage.prune))
      assert.ok(gone && swallowed && raising && slow && fine)
      fediverse.setVice(gone.record.remoteUrl as string, { kind: 'status', status: 404 })
      worker.setVice({ kind: 'swallows' }, swallowed.record.id)
      worker.setVice({ kind: 'raises' }, raising.record.id)
      worker.setVice({ kind: 'slow', ms: 6_000 }, slow.record.id)
      const driver = stage.driver({ patienceMs: 3_000 })
      const outcomes = await Promise.all(
        [gone, swallowed, raising, slow, fine].map((target) => driver.heal(target, 'pruned', [], null, {})),
      )
      assert.deepEqual(outcomes.map(told), [
        'failed worker-gave-up',
        'failed worker-gave-up',
        'failed worker-pending',
        'failed worker-pending',
        'healed',
      ])
      assert.match(JSON.stringify(outcomes[2]), /RedownloadAvatarWorker job [0-9a-f]{24} is retrying/)
      assert.match(JSON.stringify(outcomes[3]), /is running/)
      // What waits for its next try is not pushed again by whoever comes next.
      const next = await stage.driver().heal(raising, 'pruned', [], null, {})
      assert.equal(told(next), 'skipped already-queued')
      assert.equal(stage.pushed.length, 5)
    }))

  test('a job that fails at first and succeeds later is healed; one that is buried has given up at once', () =>
    onSidekiqStage({}, async (stage) => {
      const worker = await stage.worker({ retryDelayMs: () => 300 })
      const [later, never] = await Promise.all((await stage.whole('avatar', 2)).map(stage.prune))
      assert.ok(later && never)
      worker.setVice({ kind: 'raises' }, later.record.id)
      const driver = stage.driver()
      const healing = driver.heal(later, 'pruned', [], null, {})
      await until('two tries', async () => worker.begun.length >= 2)
      worker.setVice(undefined, later.record.id)
      assert.equal(told(await healing), 'healed')
      worker.setVice({ kind: 'raises' }, never.record.id)
      const [buried] = await stage.whole('attachment', 1)
      assert.ok(buried)
      await stage.lose(buried)
      worker.setVice({ kind: 'raises' }, buried.record.id)
      const outcome = await driver.heal(buried, 'missing', [], null, {})
      assert.equal(told(outcome), 'failed worker-gave-up')
      assert.match(JSON.stringify(outcome), /is dead/)
      assert.equal(
        worker.begun.filter(({ id }) => id === buried.record.id).length,
        4,
        'once and three times more',
      )
    }))

  test('a process that dies in the middle of a job leaves it pending; the next heal brings the picture back', () =>
    onSidekiqStage({}, async (stage) => {
      const [avatar] = await stage.whole('avatar', 1)
      assert.ok(avatar)
      await stage.lose(avatar)
      const mortal = await stage.worker()
      mortal.setVice({ kind: 'dies' })
      const outcome = await stage.driver({ patienceMs: 2_000 }).heal(avatar, 'missing', [], null, {})
      assert.equal(told(outcome), 'failed worker-pending')
      assert.match(JSON.stringify(outcome), /is running/)
      const now = await stage.now(avatar)
      assert.equal(now.record.fileName, null, 'no worse than pruned')
      // A minute later Redis has forgotten the process.
      await stage.redis.del(mortal.identity, `${mortal.identity}:work`)
      await stage.worker()
      assert.equal(told(await stage.driver().heal(now, 'pruned', [], null, {})), 'healed')
    }))

  test('never more jobs outstanding than allowed, however many records are handed over', () =>
    onSidekiqStage({}, async (stage) => {
      const worker = await stage.worker({ concurrency: 3 })
      worker.setVice({ kind: 'slow', ms: 40 })
      const targets = await Promise.all((await stage.whole('avatar', 24)).map(stage.prune))
      let outstanding = 0
      let most = 0
      const { queue } = stage.ports
      const counting: typeof queue = {
        ...queue,
        async push(jobs, options) {
          outstanding += jobs.length
          most = Math.max(most, outstanding)
          return queue.push(jobs, options)
        },
      }
      const driver = stage.driver({ maxOutstanding: 4 }, { queue: counting })
      const outcomes = await Promise.all(
        targets.map(async (target) => {
          const outcome = await driver.heal(target, 'pruned', [], null, {})
          outstanding--
          return outcome
        }),
      )
      assert.deepEqual(new Set(outcomes.map(told)), new Set(['healed']))
      assert.equal(most, 4)
      assert.equal(new Set(stage.pushed.map(({ id }) => id)).size, 24)
      assert.equal(stage.pushed.length, 24)
    }))

  test('nothing is pushed, and no row cleared, while the queue is long or slow', () =>
    onSidekiqStage({}, async (stage) => {
      const { redis } = stage
      await stage.idleProcess()
      const [avatar] = await stage.whole('avatar', 1)
      assert.ok(avatar)
      await stage.lose(avatar)
      const other = (agoMs: number): string =>
        JSON.stringify({ class: 'DeliveryWorker', args: [1], enqueued_at: Date.now() - agoMs })
      await redis.lpush('queue:pull', ...Array.from({ length: 11 }, () => other(0)))
      const driver = stage.driver({ maxDepth: 10, maxLatencyMs: 5_000 })
      const stop = new AbortController()
      const healing = driver.heal(avatar, 'missing', [], null, { signal: stop.signal }).catch(() => 'aborted')
      await delay(1_500)
      assert.equal(stage.pushed.length, 0, 'the queue is long')
      await redis.del('queue:pull')
      await redis.lpush('queue:pull', other(6_000))
      await delay(1_500)
      assert.equal(stage.pushed.length, 0, 'the queue is slow')
      assert.equal((await stage.now(avatar)).record.fileName, avatar.record.fileName)
      await redis.del('queue:pull')
      await until('the push', async () => (await redis.llen('queue:pull')) === 1)
      assert.equal(stage.pushed.length, 1)
      assert.equal((await stage.now(avatar)).record.fileName, null)
      stop.abort()
      assert.equal(await healing, 'aborted')
    }))

  test('a burst does not carry the queue above its limit between two looks', () =>
    onSidekiqStage({}, async (stage) => {
      await stage.idleProcess()
      const targets = await Promise.all((await stage.whole('avatar', 12)).map(stage.prune))
      const driver = stage.driver({ maxDepth: 4 })
      const stop = new AbortController()
      const all = targets.map((target) =>
        driver.heal(target, 'pruned', [], null, { signal: stop.signal }).catch((error: unknown) => error),
      )
      await delay(2_500)
      assert.equal(
        await stage.redis.llen('queue:pull'),
        5,
        'as many as may wait, and the one that is let in then',
      )
      stop.abort(new Error('enough'))
      for (const ended of await Promise.all(all)) assert.match(String(ended), /enough/)
      assert.equal(await stage.redis.llen('queue:pull'), 0)
    }))

  test('without a Sidekiq that takes from the queue the heal ends with a sentence, before anything is changed', () =>
    onSidekiqStage({}, async (stage) => {
      const [avatar] = await stage.whole('avatar', 1)
      assert.ok(avatar)
      await stage.lose(avatar)
      const error = await stage
        .driver()
        .heal(avatar, 'missing', [], null, {})
        .catch((reason: unknown) => reason)
      assert.ok(error instanceof KnownError)
      assert.equal(error.code, 'sidekiq-not-running')
      assert.deepEqual(stage.pushed, [])
      assert.equal((await stage.now(avatar)).record.fileName, avatar.record.fileName)
    }))

  test('a Sidekiq that goes away for too long in the middle ends the heal with the same sentence', () =>
    onSidekiqStage({}, async (stage) => {
      const worker = await stage.worker()
      const [first, second] = await Promise.all((await stage.whole('avatar', 2)).map(stage.prune))
      assert.ok(first && second)
      const driver = stage.driver({ patienceMs: 3_000 })
      assert.equal(told(await driver.heal(first, 'pruned', [], null, {})), 'healed')
      await worker.stop()
      // A look at the queue counts for a second.
      await delay(1_100)
      const error = await driver.heal(second, 'pruned', [], null, {}).catch((reason: unknown) => reason)
      assert.equal((error as KnownError).code, 'sidekiq-not-running')
    }))

  test('jobs that wait already, whoever pushed them, are not pushed again and their rows are left alone', () =>
    onSidekiqStage({}, async (stage) => {
      await stage.worker()
      const [avatar, header] = [...(await stage.whole('avatar', 1)), ...(await stage.whole('header', 1))]
      assert.ok(avatar && header)
      for (const target of [avatar, header]) await stage.lose(target)
      const due = Date.now() / 1000 + 3_600
      await stage.redis.zadd('retry', due, `{"class":"RedownloadAvatarWorker","args":[${avatar.record.id}]}`)
      await stage.redis.zadd(
        'schedule',
        due,
        `{"class":"RedownloadHeaderWorker","args":[${header.record.id}]}`,
      )
      const driver = stage.driver()
      for (const target of [avatar, header]) {
        assert.deepEqual(await driver.heal(target, 'missing', [], null, {}), {
          kind: 'skipped',
          reason: 'already-queued',
          damage: 'missing',
        })
        assert.equal((await stage.now(target)).record.fileName, target.record.fileName)
      }
      assert.deepEqual(stage.pushed, [])
    }))

  test('a row that changed since it was seen is left alone: nothing cleared, removed or pushed', () =>
    onSidekiqStage({}, async (stage) => {
      await stage.worker()
      const [avatar] = await stage.whole('avatar', 1)
      assert.ok(avatar)
      const keys = claimedKeys(avatar.record).map(({ key }) => key)
      await stage.sql("UPDATE accounts SET avatar_file_name = 'newer.png' WHERE id = $1", [avatar.record.id])
      const outcome = await stage.driver().heal(avatar, 'missing', keys, null, {})
      assert.deepEqual(outcome, { kind: 'changed', damage: 'missing' })
      assert.deepEqual(stage.pushed, [])
      for (const key of keys) assert.notEqual(await stage.media.get(key), null)
    }))

  test('a row that is deleted while its job waits has changed', () =>
    onSidekiqStage({}, async (stage) => {
      const worker = await stage.worker()
      worker.setVice({ kind: 'slow', ms: 1_000 })
      const [attachment] = await stage.whole('attachment', 1)
      assert.ok(attachment)
      await stage.lose(attachment)
      const healing = stage.driver().heal(attachment, 'missing', [], null, {})
      await stage.sql('DELETE FROM media_attachments WHERE id = $1', [attachment.record.id])
      assert.equal(told(await healing), 'changed')
    }))

  test('file and thumbnail of one attachment are one job’s work', () =>
    onSidekiqStage({ version: '4.6' }, async (stage) => {
      await stage.worker()
      const [attachment] = await stage.whole('attachment', 1)
      assert.ok(attachment)
      const url = (await stage.whole('avatar', 1))[0]?.record.remoteUrl
      await stage.sql(
        'UPDATE media_attachments SET thumbnail_remote_url = $2, thumbnail_file_name = NULL WHERE id = $1',
        [attachment.record.id, url],
      )
      const mastodon = await stage.open.instance.database()
      const [thumbnail] = await mastodon.targetsById('thumbnail', [attachment.record.id])
      assert.ok(thumbnail)
      assert.equal(thumbnail.record.fileName, null)
      await stage.lose(attachment)
      const driver = stage.driver()
      const outcomes = await Promise.all([
        driver.heal(attachment, 'missing', [], null, {}),
        driver.heal(thumbnail, 'pruned', [], null, {}),
      ])
      assert.deepEqual(outcomes.map(told), ['healed', 'healed'])
      assert.equal(stage.pushed.length, 1)
    }))

  test('aborted: what nobody has begun is out of the queue again and counts as not tried; what has begun is pending', () =>
    onSidekiqStage({}, async (stage) => {
      const worker = await stage.worker({ concurrency: 1 })
      worker.setVice({ kind: 'slow', ms: 3_000 })
      const targets = await Promise.all((await stage.whole('avatar', 6)).map(stage.prune))
      const stop = new AbortController()
      const driver = stage.driver({ maxOutstanding: 4 })
      const all = targets.map((target) =>
        driver
          .heal(target, 'pruned', [], null, { signal: stop.signal })
          .then(told, (error: Error) => error.message),
      )
      await until(
        'one begun, three waiting',
        async () => worker.begun.length === 1 && (await stage.redis.llen('queue:pull')) === 3,
      )
      stop.abort(new Error('stopped by hand'))
      const ends = await Promise.all(all)
      assert.equal(ends.filter((end) => end === 'failed worker-pending').length, 1)
      assert.equal(ends.filter((end) => end === 'stopped by hand').length, 5)
      assert.equal(await stage.redis.llen('queue:pull'), 0)
      await worker.stop()
      assert.equal(worker.begun.length, 1)
      const before = stage.pushed.length
      const late = await driver
        .heal(targets[0] as HealTarget, 'pruned', [], null, { signal: stop.signal })
        .catch((error: Error) => error.message)
      assert.equal(late, 'stopped by hand')
      assert.equal(stage.pushed.length, before)
    }))

  test('emoji and cards are not Sidekiq’s to mend, and nothing is asked of it', () =>
    onSidekiqStage({}, async (stage) => {
      const mastodon = await stage.open.instance.database()
      for (const kind of ['emoji', 'card'] as const)
        for await (const page of mastodon.targets({ by: 'all' }, [kind]))
          for (const target of page.slice(0, 1))
            assert.deepEqual(await stage.driver().heal(target, 'missing', [], null, {}), {
              kind: 'skipped',
              reason: 'needs-mastodon',
              damage: 'missing',
            })
      assert.deepEqual(stage.pushed, [])
    }))

  test('opened from Mastodon’s own settings it does the same, and knows the cache beside it', () =>
    onSidekiqStage({ version: '4.3', namespace: 'social' }, async (stage) => {
      await stage.worker()
      const { instance } = stage.open
      const [avatar] = await stage.whole('avatar', 1)
      assert.ok(avatar)
      const queue = await instance.redownloads()
      assert.equal(await instance.redownloads(), queue, 'opened once')
      const driver = openSidekiqDriver({ ...stage.ports, queue }, { pollMs: 50 })
      assert.equal(told(await driver.heal(await stage.prune(avatar), 'pruned', [], null, {})), 'healed')
      await stage.redis.set('social_cache:emoji:blobcat:a.example', 'marshalled')
      await (await instance.railsCache()).dropEmoji('blobcat', 'a.example')
      assert.equal(await stage.redis.exists('social_cache:emoji:blobcat:a.example'), 0)
    }))
})

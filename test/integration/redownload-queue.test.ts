/** Jobs in Sidekiq's own Redis: their exact bytes, where they are through their lives, and back out again. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startRedis } from '../../lab/servers/redis.ts'
import { connectRedis, type RedisConnection } from '../../src/adapters/redis/connect-redis.ts'
import { findPlaces } from '../../src/adapters/sidekiq/find-places.ts'
import { payloadOf } from '../../src/adapters/sidekiq/job-payload.ts'
import {
  openRedownloadQueue,
  type RedownloadQueueOptions,
} from '../../src/adapters/sidekiq/open-redownload-queue.ts'
import { KnownError } from '../../src/core/errors.ts'
import type { MastodonVersion } from '../../src/core/model/schema.ts'
import type { Clock } from '../../src/core/ports/runtime.ts'
import type { RedownloadJob, RedownloadQueue } from '../../src/core/ports/vitals.ts'
import { needs } from '../needs.ts'
import { redisPlace, settingsFor, type RedisPlace } from '../redis-settings.ts'

/** A whole second, which a careless encoder writes without a decimal point. */
const NOW = 1_763_723_045_000
const BIG = '114567890123456789'

class StoppedClock implements Clock {
  nowMs = NOW
  now(): number {
    return this.nowMs
  }
  async sleep(ms: number): Promise<void> {
    this.nowMs += ms
  }
}

interface Play extends RedisPlace {
  readonly queue: RedownloadQueue
  readonly clock: StoppedClock
}

async function onQueue(
  options: Partial<RedownloadQueueOptions> & { namespace?: string },
  play: (stage: Play) => Promise<void>,
): Promise<void> {
  const { namespace, ...rest } = options
  using place = await redisPlace(namespace === undefined ? {} : { namespace })
  const clock = new StoppedClock()
  let drawn = 0
  const newJid = (): string => (drawn++).toString(16).padStart(24, '0')
  const queue = await openRedownloadQueue(place.settings, { version: '4.5', clock, newJid, ...rest })
  try {
    await play({ ...place, queue, clock })
  } finally {
    await queue.close()
  }
}

const avatar = (id: string): RedownloadJob => ({ worker: 'RedownloadAvatarWorker', id })
const media = (id: string): RedownloadJob => ({ worker: 'RedownloadMediaWorker', id })

async function allWaiting(queue: RedownloadQueue): Promise<string[]> {
  const all: string[] = []
  for await (const page of queue.waiting()) all.push(...page.map(({ worker, id }) => `${worker} ${id}`))
  return all
}

describe('the redownload queue', needs('redis'), () => {
  const TIMES: Readonly<Record<MastodonVersion, string>> = {
    '4.3': '1763723045.000',
    '4.4': '1763723045.000',
    '4.5': '1763723045000',
    '4.6': '1763723045000',
  }
  for (const [version, time] of Object.entries(TIMES) as [MastodonVersion, string][])
    test(`${version}: a pushed job is there byte for byte, and its queue is known`, () =>
      onQueue({ version }, async ({ queue, redis }) => {
        const jids = await queue.push([
          avatar(BIG),
          { worker: 'RedownloadHeaderWorker', id: '7' },
          media('8'),
        ])
        assert.deepEqual(
          jids,
          [0, 1, 2].map((n) => String(n).padStart(24, '0')),
        )
        const rest = (n: number): string =>
          `"jid":"${String(n).padStart(24, '0')}","created_at":${time},"enqueued_at":${time}}`
        assert.deepEqual(await redis.lrange('queue:pull', 0, -1), [
          `{"class":"RedownloadMediaWorker","args":[8],"queue":"pull","retry":3,${rest(2)}`,
          `{"class":"RedownloadHeaderWorker","args":[7],"queue":"pull","retry":7,${rest(1)}`,
          `{"class":"RedownloadAvatarWorker","args":[${BIG}],"queue":"pull","retry":7,${rest(0)}`,
        ])
        assert.deepEqual(await redis.smembers('queues'), ['pull'])
        assert.deepEqual((await redis.keys('*')).sort(), ['queue:pull', 'queues'])
      }))

  test('a namespace goes before every key in 4.3, and nowhere after it', async () => {
    await onQueue({ version: '4.3', namespace: 'social' }, async ({ queue, redis }) => {
      const jids = await queue.push([avatar('1')])
      assert.deepEqual((await redis.keys('*')).sort(), ['social:queue:pull', 'social:queues'])
      assert.deepEqual(await redis.smembers('social:queues'), ['pull'])
      assert.equal((await queue.load()).depth, 1)
      assert.deepEqual([...(await queue.places(jids)).values()], ['queued'])
      assert.deepEqual(await allWaiting(queue), ['RedownloadAvatarWorker 1'])
      assert.equal(await queue.withdraw(jids), 1)
    })
    await onQueue({ version: '4.4', namespace: 'social' }, async ({ queue, redis }) => {
      await queue.push([avatar('1')])
      assert.deepEqual((await redis.keys('*')).sort(), ['queue:pull', 'queues'])
    })
  })

  test('pushing nothing does nothing; a wrong id among many pushes none of them', () =>
    onQueue({}, async ({ queue, redis }) => {
      assert.deepEqual(await queue.push([]), [])
      await assert.rejects(queue.push([avatar('1'), avatar('1,2')]), RangeError)
      assert.deepEqual(await redis.keys('*'), [])
    }))

  for (const version of ['4.4', '4.5'] as const)
    test(`${version}: load tells how many wait, and for how long the oldest has`, () =>
      onQueue({ version }, async ({ queue, clock }) => {
        assert.deepEqual(await queue.load(), { depth: 0, latencyMs: null, processes: 0 })
        await queue.push([avatar('1')])
        clock.nowMs += 90_000
        await queue.push([avatar('2')])
        assert.deepEqual(await queue.load(), { depth: 2, latencyMs: 90_000, processes: 0 })
      }))

  test('only processes that beat, take new jobs, and take them from pull are counted', () =>
    onQueue({}, async ({ queue, redis }) => {
      const process = async (name: string, fields: Record<string, string>): Promise<void> => {
        await redis.sadd('processes', name)
        if (Object.keys(fields).length > 0) await redis.hset(name, fields)
      }
      const seconds = (NOW / 1000 - 8).toFixed(6)
      const pulls = JSON.stringify({ queues: ['default', 'pull'] })
      await process('works', { beat: seconds, quiet: 'false', info: pulls })
      await process('beats-in-milliseconds', { beat: String(NOW - 8_000), quiet: 'false', info: pulls })
      await process('says-no-queues', { beat: seconds, quiet: 'false', info: '{}' })
      assert.equal((await queue.load()).processes, 3)
      await process('forgotten', {})
      await process('quiet', { beat: seconds, quiet: 'true', info: pulls })
      await process('other-queues', { beat: seconds, quiet: 'false', info: '{"queues":["push"]}' })
      await process('long-dead', { beat: (NOW / 1000 - 3_600).toFixed(6), quiet: 'false', info: pulls })
      assert.equal((await queue.load()).processes, 3)
    }))

  test('a job’s place through its whole life', () =>
    onQueue({}, async ({ queue, redis, clock }) => {
      const [jid = ''] = await queue.push([avatar(BIG)])
      const place = async (): Promise<string | undefined> => (await queue.places([jid])).get(jid)
      assert.equal(await place(), 'queued')
      const payload = (await redis.rpop('queue:pull')) ?? ''
      assert.equal(await place(), 'running', 'taken, though its process has not beaten since')
      await redis.sadd('processes', 'host:1:abc')
      await redis.hset('host:1:abc:work', 'tid', JSON.stringify({ queue: 'pull', payload, run_at: 1 }))
      clock.nowMs += 60_000
      assert.equal(await place(), 'running')
      await redis.del('host:1:abc:work')
      await redis.hset(
        'host:1:abc:workers',
        'tid',
        JSON.stringify({ payload: JSON.parse(payload) as object }),
      )
      clock.nowMs += 60_000
      assert.equal(await place(), 'running', 'as Sidekiq 6.4 says it')
      await redis.del('host:1:abc:workers')
      await redis.zadd('retry', NOW / 1000 + 20, payload)
      assert.equal(await place(), 'retrying')
      await redis.del('retry')
      await redis.zadd('schedule', NOW / 1000, payload)
      assert.equal(await place(), 'scheduled')
      await redis.del('schedule')
      await redis.zadd('dead', NOW / 1000, payload)
      assert.equal(await place(), 'dead')
      await redis.del('dead')
      assert.equal(await place(), 'running', 'it may have been taken up again this moment')
      clock.nowMs += 15_000
      assert.equal(await place(), 'gone')
      assert.equal(await place(), 'gone', 'and stays so')
    }))

  test('a job nobody here pushed is gone only after a beat of Sidekiq has passed', () =>
    onQueue({}, async ({ queue, clock }) => {
      const jid = 'f'.repeat(24)
      assert.equal((await queue.places([jid])).get(jid), 'running')
      clock.nowMs += 14_999
      assert.equal((await queue.places([jid])).get(jid), 'running')
      clock.nowMs += 1
      assert.equal((await queue.places([jid])).get(jid), 'gone')
    }))

  /** The job stands in one list until that many answers were read, then in another. */
  const moves: readonly (readonly [from: string, to: string, place: string])[] = [
    ['queue:pull', 'retry', 'retrying'],
    ['retry', 'queue:pull', 'queued'],
    ['schedule', 'queue:pull', 'queued'],
    ['dead', 'retry', 'retrying'],
    ['p:work', 'queue:pull', 'queued'],
    ['p:work', 'retry', 'retrying'],
  ]
  for (const [from, to, last] of moves)
    test(`a job that moves from ${from} to ${to} between any two looks is found`, async () => {
      using place = await redisPlace()
      const { redis } = place
      const connection = await connectRedis(place.settings)
      try {
        const jid = 'a'.repeat(24)
        const payload = payloadOf(avatar('1'), { version: '4.5', nowMs: NOW, jid })
        const put = async (name: string): Promise<void> => {
          if (name === 'queue:pull') await redis.lpush(name, payload)
          else if (name === 'p:work') await redis.hset(name, 'tid', JSON.stringify({ payload }))
          else await redis.zadd(name, 1, payload)
        }
        for (let after = 0; after < 12; after++) {
          await redis.flushdb()
          await redis.sadd('processes', 'p')
          await put(from)
          let asked = 0
          const moving: RedisConnection = {
            ...connection,
            async ask(work) {
              if (asked++ === after) {
                await redis.del(from)
                await put(to)
              }
              return connection.ask(work)
            },
          }
          const found = (await findPlaces(moving, (name) => name, [jid])).get(jid)
          assert.ok(found !== undefined, `lost when it moved after ${after} answers`)
          if (after === 0) assert.equal(found, last)
        }
      } finally {
        connection.close()
      }
    })

  test('waiting tells every redownload job in queue, schedule and retry, whoever pushed it, and no other', () =>
    onQueue({}, async ({ queue, redis }) => {
      await queue.push([avatar(BIG)])
      await redis.lpush(
        'queue:pull',
        '{"class":"ThumbnailWorker","args":[5]}',
        'no job at all',
        '{"class":"RedownloadMediaWorker","args":["9"]}',
      )
      await redis.zadd('schedule', 1, '{"class":"RedownloadHeaderWorker","args":[6]}')
      await redis.zadd('retry', 1, '{"class":"RedownloadMediaWorker","args":[114567890123456787]}')
      await redis.zadd('dead', 1, '{"class":"RedownloadMediaWorker","args":[3]}')
      assert.deepEqual((await allWaiting(queue)).sort(), [
        `RedownloadAvatarWorker ${BIG}`,
        'RedownloadHeaderWorker 6',
        'RedownloadMediaWorker 114567890123456787',
        'RedownloadMediaWorker 9',
      ])
    }))

  test('withdraw takes out what nobody has begun, and nothing else', () =>
    onQueue({}, async ({ queue, redis, settings, clock }) => {
      const jids = await queue.push([avatar('1'), avatar('2'), avatar('3'), avatar('4')])
      await redis.lpush('queue:pull', '{"class":"ThumbnailWorker","args":[2]}')
      const begun = await redis.rpop('queue:pull')
      assert.ok(begun?.includes(jids[0] as string))
      assert.equal(await queue.withdraw([jids[0] as string, jids[1] as string]), 1)
      assert.equal((await queue.places([jids[1] as string])).get(jids[1] as string), 'gone')
      const later = await openRedownloadQueue(settings, { version: '4.5', clock })
      assert.equal(
        await later.withdraw([jids[3] as string, jids[1] as string]),
        1,
        'what another process pushed',
      )
      await later.close()
      assert.equal(await queue.withdraw([jids[3] as string]), 0)
      assert.equal(await queue.withdraw([]), 0)
      const left = await redis.lrange('queue:pull', 0, -1)
      assert.deepEqual(
        left.map((payload) => (JSON.parse(payload) as { args: number[] }).args[0]),
        [2, 3],
      )
    }))

  test('a queue of 20,000 jobs is read in pages of 500, and every job of it is known', async () => {
    await using server = await startRedis()
    using place = await redisPlace({ server })
    const { redis } = place
    const clock = new StoppedClock()
    const queue = await openRedownloadQueue(place.settings, { version: '4.5', clock })
    try {
      const jobs = Array.from({ length: 20_000 }, (_, i) => avatar(String(BigInt(BIG) + BigInt(i))))
      const jids = await queue.push(jobs)
      assert.equal(new Set(jids).size, jobs.length)
      assert.equal((await queue.load()).depth, jobs.length)
      await redis.config('SET', 'slowlog-log-slower-than', '0')
      await redis.config('SET', 'slowlog-max-len', '1000')
      await redis.slowlog('RESET')
      const some = [jids[0], jids[9_999], jids[19_999]] as string[]
      assert.deepEqual([...(await queue.places(some)).values()], ['queued', 'queued', 'queued'])
      assert.deepEqual(
        new Set(await allWaiting(queue)),
        new Set(jobs.map(({ worker, id }) => `${worker} ${id}`)),
      )
      assert.equal(await queue.withdraw(some), 3)
      assert.equal((await queue.load()).depth, jobs.length - 3)
      const ranges = ((await redis.slowlog('GET', 1000)) as [number, number, number, string[]][])
        .map(([, , , command]) => command)
        .filter(([name]) => name?.toUpperCase() === 'LRANGE')
      assert.ok(ranges.length >= 80, `${ranges.length} pages`)
      for (const [, , from, to] of ranges) assert.equal(Number(to) - Number(from), 499)
      const signal = AbortSignal.abort(new Error('enough'))
      await assert.rejects(queue.places(['x'], { signal }), /enough/)
      await assert.rejects(queue.push(jobs, { signal }), /enough/)
    } finally {
      await queue.close()
    }
  })

  test('a Redis that takes nothing more, or is gone, ends the work with a sentence; one that comes back is used again', async () => {
    await using server = await startRedis()
    const queue = await openRedownloadQueue(settingsFor(server), {
      version: '4.5',
      clock: new StoppedClock(),
    })
    using place = await redisPlace({ server })
    try {
      await place.redis.config('SET', 'maxmemory', '1')
      const refused = await queue.push([avatar('1')]).catch((error: unknown) => error)
      assert.ok(refused instanceof KnownError)
      assert.equal(refused.code, 'redis-refused')
      assert.match(refused.message, /OOM/)
      await place.redis.config('SET', 'maxmemory', '0')
      await queue.push([avatar('1')])
      await place.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      const first = await queue.load().catch(() => queue.load())
      assert.equal(first.depth, 1)
      await server.stop()
      const gone = await queue.load().catch((error: unknown) => error)
      assert.ok(gone instanceof KnownError)
      assert.equal(gone.code, 'redis-unreachable')
    } finally {
      await queue.close()
    }
  })
})

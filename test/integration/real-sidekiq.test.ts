/** The real Sidekiq (Debian's, in Ruby) and the jobs we push: what the lab's own worker promises about it is held here. */
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { startRubySidekiq } from '../../lab/servers/sidekiq.ts'
import { openRedownloadQueue } from '../../src/adapters/sidekiq/open-redownload-queue.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { needs } from '../needs.ts'
import { redisPlace } from '../redis-settings.ts'

const BIG = '114567890123456789'

/** Tells what it was given, then waits until it may end; Ruby's own view of the queue comes with it. */
const WORKERS = `
require 'sidekiq/api'
module Tell
  def perform(id)
    Sidekiq.redis { |redis| redis.rpush('told', "#{self.class.name} #{id.class} #{id}") }
    raise 'the origin is in trouble' if id == 3
    sleep 0.05 until Sidekiq.redis { |redis| redis.get('may-end') }
  end
end
class RedownloadAvatarWorker
  include Sidekiq::Worker
  include Tell
end
class RedownloadMediaWorker
  include Sidekiq::Worker
  include Tell
end
class TellLatency
  include Sidekiq::Worker
  def perform
    Sidekiq.redis { |redis| redis.set('ruby-latency', Sidekiq::Queue.new('pull').latency.to_s) }
  end
end
`

async function until<T>(what: string, look: () => Promise<T | null | false>): Promise<T> {
  const deadline = performance.now() + 40_000
  for (;;) {
    const seen = await look()
    if (seen !== null && seen !== false) return seen
    if (performance.now() > deadline) throw new Error(`${what} did not happen`)
    await delay(100)
  }
}

describe('Debian’s Sidekiq', needs('redis', 'sidekiq'), () => {
  test('takes our jobs with every digit of their ids, reads their age as we do, shows where they are, and counts them', async () => {
    using place = await redisPlace()
    const { redis } = place
    const queue = await openRedownloadQueue(place.settings, { version: '4.3', clock: systemClock })
    try {
      assert.equal((await queue.load()).processes, 0)
      // Asked of Ruby by a job of its own, taken first; what it sees is the age of ours.
      await redis.lpush(
        'queue:pull',
        `{"class":"TellLatency","args":[],"queue":"pull","retry":0,"jid":"${'e'.repeat(24)}","created_at":1.5,"enqueued_at":1.5}`,
      )
      const [avatar = '', media = '', failing = ''] = await queue.push([
        { worker: 'RedownloadAvatarWorker', id: BIG },
        { worker: 'RedownloadMediaWorker', id: '12' },
        { worker: 'RedownloadMediaWorker', id: '3' },
      ])
      const pushedAtMs = Date.now()
      await delay(2_500)
      await using sidekiq = await startRubySidekiq(place.url, WORKERS)
      const rubyLatency = await until('a look of Ruby at the queue', () => redis.get('ruby-latency'))
      const ageS = (Date.now() - pushedAtMs) / 1000
      assert.ok(
        Number(rubyLatency) >= 2.4 && Number(rubyLatency) <= ageS + 0.2,
        `Ruby says ${rubyLatency} s of ${ageS}\n${sidekiq.tail()}`,
      )
      await until('the first job', async () => (await redis.llen('told')) >= 1)
      assert.equal(await redis.lindex('told', 0), `RedownloadAvatarWorker Integer ${BIG}`)
      const load = await queue.load()
      assert.equal(load.processes, 1)
      assert.equal(load.depth, 2)
      const age = Date.now() - pushedAtMs
      assert.ok(
        (load.latencyMs ?? 0) > 2_400 && (load.latencyMs ?? 0) < age + 200,
        `${load.latencyMs} of ${age}`,
      )
      const places = await queue.places([avatar, media, failing])
      assert.deepEqual([...places.values()], ['running', 'queued', 'queued'])
      // A queue opened now remembers nothing: it sees the running job only where Sidekiq shows it.
      const stranger = await openRedownloadQueue(place.settings, {
        version: '4.3',
        clock: systemClock,
        unseenMs: 0,
      })
      await until(
        'the job among those that run',
        async () => (await stranger.places([avatar])).get(avatar) === 'running',
      )
      assert.equal(await queue.withdraw([avatar]), 0, 'begun')
      assert.equal(await queue.withdraw([media]), 1, 'not begun')
      await redis.set('may-end', '1')
      await until('the third job', async () => (await redis.llen('told')) >= 2)
      assert.equal(await redis.lindex('told', 1), 'RedownloadMediaWorker Integer 3')
      await until('the next try', async () => (await queue.places([failing])).get(failing) === 'retrying')
      const waiting: string[] = []
      for await (const page of queue.waiting())
        waiting.push(...page.map(({ worker, id }) => `${worker} ${id}`))
      assert.deepEqual(waiting, ['RedownloadMediaWorker 3'])
      await until('the counts', async () => (await redis.get('stat:processed')) === '3')
      assert.equal(await redis.get('stat:failed'), '1')
      await until(
        'the end of the first',
        async () => (await stranger.places([avatar])).get(avatar) === 'gone',
      )
      await stranger.close()
      await sidekiq.stop()
      assert.equal((await queue.load()).processes, 0, 'a process that left is not counted')
    } finally {
      await queue.close()
    }
  })
})

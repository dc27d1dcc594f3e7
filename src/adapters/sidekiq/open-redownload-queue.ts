/** Work for Mastodon's own Sidekiq, through its Redis (docs/mastodon.md#sidekiq). */
import { randomBytes } from 'node:crypto'
import type { MastodonVersion } from '../../core/model/schema.ts'
import type { Clock } from '../../core/ports/runtime.ts'
import type { JobPlace, RedownloadJob, RedownloadQueue } from '../../core/ports/vitals.ts'
import { connectRedis, type RedisConnection, type RedisSettings } from '../redis/connect-redis.ts'
import { findPlaces } from './find-places.ts'
import { JOBS_PER_PAGE, queuePages, setPages } from './job-pages.ts'
import { ageOf, jidOf, payloadOf, PULL, redownloadJobOf } from './job-payload.ts'
import { BEAT_MS, countTakers } from './processes.ts'
import { RecentJobs } from './recent-jobs.ts'

export interface RedownloadQueueOptions {
  /** Decides the format of times, and whether the namespace counts: only 4.3 knows one. */
  readonly version: MastodonVersion
  readonly clock: Clock
  /** 24 hexadecimal digits, as Ruby's `SecureRandom.hex(12)` draws them. */
  readonly newJid?: (() => string) | undefined
  /**
   * How long a job that is nowhere counts as running: no list shows it before its process has beaten. Default one and a half
   * beats of Sidekiq.
   */
  readonly unseenMs?: number | undefined
}

/** @throws KnownError if Redis cannot be reached or refuses us; so does everything asked of it later */
export async function openRedownloadQueue(
  settings: RedisSettings,
  options: RedownloadQueueOptions,
): Promise<RedownloadQueue & { close(): Promise<void> }> {
  const { version, clock, newJid = randomJid, unseenMs = 1.5 * BEAT_MS } = options
  const connection = await connectRedis(settings)
  const { ask, close } = connection
  const namespace = version === '4.3' ? settings.namespace : null
  const key = (name: string): string => (namespace === null ? name : `${namespace}:${name}`)
  const queue = key(`queue:${PULL}`)
  const recent = new RecentJobs()

  return {
    async load() {
      const nowMs = clock.now()
      const [depth, oldest] = await ask((redis) => Promise.all([redis.llen(queue), redis.lindex(queue, -1)]))
      return {
        depth,
        latencyMs: oldest === null ? null : ageOf(oldest, nowMs),
        processes: await countTakers(connection, key, PULL, nowMs),
      }
    },

    async push(jobs, { signal } = {}) {
      const jids: string[] = []
      for (let from = 0; from < jobs.length; from += JOBS_PER_PAGE) {
        signal?.throwIfAborted()
        const nowMs = clock.now()
        const page = jobs.slice(from, from + JOBS_PER_PAGE).map((job) => {
          const jid = newJid()
          return { jid, payload: payloadOf(job, { version, nowMs, jid }) }
        })
        await enqueue(
          connection,
          { queues: key('queues'), queue },
          page.map(({ payload }) => payload),
        )
        for (const { jid, payload } of page) {
          recent.pushed(jid, payload, nowMs)
          jids.push(jid)
        }
      }
      return jids
    },

    async places(jids, callOptions) {
      const found = await findPlaces(connection, key, jids, callOptions)
      const nowMs = clock.now()
      return new Map(
        jids.map((jid): [string, JobPlace] => {
          const place = found.get(jid)
          if (place !== undefined) {
            recent.seen(jid, nowMs)
            return [jid, place]
          }
          return [jid, nowMs - recent.unseenSince(jid, nowMs) < unseenMs ? 'running' : 'gone']
        }),
      )
    },

    async *waiting(callOptions) {
      // What comes back to be tried again goes from the sets into the queue: met here twice rather than never.
      const everywhere = [
        setPages(connection, key('schedule'), callOptions),
        setPages(connection, key('retry'), callOptions),
        queuePages(connection, queue, callOptions),
      ]
      for (const pages of everywhere)
        for await (const page of pages) {
          const jobs = page.map(redownloadJobOf).filter((job): job is RedownloadJob => job !== null)
          if (jobs.length > 0) yield jobs
        }
    },

    async withdraw(jids, callOptions) {
      const payloads = new Map<string, string>()
      const unknown = new Set<string>()
      for (const jid of jids) {
        const payload = recent.payloadOf(jid)
        if (payload === null) unknown.add(jid)
        else payloads.set(jid, payload)
      }
      if (unknown.size > 0)
        for await (const page of queuePages(connection, queue, callOptions))
          for (const payload of page) {
            const jid = jidOf(payload)
            if (jid !== null && unknown.delete(jid)) payloads.set(jid, payload)
          }
      let withdrawn = 0
      for (const [jid, payload] of payloads) {
        if ((await ask((redis) => redis.lrem(queue, 1, payload))) === 0) continue
        recent.withdrawn(jid)
        withdrawn++
      }
      return withdrawn
    },

    close: async () => close(),
  }
}

/** As Sidekiq's own client does it: the queue's name and the jobs appear together, the first job to be taken first. */
async function enqueue(
  { ask }: RedisConnection,
  keys: { readonly queues: string; readonly queue: string },
  payloads: readonly string[],
): Promise<void> {
  await ask(async (redis) => {
    const answers = await redis
      .multi()
      .sadd(keys.queues, PULL)
      .lpush(keys.queue, ...payloads)
      .exec()
    for (const [error] of answers ?? []) if (error !== null) throw error
  })
}

function randomJid(): string {
  return randomBytes(12).toString('hex')
}

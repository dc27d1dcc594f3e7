/**
 * A worker that plays the Sidekiq of one Mastodon version on real Redis and a real database: it takes jobs from the queue's
 * right end, beats, shows what it is at, tries again, and buries.
 *
 * As with Sidekiq, what a process is at shows only since its last beat. Source: sidekiq `lib/sidekiq/{launcher,processor,
 * job_retry,scheduled}.rb`, 6.5 to 8.1.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import pg from 'pg'
import type { MediaSink } from '../instance/media/media-sink.ts'
import type { LabVersion } from '../instance/schema/schema.ts'
import { readJob, timeField, withFields, type Job } from './job.ts'
import { redownload, type WorkDone } from './redownload.ts'
import type { WorkerVice } from './vices.ts'

export interface SidekiqOptions {
  readonly version: LabVersion
  readonly redisUrl: string
  readonly databaseUrl: string
  readonly media: MediaSink
  /** 4.3 only. */
  readonly namespace?: string | undefined
  /** Threads. Default 2. */
  readonly concurrency?: number | undefined
  /** Default 100; Sidekiq's own are 10,000. */
  readonly beatMs?: number | undefined
  /** Until try `n` (from 0). Default: Mastodon's, 15 + 10 n⁴ seconds and up to 10 n⁴ more by chance. */
  readonly retryDelayMs?: ((count: number) => number) | undefined
}

export interface LabSidekiq extends AsyncDisposable {
  readonly identity: string
  /** Jobs begun, in order. */
  readonly begun: readonly Pick<Job, 'worker' | 'id' | 'jid'>[]
  /** What came of those that raised nothing. */
  readonly ended: readonly { readonly id: string; readonly done: WorkDone | 'swallowed' }[]
  /** What this version's Sidekiq would have misread. */
  readonly refused: readonly { readonly payload: string; readonly reason: string }[]
  /** For the jobs of one row, or, without an id, for all; undefined takes it back. */
  setVice(vice: WorkerVice | undefined, id?: string): void
  /** Takes no new jobs, and says so at the next beat (`TSTP`). */
  quiet(): void
  /** Finishes what it is at, then leaves. May be called twice. */
  stop(): Promise<void>
}

const QUEUES = ['default', 'push', 'ingress', 'mailers', 'pull', 'scheduler']

/** Resolves after the first beat. */
export async function startSidekiq(options: SidekiqOptions): Promise<LabSidekiq> {
  const { version, media, concurrency = 2, beatMs = 100, retryDelayMs = mastodonDelay } = options
  const identity = `lab:${process.pid}:${randomBytes(6).toString('hex')}`
  const key = (name: string): string =>
    options.namespace === undefined ? name : `${options.namespace}:${name}`
  const redis = new Redis(options.redisUrl)
  const database = new pg.Pool({ connectionString: options.databaseUrl, max: concurrency })
  const begun: Pick<Job, 'worker' | 'id' | 'jid'>[] = []
  const ended: { id: string; done: WorkDone | 'swallowed' }[] = []
  const refused: { payload: string; reason: string }[] = []
  const vices = new Map<string, WorkerVice>()
  const working = new Map<string, string>()
  const startedAt = Date.now() / 1000
  let state: 'running' | 'quiet' | 'dead' = 'running'
  const leaving = new AbortController()

  async function beat(): Promise<void> {
    const info = {
      hostname: 'lab',
      started_at: startedAt,
      pid: process.pid,
      tag: 'mastodon',
      concurrency,
      queues: QUEUES,
      labels: [],
      identity,
    }
    const beating = redis.multi().del(key(`${identity}:work`))
    for (const [tid, work] of working) beating.hset(key(`${identity}:work`), tid, work)
    await beating
      .expire(key(`${identity}:work`), 60)
      .sadd(key('processes'), identity)
      .hset(key(identity), {
        info: JSON.stringify(info),
        busy: working.size,
        beat: (Date.now() / 1000).toFixed(6),
        rtt_us: 100,
        quiet: String(state !== 'running'),
        rss: 200_000,
      })
      .expire(key(identity), 60)
      .exec()
  }

  /** Brings what is due back into the queue. */
  async function wake(): Promise<void> {
    for (const set of ['retry', 'schedule']) {
      for (const payload of await redis.zrangebyscore(key(set), '-inf', Date.now() / 1000, 'LIMIT', 0, 100)) {
        if ((await redis.zrem(key(set), payload)) === 0) continue
        const fields = { enqueued_at: timeField(version, Date.now()) }
        await redis.lpush(key('queue:pull'), withFields(readJob(payload, version), fields))
      }
    }
  }

  async function everyBeat(): Promise<void> {
    while (!leaving.signal.aborted) {
      await beat()
      await wake()
      await delay(beatMs, undefined, { signal: leaving.signal }).catch(() => {})
    }
  }

  async function takeJobs(thread: number): Promise<void> {
    const fetcher = redis.duplicate()
    while (state === 'running') {
      const taken = await fetcher.brpop(key('queue:pull'), 0.2)
      if (taken !== null) await perform(taken[1], `tid${thread}`)
    }
    fetcher.disconnect()
  }

  async function perform(payload: string, tid: string): Promise<void> {
    let job: Job
    try {
      job = readJob(payload, version)
    } catch (error) {
      refused.push({ payload, reason: (error as Error).message })
      return
    }
    const { worker, id, jid } = job
    begun.push({ worker, id, jid })
    working.set(tid, JSON.stringify({ queue: 'pull', payload, run_at: Math.floor(Date.now() / 1000) }))
    try {
      const done = await work(job)
      if (done === null) return
      ended.push({ id, done })
      await redis.incr(key('stat:processed'))
    } catch (error) {
      await tryAgain(job, error as Error)
    } finally {
      if (state !== 'dead') working.delete(tid)
    }
  }

  /** Null if the process died of it. */
  async function work(job: Job): Promise<WorkDone | 'swallowed' | null> {
    const vice = vices.get(job.id) ?? vices.get('*')
    switch (vice?.kind) {
      case 'dies':
        // The last beat shows the job.
        await beat()
        state = 'dead'
        leaving.abort()
        return null
      case 'swallows':
        return 'swallowed'
      case 'raises':
        throw new Error('raised by the lab')
      case 'slow':
        await delay(vice.ms)
        break
      case undefined:
        break
    }
    return redownload({ database, media, version }, job)
  }

  async function tryAgain(job: Job, error: Error): Promise<void> {
    await redis.multi().incr(key('stat:processed')).incr(key('stat:failed')).exec()
    const now = timeField(version, Date.now())
    const payload = withFields(job, {
      error_message: error.message,
      error_class: error.name,
      ...(job.retryCount === 0 ? { failed_at: now } : { retried_at: now }),
      retry_count: job.retryCount,
    })
    const again = job.retryCount < job.retry
    const at = again ? Date.now() + retryDelayMs(job.retryCount) : Date.now()
    await redis.zadd(key(again ? 'retry' : 'dead'), at / 1000, payload)
  }

  await beat()
  const threads = [everyBeat(), ...Array.from({ length: concurrency }, (_, thread) => takeJobs(thread))]
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> =>
    (stopping ??= (async () => {
      const died = state === 'dead'
      if (!died) state = 'quiet'
      await Promise.all(threads.slice(1))
      leaving.abort()
      await Promise.all(threads)
      if (!died)
        await redis
          .multi()
          .srem(key('processes'), identity)
          .del(key(`${identity}:work`))
          .exec()
      redis.disconnect()
      await database.end()
    })())
  return {
    identity,
    begun,
    ended,
    refused,
    setVice(vice, id = '*') {
      if (vice === undefined) vices.delete(id)
      else vices.set(id, vice)
    },
    quiet() {
      state = 'quiet'
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Source: Mastodon `app/workers/concerns/exponential_backoff.rb`. */
function mastodonDelay(count: number): number {
  const growing = 10 * count ** 4
  return (15 + growing + Math.random() * growing) * 1000
}

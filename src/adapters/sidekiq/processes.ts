/** Sidekiq's processes and what they are at, as their heartbeats tell (Sidekiq `lib/sidekiq/launcher.rb`, 6.4 to 8.1). */
import type { RedisConnection } from '../redis/connect-redis.ts'
import { inMs } from './job-payload.ts'

/**
 * How often a process says what it is at: a job that began since is in no list at all. Five seconds up to Sidekiq 6.4, ten
 * since.
 */
export const BEAT_MS = 10_000

/**
 * Redis forgets a process a minute after its last beat, so one that is there has beaten lately; the rest is for clocks that
 * differ, and for what was restored from a backup.
 */
const BEAT_LIMIT_MS = 5 * 60_000

type Keys = (name: string) => string

/** How many processes beat, take new jobs, and take them from the queue. */
export async function countTakers(
  { ask }: RedisConnection,
  key: Keys,
  queue: string,
  nowMs: number,
): Promise<number> {
  const states = await ask(async (redis) => {
    const identities = await redis.smembers(key('processes'))
    return Promise.all(identities.map((identity) => redis.hmget(key(identity), 'info', 'beat', 'quiet')))
  })
  return states.filter(([info, beat, quiet]) => {
    const beatMs = inMs(Number(beat ?? NaN))
    return nowMs - beatMs <= BEAT_LIMIT_MS && quiet !== 'true' && takesFrom(info ?? null, queue)
  }).length
}

/** A process that does not say which queues it takes from may take from all. */
function takesFrom(info: string | null, queue: string): boolean {
  const { queues } = (parsed(info) ?? {}) as { queues?: unknown }
  return !Array.isArray(queues) || queues.includes(queue)
}

/** The payloads of the jobs that processes said they were at when they last beat. */
export async function runningPayloads({ ask }: RedisConnection, key: Keys): Promise<readonly string[]> {
  const lists = await ask(async (redis) => {
    const identities = await redis.smembers(key('processes'))
    // `work` since Sidekiq 6.5, `workers` before.
    const names = identities.flatMap((identity) => [`${identity}:work`, `${identity}:workers`])
    return Promise.all(names.map((name) => redis.hvals(key(name))))
  })
  return lists.flat().flatMap((work) => {
    const { payload } = (parsed(work) ?? {}) as { payload?: unknown }
    if (typeof payload === 'string') return [payload]
    return typeof payload === 'object' ? [JSON.stringify(payload)] : []
  })
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text)
  } catch {
    return null
  }
}

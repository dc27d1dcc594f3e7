/** Sidekiq's queue and its sorted sets in pages, so that no look at a long one holds up Redis. */
import type { CallOptions } from '../../core/ports/storage.ts'
import type { RedisConnection } from '../redis/connect-redis.ts'

/** Jobs per look. */
export const JOBS_PER_PAGE = 500

/**
 * Every job that waits in a queue for as long as this takes, newest first; some twice. Jobs are added at the left and taken
 * from the right: whatever happens meanwhile, a job that stays moves only to places not yet read.
 */
export async function* queuePages(
  { ask }: RedisConnection,
  key: string,
  { signal }: CallOptions = {},
): AsyncGenerator<readonly string[]> {
  for (let from = 0; ; from += JOBS_PER_PAGE) {
    signal?.throwIfAborted()
    const page = await ask((redis) => redis.lrange(key, from, from + JOBS_PER_PAGE - 1))
    if (page.length === 0) return
    yield page
  }
}

/** Every job that is in a sorted set for as long as this takes, in no order; some twice. */
export async function* setPages(
  { ask }: RedisConnection,
  key: string,
  { signal }: CallOptions = {},
): AsyncGenerator<readonly string[]> {
  let cursor = '0'
  do {
    signal?.throwIfAborted()
    const from = cursor
    const [next, entries] = await ask((redis) => redis.zscan(key, from, 'COUNT', JOBS_PER_PAGE))
    cursor = next
    // Members and scores by turns.
    const page = entries.filter((_entry, i) => i % 2 === 0)
    if (page.length > 0) yield page
  } while (cursor !== '0')
}

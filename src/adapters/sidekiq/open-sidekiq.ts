/** Sidekiq seen through Redis: queues, latency, processes (docs/mastodon.md#sidekiq). Reads only. */
import type { SidekiqQueue, SidekiqSource } from '../../core/ports/vitals.ts'
import { connectRedis, type RedisSettings } from '../redis/connect-redis.ts'
import { ageOf } from './job-payload.ts'

/** @throws KnownError if Redis cannot be reached or refuses us */
export async function openSidekiq(
  settings: RedisSettings,
): Promise<SidekiqSource & { close(): Promise<void> }> {
  const { ask, close } = await connectRedis(settings)
  const key = (name: string): string => (settings.namespace === null ? name : `${settings.namespace}:${name}`)
  return {
    vitals: (nowMs) =>
      ask(async (redis) => {
        const names = (await redis.smembers(key('queues'))).sort()
        const queues: SidekiqQueue[] = []
        for (const name of names) {
          const depth = await redis.llen(key(`queue:${name}`))
          const oldest = await redis.lindex(key(`queue:${name}`), -1)
          queues.push({ name, depth, latencyMs: oldest === null ? null : ageOf(oldest, nowMs) })
        }
        return {
          queues,
          processes: await redis.scard(key('processes')),
          retries: await redis.zcard(key('retry')),
          dead: await redis.zcard(key('dead')),
        }
      }),
    close: async () => close(),
  }
}

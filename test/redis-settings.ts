/** A database of the run's Redis, as an adapter is told of it, and a second look at it. */
import { Redis } from 'ioredis'
import type { RedisSettings } from '../src/adapters/redis/connect-redis.ts'
import type { LabRedis, RedisAddress } from '../lab/servers/redis.ts'
import { sharedRedis } from './shared-servers.ts'

export interface RedisPlace extends Disposable {
  readonly settings: RedisSettings
  readonly url: string
  readonly env: Readonly<Record<string, string>>
  /** For looking, and for playing somebody else. */
  readonly redis: Redis
}

/** How to reach a server over TCP. */
export function settingsFor(
  { host, port, password }: RedisAddress,
  options: { db?: number; namespace?: string } = {},
): RedisSettings {
  const { db = 0, namespace = null } = options
  const target = { kind: 'server', host, port, tls: false } as const
  return { target, user: null, password: password ?? null, db, namespace }
}

/** An empty database, of the shared server by default. */
export async function redisPlace(
  options: { server?: LabRedis; namespace?: string } = {},
): Promise<RedisPlace> {
  const server = options.server ?? (await sharedRedis())
  const db = await server.freeDatabase()
  const redis = new Redis(server.url(db))
  // A test may stop the server before it lets go of the place.
  redis.on('error', () => {})
  return {
    settings: settingsFor(server, { ...options, db }),
    url: server.url(db),
    env: server.env(db),
    redis,
    [Symbol.dispose]: () => redis.disconnect(),
  }
}

/** Sidekiq seen through Redis: queues, latency, processes (facts 4.6). Reads only. */
import { KnownError } from '../../core/errors.ts'
import type { SidekiqQueue, SidekiqSource } from '../../core/ports/vitals.ts'

export interface RedisSettings {
  readonly target:
    | { readonly kind: 'server'; readonly host: string; readonly port: number; readonly tls: boolean }
    | { readonly kind: 'socket'; readonly path: string }
    | {
        readonly kind: 'sentinel'
        readonly master: string
        readonly sentinels: readonly { readonly host: string; readonly port: number }[]
        readonly sentinelUser: string | null
        readonly sentinelPassword: string | null
      }
  readonly user: string | null
  readonly password: string | null
  readonly db: number
  /** `REDIS_NAMESPACE`, Mastodon 4.3 only. */
  readonly namespace: string | null
}

/** @throws KnownError if Redis cannot be reached or refuses us */
export async function openSidekiq(
  settings: RedisSettings,
): Promise<SidekiqSource & { close(): Promise<void> }> {
  const { Redis } = await import('ioredis')
  const redis = new Redis({
    ...targetOptions(settings.target),
    ...(settings.user === null ? {} : { username: settings.user }),
    ...(settings.password === null ? {} : { password: settings.password }),
    db: settings.db,
    lazyConnect: true,
    connectTimeout: 5_000,
    maxRetriesPerRequest: 1,
    retryStrategy: () => null,
    sentinelRetryStrategy: () => null,
    connectionName: 'cornac',
  })
  let lastError: unknown
  redis.on('error', (error: unknown) => {
    lastError = error
  })
  try {
    await redis.connect()
    await redis.ping()
  } catch (error) {
    redis.disconnect()
    throw explain(lastError ?? error, settings)
  }
  const key = (name: string): string => (settings.namespace === null ? name : `${settings.namespace}:${name}`)
  return {
    async vitals(nowMs) {
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
    },
    async close() {
      redis.disconnect()
    },
  }
}

function targetOptions(target: RedisSettings['target']): object {
  switch (target.kind) {
    case 'server':
      return { host: target.host, port: target.port, ...(target.tls ? { tls: {} } : {}) }
    case 'socket':
      return { path: target.path }
    case 'sentinel':
      return {
        sentinels: target.sentinels,
        name: target.master,
        ...(target.sentinelUser === null ? {} : { sentinelUsername: target.sentinelUser }),
        ...(target.sentinelPassword === null ? {} : { sentinelPassword: target.sentinelPassword }),
      }
  }
}

/** Sidekiq 6 and 7 write seconds with a fraction, Sidekiq 8 whole milliseconds; their sizes are far apart. */
function ageOf(job: string, nowMs: number): number | null {
  try {
    const { enqueued_at: at } = JSON.parse(job) as { enqueued_at?: unknown }
    if (typeof at !== 'number') return null
    return Math.max(0, nowMs - (at > 1e11 ? at : at * 1000))
  } catch {
    return null
  }
}

function explain(error: unknown, { target }: RedisSettings): KnownError {
  const { message, code } = error as { message?: string; code?: string }
  const place =
    target.kind === 'server'
      ? `${target.host}:${target.port}`
      : target.kind === 'socket'
        ? target.path
        : `sentinel master ${target.master}`
  const refused = /NOAUTH|WRONGPASS|NOPERM/.test(message ?? '')
  return new KnownError({
    code: refused ? 'redis-login-refused' : 'redis-unreachable',
    what: refused
      ? `Redis at ${place} refused the login`
      : `Redis at ${place} does not answer (${code ?? message ?? 'no reason given'})`,
    remedy: refused
      ? 'Check REDIS_USER and REDIS_PASSWORD (or REDIS_URL) in Mastodon’s .env.production'
      : 'Check that Redis runs and that REDIS_HOST and REDIS_PORT (or REDIS_URL) are right',
    category: 'usage',
    cause: error,
  })
}

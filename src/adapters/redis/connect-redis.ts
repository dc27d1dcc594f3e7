/** The connection to one of Mastodon's Redis databases: base, Sidekiq's or the cache's (docs/mastodon.md#settings). */
import type { Redis } from 'ioredis'
import { KnownError } from '../../core/errors.ts'

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

export interface RedisConnection {
  /**
   * Runs commands. @throws KnownError if Redis is out of reach or refuses them; what they did until then is unknown
   */
  readonly ask: <T>(work: (redis: Redis) => Promise<T>) => Promise<T>
  readonly close: () => void
}

/** A restart of Redis takes this many tries of a quarter of a second, and more. */
const RECONNECTS = 20
const RECONNECT_PAUSE_MS = 250

/**
 * Connects, once and for all: a connection that is lost later is made again within some seconds, or what is asked fails.
 * @throws KnownError if Redis cannot be reached or refuses us
 */
export async function connectRedis(settings: RedisSettings): Promise<RedisConnection> {
  const { Redis } = await import('ioredis')
  let connected = false
  const again = (times: number): number | null =>
    connected && times <= RECONNECTS ? RECONNECT_PAUSE_MS : null
  const redis = new Redis({
    ...targetOptions(settings.target),
    ...(settings.user === null ? {} : { username: settings.user }),
    ...(settings.password === null ? {} : { password: settings.password }),
    db: settings.db,
    lazyConnect: true,
    connectTimeout: 5_000,
    commandTimeout: 15_000,
    maxRetriesPerRequest: RECONNECTS,
    // Whether a command whose answer was lost took effect is for the caller to find out.
    autoResendUnfulfilledCommands: false,
    retryStrategy: again,
    sentinelRetryStrategy: again,
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
  connected = true
  return {
    async ask(work) {
      try {
        return await work(redis)
      } catch (error) {
        throw isRedisError(error) ? explain(error, settings) : error
      }
    },
    close: () => redis.disconnect(),
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

/** What Redis answered or the connection met, as against a defect of ours, an abort, or a sentence said already. */
function isRedisError(error: unknown): boolean {
  const { name, message, code } = error as { name?: string; message?: string; code?: unknown }
  return (
    name === 'ReplyError' ||
    name === 'MaxRetriesPerRequestError' ||
    (typeof code === 'string' && /^E[A-Z]+$/.test(code)) ||
    /^(Connection is closed|Command timed out|Command aborted)/.test(message ?? '')
  )
}

function explain(error: unknown, { target }: RedisSettings): KnownError {
  // A discarded transaction says why only in the answers before its own.
  const { previousErrors } = error as { previousErrors?: readonly Error[] }
  const { message, code } = (previousErrors?.[0] ?? error) as { message?: string; code?: string }
  const place =
    target.kind === 'server'
      ? `${target.host}:${target.port}`
      : target.kind === 'socket'
        ? target.path
        : `sentinel master ${target.master}`
  const category = 'usage'
  if (/NOAUTH|WRONGPASS|NOPERM/.test(message ?? ''))
    return new KnownError({
      code: 'redis-login-refused',
      what: `Redis at ${place} refused the login`,
      remedy: 'Check REDIS_USER and REDIS_PASSWORD (or REDIS_URL) in Mastodon’s .env.production',
      category,
      cause: error,
    })
  const refusal = /^(READONLY|OOM|MISCONF|WRONGTYPE|EXECABORT|LOADING|BUSY|ERR)\b/.exec(message ?? '')
  if (refusal !== null)
    return new KnownError({
      code: 'redis-refused',
      what: `Redis at ${place} refused a command (${(message ?? '').slice(0, 120)})`,
      remedy: 'See to Redis first: Mastodon’s own Sidekiq meets the same refusal',
      cause: error,
    })
  return new KnownError({
    code: 'redis-unreachable',
    what: `Redis at ${place} does not answer (${code ?? message ?? 'no reason given'})`,
    remedy: 'Check that Redis runs and that REDIS_HOST and REDIS_PORT (or REDIS_URL) are right',
    category,
    cause: error,
  })
}

/**
 * Where Redis is, for the application, Sidekiq and the cache.
 * Source: Mastodon lib/mastodon/redis_configuration.rb; docs/mastodon.md#settings.
 */
import type { RedisConfig, RedisEndpoint, RedisSecrets } from './config.ts'
import { secretOf } from './secret.ts'
import type { Settings } from './settings.ts'
import { percentDecoded, port, wholeNumber } from './validate.ts'

const REDIS_PORT = 6379
const SENTINEL_PORT = 26_379
const MAX_DB = 65_535

/** A prefixed set counts only as a whole: with a URL, a host, or a sentinel's master and list; else the base is used. */
export function resolveRedis(settings: Settings): RedisConfig {
  const base = readSet(settings, '') ?? {
    kind: 'server',
    host: 'localhost',
    port: port(settings, 'REDIS_PORT', REDIS_PORT),
    tls: false,
    ...secrets(settings, ''),
  }
  return {
    base,
    sidekiq: readSet(settings, 'SIDEKIQ_') ?? base,
    cache: readSet(settings, 'CACHE_') ?? base,
    namespace: settings.text('REDIS_NAMESPACE'),
  }
}

function readSet(settings: Settings, prefix: string): RedisEndpoint | undefined {
  const url = settings.text(`${prefix}REDIS_URL`)
  if (url !== null) return readUrl(settings, `${prefix}REDIS_URL`, url)
  const master = settings.text(`${prefix}REDIS_SENTINEL_MASTER`)
  const sentinels = readSentinels(settings, prefix)
  if (master !== null && sentinels.length > 0) return sentinel(settings, prefix, master, sentinels)
  const host = settings.text(`${prefix}REDIS_HOST`)
  if (host === null) return undefined
  return {
    kind: 'server',
    host,
    port: port(settings, `${prefix}REDIS_PORT`, REDIS_PORT),
    tls: false,
    ...secrets(settings, prefix),
  }
}

function sentinel(
  settings: Settings,
  prefix: string,
  master: string,
  sentinels: readonly { readonly host: string; readonly port: number }[],
): RedisEndpoint {
  const own = secrets(settings, prefix)
  const password = secretOf(settings.verbatim(`${prefix}REDIS_SENTINEL_PASSWORD`))
  return {
    kind: 'sentinel',
    master,
    sentinels,
    sentinelUser: settings.text(`${prefix}REDIS_SENTINEL_USERNAME`) ?? own.user,
    sentinelPassword: password ?? own.password,
    ...own,
  }
}

function secrets(settings: Settings, prefix: string): RedisSecrets {
  return {
    user: settings.text(`${prefix}REDIS_USER`),
    password: secretOf(settings.verbatim(`${prefix}REDIS_PASSWORD`)),
    db: wholeNumber(settings, `${prefix}REDIS_DB`, { default: 0, min: 0, max: MAX_DB }),
  }
}

/** `host[:port],host[:port]`. */
function readSentinels(settings: Settings, prefix: string): { host: string; port: number }[] {
  const name = `${prefix}REDIS_SENTINELS`
  const standard = port(settings, `${prefix}REDIS_SENTINEL_PORT`, SENTINEL_PORT)
  const found: { host: string; port: number }[] = []
  for (const entry of (settings.text(name) ?? '').split(',')) {
    const [, host, digits] = /^(\[[^\]]+\]|[^:\s]+)(?::(\d{1,5}))?$/.exec(entry.trim()) ?? []
    if (host !== undefined) {
      found.push({ host: host.replace(/^\[|\]$/g, ''), port: Number(digits ?? standard) })
    } else if (entry.trim() !== '') {
      settings.problem(
        name,
        `${settings.quote(name)}, which is not a list of sentinels`,
        'Write host:port,host:port',
      )
    }
  }
  return found
}

/** `redis://user:password@host:port/db`, `rediss://` with TLS, `unix:///path?db=0`. */
function readUrl(settings: Settings, name: string, text: string): RedisEndpoint {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const user = percentDecoded(url?.username ?? '')
  const password = percentDecoded(url?.password ?? '')
  const db = (url?.protocol === 'unix:' ? url.searchParams.get('db') : url?.pathname.slice(1)) || '0'
  const known = url !== undefined && ['redis:', 'rediss:', 'unix:'].includes(url.protocol)
  if (!known || user === undefined || password === undefined || !/^\d+$/.test(db)) {
    const remedy =
      'Write it as redis://user:password@host:port/0 (rediss:// for TLS, unix:///path for a socket), with %40 for @, %2F for / and %23 for # in the password'
    settings.problem(name, `${name} is not an address of a Redis server`, remedy)
  }
  const rest = { user: user || null, password: secretOf(password ?? null), db: Number(db) }
  if (url?.protocol === 'unix:') return { kind: 'socket', path: url.pathname, ...rest }
  return {
    kind: 'server',
    host: (url?.hostname || 'localhost').replace(/^\[|\]$/g, ''),
    port: Number(url?.port || REDIS_PORT),
    tls: url?.protocol === 'rediss:',
    ...rest,
  }
}

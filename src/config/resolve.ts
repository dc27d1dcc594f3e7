/** Texts, defaults and units into the one frozen `Config`. */
import { join, resolve as resolvePath } from 'node:path'
import type { Config } from './config.ts'
import type { OwnRead } from './read-own-settings.ts'
import { OwnSettings } from './own-settings.ts'
import type { Problem } from './problem.ts'
import { parseDuration, parseSize } from './quantities.ts'
import { resolveDatabase, resolveStateDatabase } from './resolve-database.ts'
import { resolveInstance } from './resolve-instance.ts'
import { resolvePrices } from './resolve-prices.ts'
import { resolveRedis } from './resolve-redis.ts'
import { resolveStorage } from './resolve-storage.ts'
import { Secret } from './secret.ts'
import type { Settings } from './settings.ts'
import type { Surroundings } from './surroundings.ts'
import { network } from './validate.ts'

export interface ResolveInput {
  readonly settings: Settings
  readonly own: OwnRead
  readonly sources: Config['sources']
  /** Mastodon's folder; null if nothing tells where it is. */
  readonly applicationFolder: string | null
  readonly around: Surroundings
}

export interface Resolved {
  /** Only to be used if there are no problems. */
  readonly config: Config
  readonly problems: readonly Problem[]
}

export function resolve(input: ResolveInput): Resolved {
  const { settings, own, around } = input
  const values = own.settings ?? OwnSettings.parse({})
  const instance = resolveInstance(settings)
  const problems: Problem[] = []
  const database = resolveDatabase(settings, {
    url: values.mastodon.database_url,
    name: 'mastodon.database_url',
    place: own.place('mastodon.database_url'),
  })
  const allowed = networks(values.heal.allowed_private_addresses, own, problems)
  const storage = resolveStorage(settings, instance, input.applicationFolder)
  const config: Config = {
    sources: input.sources,
    instance,
    database,
    redis: resolveRedis(settings),
    state: {
      connection: resolveStateDatabase(settings, {
        url: values.state.database_url,
        name: 'state.database_url',
        place: own.place('state.database_url'),
      }),
    },
    storage,
    scan: {
      concurrency: values.scan.concurrency,
      minAgeMs: parseDuration(values.scan.min_age) ?? 0,
    },
    heal: {
      concurrency: values.heal.concurrency,
      perHost: values.heal.per_host,
      timeoutMs: parseDuration(values.heal.timeout) ?? 0,
      allowedPrivateAddresses: [...new Set([...instance.allowedPrivateAddresses, ...allowed])],
    },
    apply: resolveApply(values.apply),
    prices: resolvePrices(values.prices, storage, own, problems),
    stateDir: stateFolder(values.state_dir, around),
    notes: [...settings.notes, ...own.notes],
  }
  return { config: freeze(config), problems: [...settings.problems, ...problems] }
}

function resolveApply(values: OwnSettings['apply']): Config['apply'] {
  const { max_delete_bytes: bytes, max_duration: duration } = values
  return {
    maxDelete: values.max_delete,
    maxDeleteBytes: bytes === null ? null : (parseSize(bytes) ?? null),
    maxDurationMs: duration === null ? null : (parseDuration(duration) ?? null),
    requestsPerSecond: values.requests_per_second,
  }
}

function networks(texts: readonly string[], own: OwnRead, problems: Problem[]): readonly string[] {
  const path = 'heal.allowed_private_addresses'
  return texts.flatMap((text) => {
    const cidr = network(text)
    if (cidr !== undefined) return [cidr]
    const what = `${path} names ${JSON.stringify(text)}, which is not a network`
    problems.push({
      setting: path,
      place: own.place(path),
      what,
      remedy: 'Write addresses or networks such as 10.0.0.0/8',
    })
    return []
  })
}

function stateFolder(given: string | null, around: Surroundings): string {
  if (given !== null) {
    const expanded = given === '~' || given.startsWith('~/') ? join(around.home, given.slice(1)) : given
    return resolvePath(around.workingDirectory, expanded)
  }
  if (around.root) return '/var/lib/cornac'
  const base = around.environment['XDG_STATE_HOME']
  // The base directory specification says to ignore a relative path here.
  return join(base?.startsWith('/') ? base : join(around.home, '.local/state'), 'cornac')
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !(value instanceof Secret) && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) freeze(part)
  }
  return value
}

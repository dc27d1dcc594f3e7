/** The verb `doctor`: opens everything, looks at what matters, says what is wrong and what to do. Changes nothing. */
import { KnownError } from './errors.ts'
import { claimedKeys } from './model/storage-key.ts'
import type { OpenInstance } from './ports/instance.ts'
import type { MastodonDatabase } from './ports/mastodon.ts'
import type { CallOptions, ObjectReader } from './ports/storage.ts'
import type { DatabaseVitals, SidekiqVitals } from './ports/vitals.ts'

/** `good` needs nothing, `note` is worth knowing, `bad` needs somebody. */
export interface Check {
  readonly about: 'settings' | 'database' | 'clock' | 'storage' | 'retention' | 'sidekiq'
  readonly state: 'good' | 'note' | 'bad'
  readonly says: string
  /** What to do; null when there is nothing to do. */
  readonly remedy: string | null
}

export interface DoctorReport {
  readonly checks: readonly Check[]
  /** No check is `bad`. */
  readonly healthy: boolean
}

const DAY_MS = 86_400_000

/** Clocks further apart than this make "younger than the scan" guards unsafe to read. */
const CLOCK_TOLERANCE_MS = 5_000

/** The vacuum runs once a night; two days over is no delay but a failure. */
const VACUUM_GRACE_MS = 2 * DAY_MS

/** Mastodon itself calls a `pull` queue above 50 busy; a quarter of an hour of waiting is felt by people. */
const LATENCY_LIMIT_MS = 15 * 60_000

const SAMPLE = 20

/** `settings` are the sentences about where settings came from, made by whoever read them. */
export async function examine(
  instance: OpenInstance,
  settings: readonly Check[],
  options: CallOptions,
): Promise<DoctorReport> {
  const checks: Check[] = [...settings]
  const database = await attempt(checks, 'database', () => instance.database())
  if (database !== null) {
    checks.push(aboutSchema(database))
    const vitals = await attempt(checks, 'database', () => database.vitals(options))
    if (vitals !== null)
      checks.push(...aboutDatabase(database, vitals), aboutClock(vitals, instance.clock.now()))
    if (vitals !== null) checks.push(...aboutRetention(vitals))
  }
  const storage = await attempt(checks, 'storage', () => instance.storage())
  if (storage !== null)
    checks.push({ about: 'storage', state: 'good', says: storage.traits.description, remedy: null })
  if (storage !== null && database !== null) {
    const match = await attempt(checks, 'storage', () => aboutMatch(database, storage, options))
    if (match !== null) checks.push(match)
  }
  const sidekiq = await attempt(checks, 'sidekiq', async () =>
    (await instance.sidekiq()).vitals(instance.clock.now(), options),
  )
  if (sidekiq !== null) checks.push(...aboutSidekiq(sidekiq))
  return { checks, healthy: checks.every((check) => check.state !== 'bad') }
}

/** A known error becomes a check; anything else is a defect and goes on. */
async function attempt<T>(checks: Check[], about: Check['about'], work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof KnownError)) throw error
    checks.push({ about, state: 'bad', says: error.what, remedy: error.remedy })
    return null
  }
}

function aboutSchema({ schema }: MastodonDatabase): Check {
  if (schema.readOnlyBecause !== null)
    return {
      about: 'database',
      state: 'note',
      says: `reading only: ${schema.readOnlyBecause}`,
      remedy: 'scan, usage and doctor work; look for a newer Cornac before healing',
    }
  return {
    about: 'database',
    state: 'good',
    says: `Mastodon ${schema.version} (schema ${schema.schemaVersion})`,
    remedy: null,
  }
}

function aboutDatabase({ schema }: MastodonDatabase, vitals: DatabaseVitals): Check[] {
  if (schema.readOnlyBecause !== null || (vitals.mayWrite && !vitals.standby)) return []
  return [
    {
      about: 'database',
      state: 'note',
      says: vitals.standby
        ? 'this database is a standby: nothing can be written'
        : 'this database user may read but not write',
      remedy: 'fine for scan and usage; heal needs the primary database and the user Mastodon itself uses',
    },
  ]
}

function aboutClock(vitals: DatabaseVitals, nowMs: number): Check {
  const seconds = Math.round((vitals.nowMs - nowMs) / 1000)
  const apart = Math.abs(vitals.nowMs - nowMs) > CLOCK_TOLERANCE_MS
  return {
    about: 'clock',
    state: apart ? 'bad' : 'good',
    says: apart
      ? `the database’s clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} this machine’s`
      : 'this machine and the database agree on the time',
    remedy: apart ? 'set both clocks by NTP: a scan tells young files from orphans by time' : null,
  }
}

function aboutRetention({ retention, oldestCachedMs, nowMs }: DatabaseVitals): Check[] {
  const { mediaDays, ignored } = retention
  const checks: Check[] = ignored.map((name) => ({
    about: 'retention',
    state: 'bad',
    says: `the setting ${name} holds something that is not a whole number, so Mastodon treats it as off`,
    remedy: 'save it again under Administration, Server settings, Content retention',
  }))
  if (mediaDays === null)
    return [
      ...checks,
      {
        about: 'retention',
        state: 'note',
        says: 'Mastodon keeps cached attachments for ever: its media retention is off',
        remedy: null,
      },
    ]
  const overdueMs = oldestCachedMs === null ? 0 : nowMs - oldestCachedMs - mediaDays * DAY_MS
  const overdue = overdueMs > VACUUM_GRACE_MS
  return [
    ...checks,
    {
      about: 'retention',
      state: overdue ? 'bad' : 'good',
      says: overdue
        ? `Mastodon should let go of attachments after ${mediaDays} days, but the oldest is ${Math.floor(overdueMs / DAY_MS)} days overdue: its nightly vacuum does not get through`
        : `Mastodon lets go of cached attachments after ${mediaDays} days, and does`,
      remedy: overdue
        ? 'look for VacuumScheduler in Sidekiq’s log; object storage time-outs are the usual cause'
        : null,
    },
  ]
}

/** The wrong bucket or folder shows at once: nothing the database names is there. */
async function aboutMatch(
  database: MastodonDatabase,
  storage: ObjectReader,
  options: CallOptions,
): Promise<Check | null> {
  const sample = await database.sampleNamed(SAMPLE, options)
  let present = 0
  let uncertain: string | null = null
  for (const record of sample) {
    const [claim] = claimedKeys(record)
    if (claim === undefined) continue
    const stat = await storage.stat(claim.key, options)
    if (stat.state === 'present') present++
    if (stat.state === 'unknown') uncertain = stat.reason
  }
  if (sample.length === 0) return null
  const says = `of the ${sample.length} newest avatars the database names, ${present === sample.length ? 'all' : present} are in storage`
  if (uncertain !== null)
    return {
      about: 'storage',
      state: 'bad',
      says: `storage will not show some files: ${uncertain}`,
      remedy: 'check the rights of this user or key',
    }
  if (present === 0 && sample.length >= 5)
    return {
      about: 'storage',
      state: 'bad',
      says: `none of the ${sample.length} newest avatars the database names is in storage`,
      remedy:
        'if this is not the aftermath of an accident, storage and database belong to different servers: check S3_BUCKET, S3_KEY_PREFIX or PAPERCLIP_ROOT_PATH',
    }
  return {
    about: 'storage',
    state: present === sample.length ? 'good' : 'note',
    says,
    remedy: present === sample.length ? null : 'run cornac scan to see all that is missing',
  }
}

function aboutSidekiq(vitals: SidekiqVitals): Check[] {
  const waiting = vitals.queues.filter(({ depth }) => depth > 0)
  const slow = waiting.filter(({ latencyMs }) => (latencyMs ?? 0) > LATENCY_LIMIT_MS)
  const checks: Check[] = []
  if (vitals.processes === 0)
    checks.push({
      about: 'sidekiq',
      state: 'bad',
      says: 'no Sidekiq process has reported in: Mastodon’s background work stands still',
      remedy: 'start mastodon-sidekiq; without it nothing is fetched, delivered or vacuumed',
    })
  for (const { name, depth, latencyMs } of slow)
    checks.push({
      about: 'sidekiq',
      state: 'bad',
      says: `queue ${name}: ${depth} jobs wait, the oldest for ${Math.round((latencyMs ?? 0) / 60_000)} minutes`,
      remedy: 'give Sidekiq more threads or processes for this queue before adding work to it',
    })
  if (checks.length > 0) return checks
  const summary =
    waiting.length === 0
      ? 'every queue is empty'
      : waiting.map(({ name, depth }) => `${name} ${depth}`).join(', ')
  return [
    {
      about: 'sidekiq',
      state: 'good',
      says: `${vitals.processes} ${vitals.processes === 1 ? 'process' : 'processes'}, ${summary}; ${vitals.retries} to retry, ${vitals.dead} dead`,
      remedy: null,
    },
  ]
}

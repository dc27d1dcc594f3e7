/** The verb `doctor`: opens everything, looks at what matters, says what is wrong and what to do. Changes nothing. */
import { KnownError } from '../errors.ts'
import type { OpenInstance } from '../ports/instance.ts'
import type { CallOptions } from '../ports/storage.ts'
import type { Check, DoctorReport } from './check.ts'
import { aboutClock, aboutDatabase, aboutSchema } from './check-database.ts'
import { aboutCanary, aboutRuns } from './check-canary.ts'
import { aboutMemory } from './check-memory.ts'
import { aboutRetention } from './check-retention.ts'
import { aboutSidekiq } from './check-sidekiq.ts'
import { aboutMatch } from './check-storage.ts'

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
  // Where the database is out of reach, our tables in it are no second problem.
  const memory =
    database === null
      ? null
      : await attempt(checks, 'memory', async () =>
          aboutMemory(await instance.state(), instance.clock.now(), options),
        )
  if (memory !== null) checks.push(...memory)
  if (memory?.every(({ state }) => state !== 'bad') === true) {
    const state = await instance.state()
    if (storage !== null) {
      const canary = await attempt(checks, 'canary', () =>
        aboutCanary({ objects: storage, state }, instance.name, options),
      )
      if (canary !== null) checks.push(canary)
    }
    const runs = await attempt(checks, 'runs', () => aboutRuns(state, instance.name, options))
    if (runs !== null) checks.push(...runs)
  }
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

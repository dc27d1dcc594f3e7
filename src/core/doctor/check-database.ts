/** The database: which Mastodon, which rights, whose clock. */
import type { MastodonDatabase } from '../ports/mastodon.ts'
import type { DatabaseVitals } from '../ports/vitals.ts'
import type { Check } from './check.ts'

/** Clocks further apart than this make "younger than the scan" guards unsafe to read. */
const CLOCK_TOLERANCE_MS = 5_000

/** Which Mastodon this is, and whether it may be written to. */
export function aboutSchema({ schema }: MastodonDatabase): Check {
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

/** What this connection may not do; nothing to say if it may do everything. */
export function aboutDatabase({ schema }: MastodonDatabase, vitals: DatabaseVitals): Check[] {
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

/** This machine’s clock beside the database’s. */
export function aboutClock(vitals: DatabaseVitals, nowMs: number): Check {
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

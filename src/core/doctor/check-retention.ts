/** Mastodon's own retention: what is set, and whether its nightly vacuum gets through. */
import type { DatabaseVitals } from '../ports/vitals.ts'
import type { Check } from './check.ts'

const DAY_MS = 86_400_000

/** The vacuum runs once a night; two days over is no delay but a failure. */
const VACUUM_GRACE_MS = 2 * DAY_MS

/** What Mastodon is told to let go of, and whether it does. */
export function aboutRetention({ retention, oldestCachedMs, nowMs }: DatabaseVitals): Check[] {
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

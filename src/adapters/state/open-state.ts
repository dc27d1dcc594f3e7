/** Cornac's own tables in PostgreSQL, opened as the ports ask for them. */
import type { Pool } from 'pg'
import type { Clock, ProcessIdentity } from '../../core/ports/runtime.ts'
import type { OwnState } from '../../core/ports/state.ts'
import { openHealJournal } from './heal-journal.ts'
import { openLeases } from './leases.ts'
import { openLedger } from './ledger.ts'
import { migrate, schemaVersion } from './migrate.ts'

export interface StateOptions {
  /** Whether Mastodon's tables are in this database too: then a lease can fence statements on them. */
  readonly sameDatabase: boolean
  /** For people. */
  readonly description: string
  readonly clock: Clock
  readonly processes: ProcessIdentity
  /** How long a silent holder keeps a lease. Default 60,000. */
  readonly leaseTermMs?: number | undefined
}

/** Opens nothing and makes nothing; closing ends the pool. */
export function openState(pool: Pool, options: StateOptions): OwnState {
  return {
    description: options.description,
    ledger: openLedger(pool),
    leases: openLeases(pool, options),
    journal: openHealJournal(pool),
    version: (callOptions) => schemaVersion(pool, callOptions),
    setUp: (callOptions) => migrate(pool, callOptions),
    close: () => pool.end(),
  }
}

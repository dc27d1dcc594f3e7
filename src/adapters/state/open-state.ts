/** Cornac's own tables in PostgreSQL, opened as the ports ask for them. */
import type { Pool } from 'pg'
import type { OwnState } from '../../core/ports/state.ts'
import { openCanaryStore } from './canary-store.ts'
import { openHealJournal } from './heal-journal.ts'
import { openLeases, type LeaseOptions } from './leases.ts'
import { openLedger } from './ledger.ts'
import { migrate, schemaVersion } from './migrate.ts'
import { openPlanStore } from './plan-store.ts'
import { openRunJournal } from './run-journal.ts'
import { openSightingStore } from './sighting-store.ts'

export interface StateOptions extends LeaseOptions {
  /** For people, without secrets. */
  readonly description: string
}

/** Opens nothing and makes nothing; closing ends the pool. */
export function openState(pool: Pool, options: StateOptions): OwnState {
  return {
    description: options.description,
    ledger: openLedger(pool),
    leases: openLeases(pool, options),
    journal: openHealJournal(pool, options),
    plans: openPlanStore(pool),
    runs: openRunJournal(pool),
    sightings: openSightingStore(pool),
    canaries: openCanaryStore(pool),
    version: (callOptions) => schemaVersion(pool, callOptions),
    setUp: (callOptions) => migrate(pool, callOptions),
    close: () => pool.end(),
  }
}

/** What an apply asks of the world, and the run it works on: handed to every step. */
import type { MastodonDatabase } from '../ports/mastodon.ts'
import type { Clock, OtherWork } from '../ports/runtime.ts'
import type { Lease, OwnState } from '../ports/state.ts'
import type { SparingStorage } from '../ports/storage.ts'

export interface ApplyPorts {
  readonly database: Pick<MastodonDatabase, 'prune' | 'reread' | 'records' | 'schema'>
  /** The only right to remove that there is. */
  readonly objects: SparingStorage
  readonly state: Pick<OwnState, 'setUp' | 'leases' | 'runs' | 'sightings' | 'canaries'>
  readonly clock: Clock
  readonly otherWork: OtherWork
  /** Hexadecimal digits by chance: for the canary's mark and the names of quarantines. */
  readonly newName: () => string
}

/** The work under the lease: what must not be done without it cannot be called without it. */
export interface UnderLease {
  readonly lease: Lease
  /** Waits until the store may be asked for that many requests more. */
  pace(requests: number): Promise<void>
}

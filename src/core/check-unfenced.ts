/** Where our tables lie in another database, no statement can be fenced: the lease is asked for before each change instead. */
import type { Lease } from './ports/state.ts'

/**
 * A moment stays in which it may be lost unnoticed; a heal that stood still for longer than the term notices here.
 * @throws KnownError if the lease is another's by now: then the change must not be made
 */
export async function checkUnfenced(lease: Lease): Promise<void> {
  if (lease.fence === null) await lease.check()
}

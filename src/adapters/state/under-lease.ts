/** One writing statement that takes effect only while a lease is held: it neither starts after a takeover nor commits beside one. */
import type { Pool } from 'pg'
import type { Lease } from '../../core/ports/state.ts'
import type { Row } from '../postgres/ask.ts'
import { askState } from './explain-state.ts'
import { FLUSHED } from './flushed.ts'
import { lostLease } from './hold-lease.ts'

/**
 * On the disk when it resolves.
 *
 * @param done names the last one of the common table expressions `written`, whose rows are the answer. They write only
 *   what they find in `held` (FROM held, or WHERE EXISTS (SELECT 1 FROM held)), which is one row or none
 * @param values from $3 on: the lease takes the first two
 * @throws KnownError `lease-lost`; then nothing is written
 */
export async function writeUnderLease(
  pool: Pool,
  lease: Lease,
  { written, done }: { readonly written: string; readonly done: string },
  values: readonly unknown[],
): Promise<readonly Row[]> {
  lease.signal.throwIfAborted()
  const rows = await askState(
    pool,
    `WITH held AS MATERIALIZED (
       SELECT 1 FROM cornac.leases WHERE name = $1 AND token = $2::bigint AND held FOR SHARE),
     ${written}
     SELECT ${FLUSHED}, d.* FROM held LEFT JOIN ${done} d ON true`,
    [lease.name, lease.token, ...values],
  )
  if (rows.length === 0) throw lostLease(lease.name)
  return rows.map((row) => row.slice(1))
}

/** How many orphans have waited long enough, and how many have not. */
import type { Pool } from 'pg'
import type { Kind } from '../../core/model/media.ts'
import type { Tally } from '../../core/model/tally.ts'
import type { SightingScan, SightingTotals } from '../../core/ports/plans.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { askState } from './explain-state.ts'
import { asMs } from './ledger-rows.ts'

/** Of a row that scan $2 saw: another scan had seen it that began at $3 (milliseconds) or before. */
export const RIPE = '(first_scan <> $2 AND first_scan_at <= to_timestamp($3::float8 / 1000))'

export async function readTotals(
  pool: Pool,
  instance: string,
  scan: SightingScan,
  graceMs: number,
  options: CallOptions | undefined,
): Promise<SightingTotals> {
  const rows = await askState(
    pool,
    `SELECT ${RIPE}, kind, count(*)::float8, sum(bytes)::float8, ${asMs('min(first_scan_at)')}
      FROM cornac.orphan_sightings WHERE instance = $1 AND last_scan = $2 GROUP BY 1, 2`,
    [instance, scan.id, scan.startedAtMs - graceMs],
    options,
  )
  const ripe: Partial<Record<Kind, Tally>> = {}
  const waiting: Partial<Record<Kind, Tally>> = {}
  let firstMs = Infinity
  for (const row of rows) {
    const [isRipe, kind, count, bytes, earliestMs] = row as [boolean, Kind, number, number, number]
    ;(isRipe ? ripe : waiting)[kind] = { count, bytes }
    if (!isRipe) firstMs = Math.min(firstMs, earliestMs)
  }
  return { ripe, waiting, nextAtMs: firstMs === Infinity ? null : firstMs + graceMs }
}

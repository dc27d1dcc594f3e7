/** Objects that no row claims, by the scans that saw them first and last. Without the tables nothing was seen. */
import type { Pool } from 'pg'
import type { Kind } from '../../core/model/media.ts'
import type { SeenOrphan, SightingScan, SightingStore } from '../../core/ports/plans.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { askInKeyOrder } from './ask-in-key-order.ts'
import { changeState } from './explain-state.ts'
import { lookForTable } from './look-for-table.ts'
import { refuseUnstorable } from './refuse-unstorable.ts'
import { RIPE, readTotals } from './sighting-totals.ts'

/** Sightings that one statement forgets. */
const FORGET_AT_ONCE = 10_000

/** Opens nothing. Recording needs the tables. */
export function openSightingStore(pool: Pool): SightingStore {
  const exists = lookForTable(pool, 'cornac.orphan_sightings')
  return {
    async record(instance, scan, objects, options) {
      if (objects.length === 0) return
      // One statement must not touch a row twice: what was said last of a key counts.
      const last = [...new Map(objects.map((object) => [object.key, object])).values()]
      const keys = last.map(({ key }) => key)
      refuseUnstorable(`the scan ${scan.id}`, keys)
      const values = [instance, scan.id, scan.startedAtMs, keys, last.map(({ kind }) => kind)]
      const seen = [last.map(({ bytes }) => bytes), last.map(({ modifiedAtMs }) => modifiedAtMs)]
      await changeState(pool, RECORD, [...values, ...seen], options)
    },
    async complete(instance, scan, options) {
      return (await exists(options)) ? forgetUnseen(pool, instance, scan, options) : 0
    },
    async totals(instance, scan, graceMs, options) {
      if (!(await exists(options))) return { ripe: {}, waiting: {}, nextAtMs: null }
      return readTotals(pool, instance, scan, graceMs, options)
    },
    async *ripe(instance, scan, graceMs, { after, size }, options) {
      if (!(await exists(options))) return
      let from = after
      for (;;) {
        const rows = await askInKeyOrder(
          pool,
          `SELECT key, bytes::float8, kind, modified_ms FROM cornac.orphan_sightings
            WHERE instance = $1 AND key > $4 AND last_scan_at >= to_timestamp($6::float8 / 1000) AND ${RIPE}
            ORDER BY key LIMIT $5`,
          [instance, scan.id, scan.startedAtMs - graceMs, from, size, scan.startedAtMs],
          options,
        )
        const page = rows.map((row): SeenOrphan => {
          const [key, bytes, kind, modifiedAtMs] = row as [string, number, Kind, number]
          return { key, bytes, kind, modifiedAtMs }
        })
        if (page.length > 0) yield page
        from = page.at(-1)?.key ?? from
        if (page.length < size) return
      }
    },
    async forget(instance, keys, options) {
      refuseUnstorable('what is to be forgotten', keys)
      if (keys.length === 0 || !(await exists(options))) return
      const text = 'DELETE FROM cornac.orphan_sightings WHERE instance = $1 AND key = ANY($2::text[])'
      await changeState(pool, text, [instance, keys], options)
    },
  }
}

/** A first scan after this one began when the clock was ahead: counted from there, nothing would have waited long enough. */
const SAME = `s.bytes = excluded.bytes AND s.modified_ms = excluded.modified_ms AND s.first_scan_at <= excluded.first_scan_at`

/** In the order of keys, so that two at once do not wait for each other for ever. */
const RECORD = `
  INSERT INTO cornac.orphan_sightings AS s (instance, key, kind, bytes, modified_ms, first_scan, first_scan_at, last_scan,
    last_scan_at)
  SELECT $1, key, kind, bytes, modified_ms, $2, to_timestamp($3::float8 / 1000), $2, to_timestamp($3::float8 / 1000)
    FROM unnest($4::text[], $5::text[], $6::bigint[], $7::float8[]) AS seen (key, kind, bytes, modified_ms)
    ORDER BY key COLLATE "C"
  ON CONFLICT (instance, key) DO UPDATE SET kind = excluded.kind, bytes = excluded.bytes,
    modified_ms = excluded.modified_ms, last_scan = excluded.last_scan, last_scan_at = excluded.last_scan_at,
    first_scan = CASE WHEN ${SAME} THEN s.first_scan ELSE excluded.first_scan END,
    first_scan_at = CASE WHEN ${SAME} THEN s.first_scan_at ELSE excluded.first_scan_at END`

/** Slice by slice in the order of keys, each going on where the last one ended. */
async function forgetUnseen(
  pool: Pool,
  instance: string,
  scan: SightingScan,
  options: CallOptions | undefined,
): Promise<number> {
  let [forgotten, after] = [0, '']
  for (;;) {
    const [row = []] = await askInKeyOrder(
      pool,
      `WITH unseen AS (
         SELECT key FROM cornac.orphan_sightings WHERE instance = $1 AND key > $3 AND last_scan <> $2
           ORDER BY key LIMIT ${FORGET_AT_ONCE}),
       gone AS (
         DELETE FROM cornac.orphan_sightings s USING unseen
           WHERE s.instance = $1 AND s.key = unseen.key AND s.last_scan <> $2 RETURNING 1)
       SELECT (SELECT count(*)::int FROM gone), count(*)::int, max(key) FROM unseen`,
      [instance, scan.id, after],
      options,
    )
    const [gone, unseen, last] = row as [number, number, string | null]
    forgotten += gone
    after = last ?? after
    if (unseen < FORGET_AT_ONCE) return forgotten
  }
}

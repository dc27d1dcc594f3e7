/** What is known of records and hosts that said no. Whole milliseconds; without the tables everything reads as empty. */
import type { Pool } from 'pg'
import type { FailReason } from '../../core/model/heal-outcome.ts'
import type { Ledger, LedgerEntry, LedgerFilter } from '../../core/ports/state.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { askState, changeState } from './explain-state.ts'
import { openLedgerHosts } from './ledger-hosts.ts'
import { COLUMNS, toEntry, toJson } from './ledger-rows.ts'
import { lookForTable } from './look-for-table.ts'

/** Entries in one page, and in one statement. */
const PAGE = 1_000

/** Opens nothing. Writing needs the tables. */
export function openLedger(pool: Pool): Ledger {
  const exists = lookForTable(pool, 'cornac.ledger')
  const hosts = openLedgerHosts(pool, exists)
  return {
    exists,
    async recall(kind, ids, options) {
      if (ids.length === 0 || !(await exists(options))) return new Map()
      const rows = await askState(
        pool,
        `SELECT ${COLUMNS} FROM cornac.ledger WHERE kind = $1 AND record_id = ANY($2::bigint[])`,
        [kind, ids],
        options,
      )
      return new Map(rows.map(toEntry).map((entry) => [entry.id, entry]))
    },
    async remember(entries, options) {
      if (entries.length === 0) return
      // One statement must not touch a row twice: what was said last of a record counts.
      const last = new Map(entries.map((entry) => [`${entry.kind} ${entry.id}`, entry]))
      await changeState(pool, REMEMBER, [JSON.stringify([...last.values()].map(toJson))], options)
    },
    async clear(kind, ids, options) {
      if (ids.length === 0) return
      const text = 'DELETE FROM cornac.ledger WHERE kind = $1 AND record_id = ANY($2::bigint[])'
      await changeState(pool, text, [kind, ids], options)
    },
    ...hosts,
    list: (filter, options) => list(pool, exists, filter, options),
    async counts(options) {
      if (!(await exists(options))) return []
      const rows = await askState(
        pool,
        `SELECT outcome, count(*)::float8, (count(*) FILTER (WHERE next_try_at <= now()))::float8 FROM cornac.ledger
          GROUP BY outcome ORDER BY 2 DESC, 1`,
        [],
        options,
      )
      return rows.map((row) => {
        const [outcome, records, due] = row as [FailReason, number, number]
        return { outcome, records, due }
      })
    },
    async forget(filter, options) {
      if (!(await exists(options))) return { records: 0, hosts: 0 }
      const { where, values } = condition(filter)
      const records = await changeState(pool, `DELETE FROM cornac.ledger WHERE ${where}`, values, options)
      return { records, hosts: await hosts.forgetHosts(filter, options) }
    },
  }
}

const REMEMBER = `
  INSERT INTO cornac.ledger (kind, record_id, label, url, host, outcome, detail, tries, first_tried_at, last_tried_at,
    next_try_at)
  SELECT kind, record_id, label, url, host, outcome, detail, tries, to_timestamp(first / 1000), to_timestamp(last / 1000),
      to_timestamp(next / 1000)
    FROM jsonb_to_recordset($1::jsonb) AS e(kind text, record_id bigint, label text, url text, host text, outcome text,
      detail text, tries int, first float8, last float8, next float8)
    ORDER BY kind, record_id
  ON CONFLICT (kind, record_id) DO UPDATE SET label = excluded.label, url = excluded.url, host = excluded.host,
    outcome = excluded.outcome, detail = excluded.detail, tries = excluded.tries,
    first_tried_at = excluded.first_tried_at, last_tried_at = excluded.last_tried_at, next_try_at = excluded.next_try_at`

/** To the microsecond, whatever form of dates the connection is set to: where the next page begins. */
const EXACT_TIME = `to_char(next_try_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

async function* list(
  pool: Pool,
  exists: (options?: CallOptions) => Promise<boolean>,
  filter: LedgerFilter,
  options: CallOptions | undefined,
): AsyncGenerator<readonly LedgerEntry[]> {
  if (!(await exists(options))) return
  const { where, values } = condition(filter)
  const [time, kind, id] = [1, 2, 3].map((n) => `$${values.length + n}`)
  let after: readonly unknown[] = ['-infinity', '', '0']
  for (;;) {
    // `l.record_id` in the order: the name alone would mean the text, and sort 10 before 9.
    const rows = await askState(
      pool,
      `SELECT ${EXACT_TIME}, kind, record_id::text, ${COLUMNS} FROM cornac.ledger l WHERE ${where}
         AND (next_try_at, kind, record_id) > (${time}::timestamptz, ${kind}::text, ${id}::bigint)
        ORDER BY l.next_try_at, l.kind, l.record_id LIMIT ${PAGE}`,
      [...values, ...after],
      options,
    )
    if (rows.length > 0) yield rows.map((row) => toEntry(row.slice(3)))
    after = rows.at(-1)?.slice(0, 3) ?? after
    if (rows.length < PAGE) return
  }
}

/** Each part of the filter narrows; no part means everything. */
function condition(filter: LedgerFilter): { readonly where: string; readonly values: readonly unknown[] } {
  const parts = [
    ['host =', filter.host],
    ['outcome =', filter.outcome],
    ['kind =', filter.kind],
    ['record_id =', filter.id],
    ['lower(label) = lower', filter.label],
  ].filter((part): part is [string, string] => part[1] !== undefined)
  const where = parts.map(([test], i) => `${test} ($${i + 1})`)
  return { where: ['true', ...where].join(' AND '), values: parts.map(([, value]) => value) }
}

/** What is known of records and hosts that said no. */
import type { Pool } from 'pg'
import type { FailReason } from '../../core/model/heal-outcome.ts'
import type { Kind } from '../../core/model/media.ts'
import type { HostEntry, Ledger, LedgerEntry, LedgerFilter } from '../../core/ports/state.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask, change, type Row } from '../postgres/ask.ts'

const PAGE = 500

const MS = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`

const COLUMNS = `kind, record_id::text, label, url, host, outcome, detail, tries, ${MS('first_tried_at')},
  ${MS('last_tried_at')}, ${MS('next_try_at')}`

export function openLedger(pool: Pool): Ledger {
  let there = false
  const exists = async (options?: CallOptions): Promise<boolean> => {
    if (there) return true
    const [row] = await ask(pool, `SELECT to_regclass('cornac.ledger') IS NOT NULL`, [], options)
    there = row?.[0] === true
    return there
  }
  return {
    exists: () => exists(),
    async recall(kind, ids, options) {
      if (ids.length === 0 || !(await exists(options))) return new Map()
      const rows = await ask(
        pool,
        `SELECT ${COLUMNS} FROM cornac.ledger WHERE kind = $1 AND record_id = ANY($2::bigint[])`,
        [kind, ids],
        options,
      )
      return new Map(rows.map(toEntry).map((entry) => [entry.id, entry]))
    },
    async remember(entries, options) {
      await change(
        pool,
        `INSERT INTO cornac.ledger (kind, record_id, label, url, host, outcome, detail, tries, first_tried_at,
            last_tried_at, next_try_at)
         SELECT kind, record_id, label, url, host, outcome, detail, tries, to_timestamp(first / 1000),
            to_timestamp(last / 1000), to_timestamp(next / 1000)
           FROM jsonb_to_recordset($1::jsonb) AS e(kind text, record_id bigint, label text, url text, host text,
             outcome text, detail text, tries int, first float8, last float8, next float8)
         ON CONFLICT (kind, record_id) DO UPDATE SET label = excluded.label, url = excluded.url, host = excluded.host,
           outcome = excluded.outcome, detail = excluded.detail, tries = excluded.tries,
           first_tried_at = excluded.first_tried_at, last_tried_at = excluded.last_tried_at,
           next_try_at = excluded.next_try_at`,
        [JSON.stringify(entries.map(fromEntry))],
        options,
      )
    },
    async clear(kind, ids, options) {
      await change(
        pool,
        'DELETE FROM cornac.ledger WHERE kind = $1 AND record_id = ANY($2::bigint[])',
        [kind, ids],
        options,
      )
    },
    async hosts(options) {
      if (!(await exists(options))) return []
      const rows = await ask(
        pool,
        `SELECT host, outcome, detail, failures, ${MS('last_tried_at')}, ${MS('rests_until')} FROM cornac.ledger_hosts
          ORDER BY rests_until DESC NULLS LAST, host`,
        [],
        options,
      )
      return rows.map(toHost)
    },
    async rememberHosts(entries, options) {
      await change(
        pool,
        `INSERT INTO cornac.ledger_hosts (host, outcome, detail, failures, last_tried_at, rests_until)
         SELECT host, outcome, detail, failures, to_timestamp(last / 1000), to_timestamp(rests / 1000)
           FROM jsonb_to_recordset($1::jsonb) AS e(host text, outcome text, detail text, failures int, last float8,
             rests float8)
         ON CONFLICT (host) DO UPDATE SET outcome = excluded.outcome, detail = excluded.detail,
           failures = excluded.failures, last_tried_at = excluded.last_tried_at, rests_until = excluded.rests_until`,
        [
          JSON.stringify(
            entries.map(({ host, outcome, detail, failures, lastTriedAtMs, restsUntilMs }) => {
              return {
                host,
                outcome,
                detail: clean(detail),
                failures,
                last: lastTriedAtMs,
                rests: restsUntilMs,
              }
            }),
          ),
        ],
        options,
      )
    },
    async clearHosts(hosts, options) {
      await change(pool, 'DELETE FROM cornac.ledger_hosts WHERE host = ANY($1)', [hosts], options)
    },
    async *list(filter, options) {
      if (!(await exists(options))) return
      const { where, values } = condition(filter)
      let [afterMs, afterKind, afterId]: readonly [number, string, string] = [-1, '', '-9223372036854775808']
      for (;;) {
        const rows = await ask(
          pool,
          `SELECT ${COLUMNS} FROM cornac.ledger WHERE ${where}
             AND (next_try_at, kind, record_id) > (to_timestamp($${values.length + 1}::float8 / 1000),
               $${values.length + 2}, $${values.length + 3}::bigint)
            ORDER BY next_try_at, kind, record_id LIMIT ${PAGE}`,
          [...values, afterMs, afterKind, afterId],
          options,
        )
        const entries = rows.map(toEntry)
        if (entries.length > 0) yield entries
        const last = entries.at(-1)
        if (last === undefined || entries.length < PAGE) return
        ;[afterMs, afterKind, afterId] = [last.nextTryAtMs, last.kind, last.id]
      }
    },
    async counts(options) {
      if (!(await exists(options))) return []
      const rows = await ask(
        pool,
        `SELECT outcome, count(*)::float8, (count(*) FILTER (WHERE next_try_at <= now()))::float8 FROM cornac.ledger
          GROUP BY outcome ORDER BY 2 DESC, 1`,
        [],
        options,
      )
      return rows.map(([outcome, records, due]) => {
        return { outcome: outcome as FailReason, records: Number(records), due: Number(due) }
      })
    },
    async forget(filter, options) {
      if (!(await exists(options))) return { records: 0, hosts: 0 }
      const { where, values } = condition(filter)
      const records = await change(pool, `DELETE FROM cornac.ledger WHERE ${where}`, values, options)
      const others = [filter.outcome, filter.kind, filter.id, filter.label]
      const hosts = others.some((value) => value !== undefined)
        ? 0
        : await change(
            pool,
            'DELETE FROM cornac.ledger_hosts WHERE $1::text IS NULL OR host = $1',
            [filter.host ?? null],
            options,
          )
      return { records, hosts }
    },
  }
}

function condition(filter: LedgerFilter): { readonly where: string; readonly values: readonly unknown[] } {
  const parts: string[] = []
  const values: unknown[] = []
  const add = (sql: (place: string) => string, value: unknown): void => {
    if (value === undefined) return
    values.push(value)
    parts.push(sql(`$${values.length}`))
  }
  add((place) => `host = ${place}`, filter.host)
  add((place) => `outcome = ${place}`, filter.outcome)
  add((place) => `kind = ${place}`, filter.kind)
  add((place) => `record_id = ${place}::bigint`, filter.id)
  add((place) => `lower(label) = lower(${place})`, filter.label)
  return { where: parts.length === 0 ? 'true' : parts.join(' AND '), values }
}

function toEntry(row: Row): LedgerEntry {
  const [kind, id, label, url, host, outcome, detail, tries, first, last, next] = row
  return {
    kind: kind as Kind,
    id: String(id),
    label: String(label),
    url: url as string | null,
    host: String(host),
    outcome: outcome as FailReason,
    detail: String(detail),
    tries: Number(tries),
    firstTriedAtMs: Number(first),
    lastTriedAtMs: Number(last),
    nextTryAtMs: Number(next),
  }
}

function toHost([host, outcome, detail, failures, last, rests]: Row): HostEntry {
  return {
    host: String(host),
    outcome: outcome as FailReason,
    detail: String(detail),
    failures: Number(failures),
    lastTriedAtMs: Number(last),
    restsUntilMs: rests === null ? null : Number(rests),
  }
}

function fromEntry(entry: LedgerEntry): Record<string, unknown> {
  const { kind, id, label, url, host, outcome, detail, tries } = entry
  return {
    ...{ kind, record_id: id, label: clean(label), url, host, outcome, detail: clean(detail), tries },
    ...{ first: entry.firstTriedAtMs, last: entry.lastTriedAtMs, next: entry.nextTryAtMs },
  }
}

/** What origins say may hold characters PostgreSQL keeps in no text (U+0000), or halves of them, and may be endless. */
function clean(text: string): string {
  return text.replaceAll('\0', '').toWellFormed().slice(0, 500).toWellFormed()
}

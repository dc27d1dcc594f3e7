/** Hosts that do not answer as they should. */
import type { Pool } from 'pg'
import type { FailReason } from '../../core/model/heal-outcome.ts'
import type { Ledger, LedgerFilter } from '../../core/ports/state.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { askState, changeState } from './explain-state.ts'
import { asMs, storable } from './ledger-rows.ts'

export interface LedgerHosts extends Pick<Ledger, 'hosts' | 'rememberHosts' | 'clearHosts'> {
  /** How many went: those of the filter, if it speaks of hosts and nothing else. */
  forgetHosts(filter: LedgerFilter, options?: CallOptions): Promise<number>
}

export function openLedgerHosts(
  pool: Pool,
  exists: (options?: CallOptions) => Promise<boolean>,
): LedgerHosts {
  return {
    async hosts(options) {
      if (!(await exists(options))) return []
      const rows = await askState(
        pool,
        `SELECT host, outcome, detail, failures, ${asMs('last_tried_at')}, ${asMs('rests_until')}
          FROM cornac.ledger_hosts ORDER BY rests_until DESC NULLS LAST, host`,
        [],
        options,
      )
      return rows.map((row) => {
        const [host, outcome, detail, failures, lastTriedAtMs, restsUntilMs] = row as [
          ...[string, FailReason, string, number, number],
          number | null,
        ]
        return { host, outcome, detail, failures, lastTriedAtMs, restsUntilMs }
      })
    },
    async rememberHosts(entries, options) {
      if (entries.length === 0) return
      const last = new Map(entries.map((entry) => [storable(entry.host), entry]))
      const rows = [...last].map(([host, { outcome, detail, failures, ...times }]) => {
        const { lastTriedAtMs, restsUntilMs } = times
        return {
          ...{ host, outcome, detail: storable(detail), failures, last: Math.round(lastTriedAtMs) },
          rests: restsUntilMs === null ? null : Math.round(restsUntilMs),
        }
      })
      await changeState(pool, REMEMBER_HOSTS, [JSON.stringify(rows)], options)
    },
    async clearHosts(hosts, options) {
      if (hosts.length === 0) return
      await changeState(pool, 'DELETE FROM cornac.ledger_hosts WHERE host = ANY($1)', [hosts], options)
    },
    async forgetHosts({ host, ...narrower }, options) {
      if (Object.values(narrower).some((value) => value !== undefined)) return 0
      const text = 'DELETE FROM cornac.ledger_hosts WHERE $1::text IS NULL OR host = $1'
      return changeState(pool, text, [host ?? null], options)
    },
  }
}

const REMEMBER_HOSTS = `
  INSERT INTO cornac.ledger_hosts (host, outcome, detail, failures, last_tried_at, rests_until)
  SELECT host, outcome, detail, failures, to_timestamp(last / 1000), to_timestamp(rests / 1000)
    FROM jsonb_to_recordset($1::jsonb)
      AS e(host text, outcome text, detail text, failures int, last float8, rests float8)
    ORDER BY host
  ON CONFLICT (host) DO UPDATE SET outcome = excluded.outcome, detail = excluded.detail, failures = excluded.failures,
    last_tried_at = excluded.last_tried_at, rests_until = excluded.rests_until`

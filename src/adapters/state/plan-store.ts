/** Plans as documents, with columns beside them to list by. Without the tables everything reads as none. */
import type { Pool } from 'pg'
import type { Plan, PlanVerb } from '../../core/model/plan.ts'
import type { RunState } from '../../core/model/run.ts'
import type { PlanLine, PlanStore } from '../../core/ports/plans.ts'
import type { Row } from '../postgres/ask.ts'
import { askState, changeState } from './explain-state.ts'
import { asMs } from './ledger-rows.ts'
import { lookForTable } from './look-for-table.ts'
import { refuseUnstorable } from './refuse-unstorable.ts'

/** Opens nothing. Keeping needs the tables. */
export function openPlanStore(pool: Pool): PlanStore {
  const exists = lookForTable(pool, 'cornac.plans')
  return {
    async keep(plan, options) {
      const { id, instance, verb, madeAtMs, files, hash } = { ...plan, ...plan.request, ...plan.totals }
      const values = [id, instance, verb, madeAtMs, files.count, files.bytes, hash, toDocument(plan)]
      const kept = await changeState(pool, KEEP, values, options)
      if (kept === 0) throw new Error(`another plan is kept under the id ${id}`)
    },
    async find(instance, id, options) {
      if (!(await exists(options))) return null
      const [row] = await askState(
        pool,
        `SELECT document FROM cornac.plans WHERE instance = $1 AND ($2 = 'last' OR id = $2)
          ORDER BY made_at DESC, id DESC LIMIT 1`,
        [instance, id],
        options,
      )
      return row === undefined ? null : (row[0] as Plan)
    },
    async list(instance, limit, options) {
      if (!(await exists(options))) return []
      const rows = await askState(
        pool,
        `SELECT p.id, p.verb, ${asMs('p.made_at')}, p.files::float8, p.bytes::float8, r.state
          FROM cornac.plans p LEFT JOIN cornac.runs r ON r.plan_id = p.id
          WHERE p.instance = $1 ORDER BY p.made_at DESC, p.id DESC LIMIT $2`,
        [instance, limit],
        options,
      )
      return rows.map(toLine)
    },
    async forget(instance, madeBeforeMs, options) {
      if (!(await exists(options))) return 0
      return changeState(
        pool,
        `DELETE FROM cornac.plans p WHERE instance = $1 AND made_at < to_timestamp($2::float8 / 1000)
          AND NOT EXISTS (SELECT 1 FROM cornac.runs r WHERE r.plan_id = p.id)`,
        [instance, madeBeforeMs],
        options,
      )
    },
  }
}

const KEEP = `
  INSERT INTO cornac.plans AS p (id, instance, verb, made_at, files, bytes, hash, document)
  VALUES ($1, $2, $3, to_timestamp($4::float8 / 1000), $5, $6, $7, $8)
  ON CONFLICT (id) DO UPDATE SET hash = excluded.hash WHERE p.hash = excluded.hash AND p.instance = excluded.instance`

/** Its hash has to fit when it is read again: a text that would be changed in the tables is refused. */
function toDocument(plan: Plan): string {
  return JSON.stringify(plan, (_, value: unknown) => {
    if (typeof value === 'string') refuseUnstorable(`plan ${plan.id}`, [value])
    return value
  })
}

function toLine(row: Row): PlanLine {
  const [id, verb, madeAtMs, count, bytes, run] = row as [
    ...[string, PlanVerb, number, number, number],
    RunState | null,
  ]
  return { id, verb, madeAtMs, files: { count, bytes }, run }
}

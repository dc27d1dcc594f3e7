/** The mark by which storage and our tables know each other. */
import type { Pool } from 'pg'
import type { CanaryStore } from '../../core/ports/plans.ts'
import { askState, changeState } from './explain-state.ts'
import { lookForTable } from './look-for-table.ts'

/** Opens nothing. Laying needs the tables. */
export function openCanaryStore(pool: Pool): CanaryStore {
  const exists = lookForTable(pool, 'cornac.canaries')
  return {
    async mark(instance, options) {
      if (!(await exists(options))) return null
      const text = 'SELECT mark FROM cornac.canaries WHERE instance = $1'
      const [row] = await askState(pool, text, [instance], options)
      return row === undefined ? null : (row[0] as string)
    },
    async lay(instance, mark, options) {
      await changeState(
        pool,
        `INSERT INTO cornac.canaries (instance, mark) VALUES ($1, $2)
          ON CONFLICT (instance) DO UPDATE SET mark = excluded.mark, laid_at = now()`,
        [instance, mark],
        options,
      )
    },
  }
}

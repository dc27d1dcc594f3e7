/** Whether a table of ours is there: before the set-up that makes it, everything in it reads as none. */
import type { Pool } from 'pg'
import type { CallOptions } from '../../core/ports/storage.ts'
import { askState } from './explain-state.ts'

/** Asks until it is there; once it is, it stays. @param table with its schema */
export function lookForTable(pool: Pool, table: string): (options?: CallOptions) => Promise<boolean> {
  let there = false
  return async (options) => {
    if (there) return true
    const [row] = await askState(pool, 'SELECT to_regclass($1) IS NOT NULL', [table], options)
    return (there = row?.[0] === true)
  }
}

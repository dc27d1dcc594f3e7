/** Rows in the order that spares the indexes most when they are changed. */
import type { SeenCandidate } from '../../core/model/prune-candidate.ts'

/** Rows of a stripe at least, unless there are fewer: a transaction costs as much as some fifty of them. */
const FEW_ROWS = 400
const STRIPES_AT_MOST = 16

/**
 * Stripes to be changed one after the other: each takes one row of every block of the table. A block is full, so its first row
 * that changes moves elsewhere and is entered into every index anew; what it leaves behind takes the next one, but only in a
 * later transaction, and then no index is touched (PostgreSQL: heap-only tuples). Inside a stripe the order stays.
 */
export function stripeRows(rows: readonly SeenCandidate[]): readonly (readonly SeenCandidate[])[] {
  if (rows.length <= FEW_ROWS) return rows.length === 0 ? [] : [rows]
  const turns = turnsInBlocks(rows)
  const count = countStripes(turns)
  const stripes: SeenCandidate[][] = Array.from({ length: count }, () => [])
  for (const [at, row] of rows.entries()) stripes[(turns[at] as number) % count]?.push(row)
  return stripes
}

/** For each row how many of its block come before it. */
function turnsInBlocks(rows: readonly SeenCandidate[]): readonly number[] {
  const next = new Map<string, number>()
  return rows.map(({ version: { ctid } }) => {
    const block = ctid.slice(1, ctid.indexOf(','))
    const turn = next.get(block) ?? 0
    next.set(block, turn + 1)
    return turn
  })
}

/** As many as most blocks have rows, if that leaves each of them enough. */
function countStripes(turns: readonly number[]): number {
  const sizes: number[] = []
  for (const turn of turns) sizes[turn] = (sizes[turn] ?? 0) + 1
  const [blocks = 0] = sizes
  const full = sizes.filter((size) => size >= blocks / 2).length
  return Math.max(1, Math.min(STRIPES_AT_MOST, full, Math.floor(turns.length / FEW_ROWS)))
}

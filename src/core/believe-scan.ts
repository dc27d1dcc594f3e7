/** Do storage and database belong together? Asked before what no row claims is called an orphan. */
import { KnownError } from './errors.ts'
import { ALL_KINDS, KINDS, type Kind } from './model/media.ts'
import type { ShardTotals } from './model/shard.ts'
import { BELIEVED_MISSING_SHARE, SHARES_FROM_FILES } from './plan/safety.ts'

/**
 * A scan of all kinds is believed if storage showed something, rows name something, and no kind misses too much.
 * @throws KnownError that says which of them is not so
 */
export function believeScan(totals: ShardTotals): void {
  const { objects, named } = totals
  if (objects === 0 && named > 0)
    throw disagreement(
      'storage-empty',
      `storage shows no file at all, and rows name ${named}`,
      'Check which storage the settings name, and whether it is mounted',
    )
  if (named === 0 && objects > 0)
    throw disagreement(
      'nothing-named',
      `the database names no file at all, and storage holds ${objects}`,
      'Check which database the settings name',
    )
  for (const kind of ALL_KINDS) believeKind(kind, totals)
}

function believeKind(kind: Kind, { findings, measured }: ShardTotals): void {
  const missing = findings[`${kind}/missing`]?.count ?? 0
  const there = ['local', 'remote'].reduce(
    (sum, where) => sum + (measured[`${kind}/${where}`]?.count ?? 0),
    0,
  )
  const named = missing + there
  if (named < SHARES_FROM_FILES || missing <= named * BELIEVED_MISSING_SHARE) return
  throw disagreement(
    'storage-mismatch',
    `storage does not hold ${missing} of the ${named} ${KINDS[kind].plural} that rows name, so the two may not belong together`,
    'Check which storage and database the settings name; if these files are really lost, bring them back first: cornac scan lists them, cornac heal fetches them',
  )
}

function disagreement(code: string, what: string, remedy: string): KnownError {
  return new KnownError({ code, what: `${what}: nothing is called an orphan`, remedy })
}

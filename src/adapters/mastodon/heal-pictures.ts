/** Avatars and headers of accounts. */
import type { HealTarget, PictureKind } from '../../core/model/heal-target.ts'
import { ask } from '../postgres/ask.ts'
import { askAhead } from './ask-ahead.ts'
import type { HealReading } from './heal-reading.ts'
import { accountTargetsById } from './queries/account-targets.ts'
import { accountTargets } from './to-targets.ts'

/** Pages under way besides the one the consumer has. Rows lie all over the table, and one connection waits for each. */
const PAGES_AHEAD = 3

/** Pages of targets in the order of the ids; an account's row is read once for both. */
export function pictureTargets(
  { pool, schema, options }: HealReading,
  kinds: readonly PictureKind[],
  pages: AsyncGenerator<string[]>,
): AsyncGenerator<HealTarget[]> {
  const text = accountTargetsById(kinds, schema)
  return askAhead(pages, PAGES_AHEAD, async (ids) => {
    const rows = await ask(pool, text, [ids], options)
    const byId = new Map(rows.map((row) => [row[0], row]))
    return ids.flatMap((id) => {
      const row = byId.get(id)
      return row === undefined ? [] : accountTargets(row, kinds)
    })
  })
}

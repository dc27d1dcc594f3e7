/** How many files remote rows name, kind by kind: what the shares of a prune are of. */
import type { Kind } from '../../core/model/media.ts'
import type { PruneKind } from '../../core/model/prune-policy.ts'
import { askAhead } from './ask-ahead.ts'
import { askPage } from './ask-page.ts'
import { rangesOf, type PruneReading } from './prune-reading.ts'
import { namedFiles } from './queries/named-files.ts'
import { filesOf, type KindsOfTable } from './queries/prunable-rows.ts'
import { ACCOUNT_EDGE, CARD_EDGE, EVERY_ATTACHMENT_EDGE } from './queries/prune-edges.ts'

/** Rows counted at once, for each row of a page: a count gives one line, however many rows it looks at. */
const PAGES_AT_ONCE = 10

/** Files of each kind asked for; `attachment` tells thumbnails as well. Statements of bounded work over every table asked for. */
export async function countNamed(
  reading: PruneReading,
  kinds: readonly PruneKind[],
): Promise<Readonly<Partial<Record<Kind, number>>>> {
  const pictures = (['avatar', 'header'] as const).filter((kind) => kinds.includes(kind))
  const [picture, ...more] = pictures
  return {
    ...(picture === undefined ? {} : await countTable(reading, [picture, ...more], ACCOUNT_EDGE)),
    ...(kinds.includes('attachment') ? await countTable(reading, ['attachment'], EVERY_ATTACHMENT_EDGE) : {}),
    ...(kinds.includes('card') ? await countTable(reading, ['card'], CARD_EDGE) : {}),
  }
}

async function countTable(
  reading: PruneReading,
  kinds: KindsOfTable,
  edge: string,
): Promise<Partial<Record<Kind, number>>> {
  const { pool, schema, sizes, options } = reading
  const files = filesOf(kinds) as readonly [Kind, ...Kind[]]
  const text = namedFiles(files, schema)
  const ranges = rangesOf({ ...reading, sizes: { ...sizes, rows: sizes.rows * PAGES_AT_ONCE } }, edge)
  const totals = files.map(() => 0)
  for await (const [row] of askAhead(ranges, 1, ({ from, to }) => askPage(pool, text, [from, to], options)))
    for (const [at, count] of (row as readonly number[]).entries()) totals[at] = (totals[at] ?? 0) + count
  return Object.fromEntries(files.map((kind, at) => [kind, totals[at]]))
}

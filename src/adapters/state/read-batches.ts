/** Batches read back one by one: each may hold thousands of rows. */
import type { Pool } from 'pg'
import type { Batch } from '../../core/model/run.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import type { Row } from '../postgres/ask.ts'
import { unpackContent, unpackOutcome, unpackPart } from './batch-content.ts'
import { askState } from './explain-state.ts'

const COLUMNS = 'b.run, b.number, b.state, b.content, b.outcome, b.part'

/** Open ones of every run of the instance that is not being taken back, in the order of their beginning. */
export async function* openBatches(
  pool: Pool,
  instance: string,
  options: CallOptions | undefined,
): AsyncGenerator<Batch> {
  let after = '0'
  for (;;) {
    const [row] = await askState(
      pool,
      `SELECT b.begun::text, ${COLUMNS} FROM cornac.run_batches b JOIN cornac.runs r ON r.id = b.run
        WHERE b.state = 'open' AND b.begun > $2::bigint AND r.instance = $1 AND r.state <> 'undoing'
        ORDER BY b.begun LIMIT 1`,
      [instance, after],
      options,
    )
    if (row === undefined) return
    after = row[0] as string
    yield await toBatch(row.slice(1))
  }
}

/** All of a run, begun last first. */
export async function* batchesOf(
  pool: Pool,
  run: string,
  options: CallOptions | undefined,
): AsyncGenerator<Batch> {
  let before: number | null = null
  for (;;) {
    const rows: readonly Row[] = await askState(
      pool,
      `SELECT ${COLUMNS} FROM cornac.run_batches b WHERE b.run = $1 AND ($2::int IS NULL OR b.number < $2::int)
        ORDER BY b.number DESC LIMIT 1`,
      [run, before],
      options,
    )
    if (rows[0] === undefined) return
    const batch = await toBatch(rows[0])
    before = batch.number
    yield batch
  }
}

async function toBatch(row: Row): Promise<Batch> {
  const [run, number, state, content, outcome, part] = row as [
    ...[string, number, Batch['state'], Buffer],
    ...[Buffer | null, Buffer | null],
  ]
  return {
    ...{ run, number, state },
    content: await unpackContent(content),
    outcome: outcome === null ? null : await unpackOutcome(outcome),
    part: part === null ? null : await unpackPart(part),
  }
}

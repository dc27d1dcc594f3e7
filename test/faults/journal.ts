/** What Cornac's own tables say, read past the program's queries. */
import type pg from 'pg'
import { unpackContent } from '../../src/adapters/state/batch-content.ts'

export interface OpenBatch {
  readonly run: string
  readonly number: number
  /** Every key it may take away. */
  readonly keys: readonly string[]
}

/** Batches that were begun and not brought to their end. None while there are no tables. */
export async function openBatchesIn(database: pg.Client): Promise<readonly OpenBatch[]> {
  if (!(await isSetUp(database))) return []
  const { rows } = await database.query<{ run: string; number: number; content: Buffer }>(
    `SELECT run, number, content FROM cornac.run_batches WHERE state = 'open' ORDER BY begun`,
  )
  return Promise.all(
    rows.map(async ({ run, number, content }) => ({ run, number, keys: await keysOf(content) })),
  )
}

/** Every key that any batch of these runs has named. */
export async function keysInJournal(
  database: pg.Client,
  runs: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await database.query<{ content: Buffer }>(
    'SELECT content FROM cornac.run_batches WHERE run = ANY($1)',
    [runs],
  )
  const keys = await Promise.all(rows.map(({ content }) => keysOf(content)))
  return new Set(keys.flat())
}

async function keysOf(bytes: Buffer): Promise<readonly string[]> {
  const content = await unpackContent(bytes)
  switch (content.of) {
    case 'rows':
      return content.candidates.flatMap(({ files }) => files.flatMap(({ keys }) => keys))
    case 'objects':
      return content.objects.map(({ key }) => key)
    case 'uploads':
    case 'versions':
      return []
  }
}

export interface RunRow {
  readonly id: string
  readonly state: string
  readonly rows: number
  readonly files: number
  readonly objects: number
  readonly refused: number
}

/** Runs begun after that moment, by the database's clock, the first first. */
export async function runsSince(database: pg.Client, since: Date): Promise<readonly RunRow[]> {
  const { rows } = await database.query<RunRow>(
    `SELECT id, state, (counts->>'rows')::int AS rows, (counts->'files'->>'count')::int AS files,
        (counts->>'objectsRemoved')::int + (counts->>'objectsMoved')::int AS objects, (counts->>'refused')::int AS refused
      FROM cornac.runs WHERE started_at >= $1 ORDER BY started_at`,
    [since],
  )
  return rows
}

/** The newest plan was made after that moment and can be applied, or gone on with. */
export async function planWaits(database: pg.Client, since: Date): Promise<boolean> {
  if (!(await isSetUp(database))) return false
  const { rows } = await database.query<{ waits: boolean }>(
    `SELECT p.made_at >= $1 AND coalesce(r.state IN ('running', 'stopped'), true) AS waits
      FROM cornac.plans p LEFT JOIN cornac.runs r ON r.plan_id = p.id ORDER BY p.made_at DESC, p.id DESC LIMIT 1`,
    [since],
  )
  return rows[0]?.waits === true
}

async function isSetUp(database: pg.Client): Promise<boolean> {
  const { rows } = await database.query<{ there: boolean }>(
    `SELECT to_regclass('cornac.plans') IS NOT NULL AS there`,
  )
  return rows[0]?.there === true
}

/** The database's clock: later than everything written so far. */
export async function databaseNow(database: pg.Client): Promise<Date> {
  const { rows } = await database.query<{ now: Date }>('SELECT clock_timestamp() AS now')
  return rows[0]?.now as Date
}

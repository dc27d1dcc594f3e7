/** What Cornac's own tables say, read past the program's queries. */
import assert from 'node:assert/strict'
import type pg from 'pg'
import { unpackContent, unpackOutcome, unpackPart } from '../../src/adapters/state/batch-content.ts'
import { keysOf as rowKeysOf } from '../../src/core/apply/batch-order.ts'
import { FEW_KEYS } from './open-small.ts'

export interface OpenBatch {
  readonly run: string
  readonly number: number
  /** Every key it may take away, in its own order. */
  readonly keys: readonly string[]
  /** Those of them that were not seen to, or refused: what the next run asks storage for. */
  readonly left: readonly string[]
}

/** Of the keys that the next run asks for, those that are gone already. @throws AssertionError if that is a whole batch */
export function repeatedOf(
  { keys, left }: OpenBatch,
  before: ReadonlySet<string>,
  now: ReadonlySet<string>,
  where: string,
): number {
  const repeated = left.filter((key) => before.has(key) && !now.has(key)).length
  const all = keys.filter((key) => before.has(key)).length
  if (keys.length > FEW_KEYS) assert.ok(repeated < all, `${where}: all ${all} keys of a batch go again`)
  return repeated
}

/** Batches that were begun and not brought to their end. None while there are no tables. */
export async function openBatchesIn(database: pg.Client): Promise<readonly OpenBatch[]> {
  if (!(await isSetUp(database))) return []
  const { rows } = await database.query<OpenRow>(
    `SELECT run, number, content, outcome, part FROM cornac.run_batches WHERE state = 'open' ORDER BY begun`,
  )
  return Promise.all(rows.map(toOpenBatch))
}

interface OpenRow {
  readonly run: string
  readonly number: number
  readonly content: Buffer
  readonly outcome: Buffer | null
  readonly part: Buffer | null
}

async function toOpenBatch({ run, number, content, outcome, part }: OpenRow): Promise<OpenBatch> {
  const keys = await keysOf(content)
  const seen = part === null ? null : await unpackPart(part)
  const told = seen ?? (outcome === null ? null : await unpackOutcome(outcome))
  const through = seen?.through ?? (outcome === null ? 0 : keys.length)
  const refused = new Set(told?.refused ?? [])
  return { run, number, keys, left: keys.filter((key, i) => i >= through || refused.has(key)) }
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
      return rowKeysOf(content.candidates)
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
    `SELECT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass('cornac.run_batches') AND attname = 'part')
      AS there`,
  )
  return rows[0]?.there === true
}

/** The database's clock: later than everything written so far. */
export async function databaseNow(database: pg.Client): Promise<Date> {
  const { rows } = await database.query<{ now: Date }>('SELECT clock_timestamp() AS now')
  return rows[0]?.now as Date
}

/**
 * Runs and their batches: written down before anything is touched, under the lease, and on the disk when it is said so.
 * Without the tables everything reads as none.
 */
import type { Pool } from 'pg'
import { NOTHING_DONE, type Run } from '../../core/model/run.ts'
import type { RunJournal } from '../../core/ports/plans.ts'
import type { Lease } from '../../core/ports/state.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { packContent, packOutcome, packPart } from './batch-content.ts'
import { askState } from './explain-state.ts'
import { forgetBatches } from './forget-batches.ts'
import { keepable } from './ledger-rows.ts'
import { lookForTable } from './look-for-table.ts'
import { batchesOf, openBatches } from './read-batches.ts'
import { refuseUnstorable } from './refuse-unstorable.ts'
import { RUN_COLUMNS, toRun } from './run-rows.ts'
import { writeUnderLease } from './under-lease.ts'

/** Opens nothing. Writing needs the tables. */
export function openRunJournal(pool: Pool): RunJournal {
  const exists = lookForTable(pool, 'cornac.run_batches')

  async function select(
    rest: string,
    values: readonly unknown[],
    options: CallOptions | undefined,
  ): Promise<readonly Run[]> {
    if (!(await exists(options))) return []
    const rows = await askState(pool, `SELECT ${RUN_COLUMNS} FROM cornac.runs ${rest}`, values, options)
    return rows.map(toRun)
  }

  /** @param what that must be there, for the error */
  async function write(
    what: string,
    lease: Lease,
    written: string,
    values: readonly unknown[],
  ): Promise<unknown> {
    const [row] = await writeUnderLease(pool, lease, { written, done: 'done' }, values)
    if (row?.[0] == null) throw new Error(`there is no ${what}`)
    return row[0]
  }

  return {
    async begin({ id, planId, verb, instance, startedAtMs, quarantine }, lease) {
      const counts = JSON.stringify(NOTHING_DONE)
      const wait = quarantine === null ? null : JSON.stringify(quarantine)
      const values = [id, planId, verb, instance, startedAtMs, counts, wait]
      const [row] = await writeUnderLease(pool, lease, { written: BEGIN, done: 'begun' }, values)
      if (row?.[0] == null) throw new Error(`the run ${id} is another plan’s`)
      return toRun(row)
    },
    async find(instance, id, options) {
      const [run] = await select(
        `WHERE instance = $1 AND ($2 = 'last' OR id = $2) ORDER BY started_at DESC, id DESC LIMIT 1`,
        [instance, id],
        options,
      )
      return run ?? null
    },
    async ofPlan(planId, options) {
      const [run] = await select('WHERE plan_id = $1', [planId], options)
      return run ?? null
    },
    list: (instance, limit, options) =>
      select('WHERE instance = $1 ORDER BY started_at DESC, id DESC LIMIT $2', [instance, limit], options),
    async openBatch(run, content, lease) {
      return (await write(`run ${run}`, lease, OPEN_BATCH, [run, await packContent(content)])) as number
    },
    async notePart(run, number, part, lease) {
      await write(
        `batch ${number} of ${run} that is open`,
        lease,
        `done AS (UPDATE cornac.run_batches SET part = $5::bytea
          WHERE run = $3 AND number = $4 AND state = 'open' AND EXISTS (SELECT 1 FROM held) RETURNING 1)`,
        [run, number, await packPart(part)],
      )
    },
    async closeBatch(run, number, { outcome, position, counts }, lease) {
      refuseUnstorable(`the position of ${run}`, position === null ? [] : [position])
      const state = outcome.refused.length === 0 ? 'done' : 'open'
      const values = [run, number, await packOutcome(outcome), position, JSON.stringify(counts), state]
      await write(`batch ${number} of ${run} that could be closed`, lease, CLOSE_BATCH, values)
    },
    async end(run, { state, because, atMs }, lease) {
      await write(
        `run ${run}`,
        lease,
        `done AS (UPDATE cornac.runs SET state = $4, stopped_because = $5, ended_at = to_timestamp($6::float8 / 1000)
          WHERE id = $3 AND EXISTS (SELECT 1 FROM held) RETURNING 1)`,
        [run, state, because === null ? null : keepable(because), atMs],
      )
    },
    async *openBatches(instance, options) {
      if (await exists(options)) yield* openBatches(pool, instance, options)
    },
    async *batches(run, options) {
      if (await exists(options)) yield* batchesOf(pool, run, options)
    },
    async batchUndone(run, number, lease) {
      await write(
        `batch ${number} of ${run}`,
        lease,
        `done AS (UPDATE cornac.run_batches SET state = 'undone'
          WHERE run = $3 AND number = $4 AND EXISTS (SELECT 1 FROM held) RETURNING 1)`,
        [run, number],
      )
    },
    quarantinesOver: (instance, nowMs, options) =>
      select(
        `WHERE instance = $1 AND NOT quarantine_emptied AND (quarantine->>'untilMs')::float8 <= $2 AND state <> 'undoing'
            AND NOT EXISTS (SELECT 1 FROM cornac.run_batches b WHERE b.run = runs.id AND b.state = 'open')
          ORDER BY started_at, id`,
        [instance, nowMs],
        options,
      ),
    async quarantineEmptied(run, lease) {
      await write(
        `run ${run}`,
        lease,
        `done AS (UPDATE cornac.runs SET quarantine_emptied = true
          WHERE id = $3 AND EXISTS (SELECT 1 FROM held) RETURNING 1)`,
        [run],
      )
    },
    async waitingElsewhere(instance, options) {
      if (!(await exists(options))) return []
      const rows = await askState(pool, WAITING_ELSEWHERE, [instance], options)
      return rows.map((row) => {
        const [name, open, quarantines] = row as [string, number, number]
        return { instance: name, open, quarantines }
      })
    },
    async forget(instance, endedBeforeMs, options) {
      return (await exists(options)) ? forgetBatches(pool, instance, endedBeforeMs, options) : 0
    },
  }
}

const WAITING_ELSEWHERE = `
  SELECT instance, (count(*) FILTER (WHERE open))::int, (count(*) FILTER (WHERE waits))::int FROM (
    SELECT instance, quarantine IS NOT NULL AND NOT quarantine_emptied AS waits, state IN ('running', 'undoing')
        OR EXISTS (SELECT 1 FROM cornac.run_batches b WHERE b.run = r.id AND b.state = 'open') AS open
      FROM cornac.runs r WHERE instance <> $1) others
    WHERE open OR waits GROUP BY instance ORDER BY instance`

/** What was moved already waits where the run began to put it: its quarantine stays. */
const BEGIN = `
  begun AS (
    INSERT INTO cornac.runs AS r (id, plan_id, verb, instance, state, started_at, attempts, counts, quarantine)
    SELECT $3, $4, $5, $6, 'running', to_timestamp($7::float8 / 1000), 1, $8::jsonb, $9::jsonb FROM held
    ON CONFLICT (id) DO UPDATE SET attempts = r.attempts + 1, state = 'running', ended_at = NULL, stopped_because = NULL,
      quarantine = coalesce(r.quarantine, excluded.quarantine)
    WHERE r.plan_id = excluded.plan_id AND r.instance = excluded.instance
    RETURNING ${RUN_COLUMNS})`

/** The number comes from the run's row, which makes those that come at once wait for each other. */
const OPEN_BATCH = `
  numbered AS (
    UPDATE cornac.runs SET batches = batches + 1 WHERE id = $3 AND EXISTS (SELECT 1 FROM held) RETURNING batches),
  done AS (
    INSERT INTO cornac.run_batches (run, number, state, content) SELECT $3, batches, 'open', $4::bytea FROM numbered
    RETURNING number)`

/**
 * Closing what is closed says the same again: the answer to the first may have been lost. A batch of which storage refused
 * something stays open, for the next run to try again.
 */
const CLOSE_BATCH = `
  closed AS (
    UPDATE cornac.run_batches SET state = $8, outcome = $5::bytea, part = NULL
    WHERE run = $3 AND number = $4 AND state IN ('open', 'done') AND EXISTS (SELECT 1 FROM held) RETURNING 1),
  done AS (
    UPDATE cornac.runs SET position = coalesce($6, position), counts = $7::jsonb
    WHERE id = $3 AND EXISTS (SELECT 1 FROM closed) RETURNING 1)`

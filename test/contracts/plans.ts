/**
 * The promises of `core/ports/plans.ts`, asked of real PostgreSQL, directly and through pgbouncer: what is planned, what is
 * half done whatever dies, which objects were seen before, and by what storage is known.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectDatabase, type DatabaseSettings } from '../../src/adapters/postgres/connect.ts'
import { transaction } from '../../src/adapters/postgres/transaction.ts'
import { openState } from '../../src/adapters/state/open-state.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { processIdentity } from '../../src/adapters/system/process-identity.ts'
import type { Plan, PlanDraft } from '../../src/core/model/plan.ts'
import type { PruneCandidate } from '../../src/core/model/prune-candidate.ts'
import {
  NOTHING_DONE,
  type Batch,
  type BatchContent,
  type BatchPart,
  type RunCounts,
} from '../../src/core/model/run.ts'
import { claimedKeys } from '../../src/core/model/storage-key.ts'
import { isIntact, sealPlan } from '../../src/core/plan/hash-plan.ts'
import type { BatchClosing, SeenOrphan, SightingScan } from '../../src/core/ports/plans.ts'
import type { Lease, OwnState } from '../../src/core/ports/state.ts'
import type { SkipOrRun } from '../needs.ts'
import type { HolderTask, RunStart } from './state-holder.ts'
import { cutConnections, known, type StateDatabase } from './state.ts'

/** Registers the suite; `open` gives a fresh database each time it is called. */
export function plansContract(name: string, { skip }: SkipOrRun, open: () => Promise<StateDatabase>): void {
  describe(`plans contract: ${name}`, { skip, concurrency: false }, () => {
    const opened: OwnState[] = []
    let database: StateDatabase

    /** As another process would open it; closed at the end of the test. */
    async function stateOf(settings: DatabaseSettings = database.settings): Promise<OwnState> {
      const state = openState(await connectDatabase({ ...settings, maxConnections: 4 }), {
        sameDatabase: false,
        description: 'a test',
        clock: systemClock,
        processes: processIdentity,
      })
      opened.push(state)
      return state
    }

    async function closeAll(): Promise<void> {
      for (const state of opened.splice(0)) await state.close()
    }

    describe('before the set-up', () => {
      const readsAsNone = async (state: OwnState): Promise<void> => {
        const { plans, runs, sightings, canaries } = state
        assert.deepEqual([await plans.find('a', 'last'), await plans.list('a', 9)], [null, []])
        assert.deepEqual([await runs.find('a', 'last'), await runs.ofPlan('p')], [null, null])
        assert.deepEqual([await runs.list('a', 9), await runs.quarantinesOver('a', NOW)], [[], []])
        assert.deepEqual(await runs.waitingElsewhere('a'), [])
        assert.deepEqual([await all(runs.openBatches('a')), await all(runs.batches('r'))], [[], []])
        assert.deepEqual([await plans.forget('a', NOW), await runs.forget('a', NOW)], [0, 0])
        assert.equal(await canaries.mark('a'), null)
        const nothing = { ripe: {}, waiting: {}, nextAtMs: null }
        assert.deepEqual(await sightings.totals('a', FIRST, 1), nothing)
        assert.deepEqual(await all(sightings.ripe('a', FIRST, 1, { after: '', size: 9 })), [])
        assert.equal(await sightings.complete('a', FIRST), 0)
        await sightings.forget('a', ['key'])
      }

      test('everything reads as none, also where only the first step was applied; writing says what to run', async () => {
        database = await open()
        try {
          const state = await stateOf()
          await readsAsNone(state)
          await state.setUp()
          await database.sql('ALTER TABLE cornac.run_batches DROP part')
          await database.sql('DELETE FROM cornac.migrations WHERE number = 3')
          assert.equal((await known(all((await stateOf()).runs.batches('r')))).code, 'state-too-old')
          assert.deepEqual(await state.setUp(), ['0003.sql'])
          for (const table of ['run_batches', 'runs', 'plans', 'orphan_sightings', 'canaries'])
            await database.sql(`DROP TABLE cornac.${table}`)
          await database.sql('DELETE FROM cornac.migrations WHERE number >= 2')
          await readsAsNone(state)
          const lease = await state.leases.take('destroy', 'a test')
          for (const denied of [
            () => state.plans.keep(planOf('p')),
            () => state.runs.begin(startOf('p'), lease),
            () => state.sightings.record('a', FIRST, [orphan('key')]),
            () => state.canaries.lay('a', 'mark'),
          ])
            assert.equal((await known(denied())).code, 'state-absent')
          assert.deepEqual(await state.setUp(), ['0002.sql', '0003.sql'])
          await state.plans.keep(planOf('p'))
          assert.equal((await state.plans.list('a', 9)).length, 1)
          await lease.release()
        } finally {
          await closeAll()
          await database.close()
        }
      })
    })

    describe('in use', () => {
      let number = 0
      before(async () => {
        database = await open()
        await (await stateOf()).setUp()
        await closeAll()
      })
      after(() => database.close())

      async function playing(work: (state: OwnState, lease: Lease) => Promise<void>): Promise<void> {
        const state = await stateOf()
        const lease = await state.leases.take(`lease-${number++}`, 'a test')
        try {
          await work(state, lease)
          await lease.release()
        } finally {
          await closeAll()
          await database.sql(
            'TRUNCATE cornac.plans, cornac.runs, cornac.run_batches, cornac.orphan_sightings, cornac.canaries',
          )
        }
      }

      function takeOver({ name }: Lease): Promise<unknown> {
        return database.sql('UPDATE cornac.leases SET token = token + 1 WHERE name = $1', [name])
      }

      /** Every row of the tables of runs, as text. */
      async function rowsOfRuns(): Promise<unknown> {
        return database.sql(
          `SELECT r::text AS row FROM cornac.runs r UNION ALL SELECT b::text FROM cornac.run_batches b ORDER BY 1`,
        )
      }

      /** Entries of the index of sightings that were read so far. What a connection read counts when it has ended. */
      async function sightingsRead(): Promise<number> {
        await cutConnections(database)
        const statement = `SELECT idx_tup_read::float8 AS read, (SELECT count(*)::int FROM pg_stat_activity
            WHERE datname = $1 AND pid <> pg_backend_pid()) AS connections
          FROM pg_stat_user_indexes WHERE indexrelname = 'orphan_sightings_pkey'`
        for (;;) {
          const [row] = await database.sql(statement, [database.name])
          if (row?.['connections'] === 0) return Number(row['read'])
          await sleep(20)
        }
      }

      describe('plans', () => {
        test('a plan is found as it was kept: its seal still fits', () =>
          playing(async ({ plans }) => {
            const plan = planOf('p', {
              named: {
                avatar: 9_007_199_254_740_991,
                header: 0.1,
                card: 5e-324,
                emoji: 1.7976931348623157e308,
              },
              samples: [
                ...['"', '\\u0000', 'é', 'e\u0301', '🐘', '\u0001\u007f\u2028', ''].map((key) => ({
                  ...{ kind: null, id: null, key, domain: null, bytes: null, quietSinceMs: 0.1 + 0.2 },
                })),
              ],
            })
            await plans.keep(plan)
            await plans.keep(plan)
            for (const id of ['p', 'last']) {
              const found = await plans.find('a', id)
              assert.deepEqual(found, plan)
              assert.ok(isIntact(found!))
            }
            assert.equal(await plans.find('a', 'q'), null)
            await assert.rejects(plans.keep(planOf('p')), /another plan is kept under the id p/)
            assert.deepEqual(await plans.find('a', 'p'), plan)
          }))

        test('a plan that would be read as another is refused', () =>
          playing(async ({ plans }) => {
            for (const text of ['a\0b', '\ud83d'])
              await assert.rejects(plans.keep(planOf('p', { schemaVersion: text })), /plan p .* cannot hold/)
            assert.deepEqual(await plans.list('a', 9), [])
          }))

        test('the newest comes first, with the state of its run; nobody sees another instance’s', () =>
          playing(async ({ plans, runs }, lease) => {
            for (const [id, madeAtMs] of Object.entries({ old: NOW, new: NOW + 2, mid: NOW + 1 }))
              await plans.keep(planOf(id, { madeAtMs }))
            await plans.keep(planOf('theirs', { instance: 'b', madeAtMs: NOW + 9 }))
            await runs.begin(startOf('mid'), lease)
            const files = { count: 3, bytes: 1e15 }
            const line = { verb: 'prune', files, run: null } as const
            assert.deepEqual(await plans.list('a', 2), [
              { ...line, id: 'new', madeAtMs: NOW + 2 },
              { ...line, id: 'mid', madeAtMs: NOW + 1, run: 'running' },
            ])
            assert.equal((await plans.list('a', 9)).length, 3)
            assert.equal((await plans.find('a', 'last'))?.id, 'new')
            assert.equal((await plans.find('b', 'last'))?.id, 'theirs')
            assert.equal(await plans.find('a', 'theirs'), null)
          }))

        test('those made before a moment that nobody applied are forgotten', () =>
          playing(async ({ plans, runs }, lease) => {
            for (const [id, madeAtMs] of Object.entries({ applied: NOW, before: NOW - 1, at: NOW }))
              await plans.keep(planOf(id, { madeAtMs }))
            await plans.keep(planOf('theirs', { instance: 'b', madeAtMs: 0 }))
            await runs.begin(startOf('applied'), lease)
            assert.equal(await plans.forget('a', NOW), 1)
            assert.equal(await plans.forget('a', NOW + 1), 1)
            assert.deepEqual(
              (await plans.list('a', 9)).map(({ id }) => id),
              ['applied'],
            )
            assert.equal((await plans.list('b', 9)).length, 1)
          }))
      })

      describe('runs', () => {
        test('a run begins, stops, goes on and ends; what it was given first stays', () =>
          playing(async ({ runs }, lease) => {
            const quarantine = { run: 'run-p', token: '00ff', untilMs: NOW + 5 }
            const start = { ...startOf('p'), quarantine }
            const begun = await runs.begin(start, lease)
            const fresh = { state: 'running', endedAtMs: null, attempts: 1, position: null } as const
            const expected = {
              ...{ ...start, ...fresh, counts: NOTHING_DONE, stoppedBecause: null },
              ...{ quarantineEmptied: false, forgotten: false },
            }
            assert.deepEqual(begun, expected)
            await runs.openBatch('run-p', ROWS, lease)
            await runs.closeBatch('run-p', 1, closing({ position: 'there', counts: COUNTS }), lease)
            const ended = { state: 'stopped', because: 'the time was up', atMs: NOW + 3 } as const
            await runs.end('run-p', ended, lease)
            const stopped = {
              ...{ ...expected, state: 'stopped', endedAtMs: NOW + 3, stoppedBecause: 'the time was up' },
              ...{ position: 'there', counts: COUNTS },
            }
            assert.deepEqual(await runs.find('a', 'run-p'), stopped)
            const other = { ...start, startedAtMs: NOW + 9, quarantine: { ...quarantine, token: '11' } }
            assert.deepEqual(await runs.begin(other, lease), {
              ...{ ...stopped, state: 'running', endedAtMs: null, stoppedBecause: null, attempts: 2 },
            })
            await runs.end('run-p', { state: 'done', because: null, atMs: NOW + 11 }, lease)
            const run = await runs.ofPlan('p')
            assert.deepEqual([run?.state, run?.endedAtMs, run?.attempts], ['done', NOW + 11, 2])
            await assert.rejects(runs.begin({ ...start, planId: 'q' }, lease), /run run-p is another plan’s/)
          }))

        test('the one begun last comes first; nobody sees another instance’s', () =>
          playing(async ({ runs }, lease) => {
            for (const [plan, startedAtMs] of Object.entries({ old: NOW, new: NOW + 2, mid: NOW + 1 }))
              await runs.begin({ ...startOf(plan), startedAtMs }, lease)
            await runs.begin({ ...startOf('theirs'), instance: 'b', startedAtMs: NOW + 9 }, lease)
            const ids = (await runs.list('a', 2)).map(({ id }) => id)
            assert.deepEqual(ids, ['run-new', 'run-mid'])
            assert.equal((await runs.find('a', 'last'))?.id, 'run-new')
            assert.equal((await runs.find('b', 'last'))?.id, 'run-theirs')
            assert.equal(await runs.find('a', 'run-theirs'), null)
            assert.equal((await runs.ofPlan('theirs'))?.instance, 'b')
            assert.equal(await runs.ofPlan('nobody’s'), null)
          }))

        test('what runs of other instances have left to do is told, by instance, and nothing that is over', () =>
          playing(async ({ runs }, lease) => {
            const begin = (plan: string, instance: string, quarantined = false) =>
              runs.begin(
                {
                  ...startOf(plan),
                  instance,
                  quarantine: quarantined ? { run: `run-${plan}`, token: 'aa', untilMs: NOW } : null,
                },
                lease,
              )
            const over = (plan: string) =>
              runs.end(`run-${plan}`, { state: 'done', because: null, atMs: NOW }, lease)
            await begin('running', 'b')
            await begin('over', 'b')
            await over('over')
            await begin('batch', 'b', true)
            await runs.openBatch('run-batch', ROWS, lease)
            await over('batch')
            await begin('moved', 'c', true)
            await over('moved')
            await begin('emptied', 'd', true)
            await over('emptied')
            await runs.quarantineEmptied('run-emptied', lease)
            assert.deepEqual(await runs.waitingElsewhere('a'), [
              { instance: 'b', open: 2, quarantines: 1 },
              { instance: 'c', open: 0, quarantines: 1 },
            ])
            assert.deepEqual(await runs.waitingElsewhere('b'), [{ instance: 'c', open: 0, quarantines: 1 }])
          }))

        test('a quarantine is over at its very moment, until it was emptied', () =>
          playing(async ({ runs }, lease) => {
            for (const [plan, untilMs] of Object.entries({ now: NOW, later: NOW + 1 }))
              await runs.begin(
                { ...startOf(plan), quarantine: { run: `run-${plan}`, token: 'aa', untilMs } },
                lease,
              )
            await runs.begin(startOf('none'), lease)
            const over = async (nowMs: number): Promise<string> =>
              (await runs.quarantinesOver('a', nowMs)).map(({ planId }) => planId).join()
            assert.deepEqual(
              [await over(NOW - 1), await over(NOW), await over(NOW + 1)],
              ['', 'now', 'later,now'],
            )
            assert.deepEqual(await runs.quarantinesOver('b', NOW + 1), [])
            await runs.end('run-now', { state: 'undoing', because: null, atMs: NOW }, lease)
            const batch = await runs.openBatch('run-later', ROWS, lease)
            assert.equal(await over(NOW + 1), '', 'of one being taken back, or with an open batch, it is not')
            await runs.end('run-now', { state: 'undone', because: null, atMs: NOW }, lease)
            await runs.closeBatch('run-later', batch, closing({}), lease)
            assert.equal(await over(NOW + 1), 'later,now')
            await runs.quarantineEmptied('run-now', lease)
            assert.equal(await over(NOW + 1), 'later')
            assert.equal((await runs.find('a', 'run-now'))?.quarantineEmptied, true)
          }))
      })

      describe('the journal of batches', () => {
        test('every sort of content is read back as it was, odd names too', () =>
          playing(async ({ runs }, lease) => {
            await runs.begin(startOf('p'), lease)
            const contents: BatchContent[] = [
              ROWS,
              { of: 'objects', objects: ODD_NAMES.map((key) => ({ key, bytes: 2 ** 52 })) },
              { of: 'uploads', uploads: ODD_NAMES.map((key) => ({ key, uploadId: key })) },
              { of: 'versions', versions: ODD_NAMES.map((key) => ({ key, versionId: key, bytes: 0 })) },
              { of: 'rows', candidates: [], touchedAtMs: null },
            ]
            for (const [i, content] of contents.entries())
              assert.equal(await runs.openBatch('run-p', content, lease), i + 1)
            const done = { leftAlone: ODD_NAMES, refused: [], refusedBecause: null }
            const refused = { ...done, refused: ODD_NAMES, refusedBecause: '\0' }
            await runs.closeBatch('run-p', 2, closing({ outcome: done }), lease)
            await runs.closeBatch('run-p', 3, closing({ outcome: refused }), lease)
            const states = [
              { state: 'open', outcome: null },
              { state: 'done', outcome: done },
            ] as const
            const found = (await all(runs.batches('run-p'))).reverse()
            assert.deepEqual(
              found,
              contents.map((content, i) => ({
                ...{ run: 'run-p', number: i + 1, content, part: null },
                ...(i === 2 ? { state: 'open', outcome: refused } : (states[i] ?? states[0])),
              })),
            )
          }))

        test('five thousand rows are one row of ours, which the database does not press again', () =>
          playing(async ({ runs }, lease) => {
            await runs.begin(startOf('p'), lease)
            const candidates = Array.from({ length: 5_000 }, (_, i) => candidate(String(i + 1)))
            const content = { of: 'rows', candidates, touchedAtMs: NOW } as const
            await runs.openBatch('run-p', content, lease)
            const rows = await database.sql(
              'SELECT octet_length(content) = pg_column_size(content) AS as_is FROM cornac.run_batches',
            )
            assert.deepEqual(rows, [{ as_is: true }])
            const storage = await database.sql(
              `SELECT attstorage::text FROM pg_attribute WHERE attrelid = 'cornac.run_batches'::regclass AND attname = 'content'`,
            )
            assert.deepEqual(storage, [{ attstorage: 'e' }])
            assert.deepEqual((await all(runs.batches('run-p')))[0]?.content, content)
          }))

        test('a batch is on the disk when it is said to be, also where the server answers before it has written', () =>
          playing(async ({ runs }, lease) => {
            await database.sql(`ALTER DATABASE "${database.name}" SET synchronous_commit = off`)
            await runs.begin(startOf('p'), lease)
            const fresh = await stateOf()
            await fresh.runs.list('a', 1)
            for (let round = 0; round < 8; round++) {
              const [before] = await database.sql('SELECT pg_current_wal_insert_lsn() AS lsn')
              const written = await fresh.runs.openBatch('run-p', ROWS, lease)
              const [now] = await database.sql(
                `SELECT pg_current_wal_flush_lsn() - $1::pg_lsn > octet_length(content) AS flushed
                  FROM cornac.run_batches WHERE number = $2`,
                [before?.['lsn'], written],
              )
              assert.deepEqual(now, { flushed: true })
            }
          }))

        test('an open batch is found after its process was killed', () =>
          playing(async (state) => {
            const lease = `killed-${number++}`
            const run = { start: startOf('p'), content: ROWS }
            await killedHolder({ settings: database.settings, lease, intents: [], run })
            assert.deepEqual(await all(state.runs.openBatches('a')), [
              { run: 'run-p', number: 1, state: 'open', content: ROWS, outcome: null, part: null },
            ])
            const next = await state.leases.take(lease, 'a test')
            assert.equal((await state.runs.begin(run.start, next)).attempts, 2)
            await state.runs.closeBatch('run-p', 1, closing({}), next)
            assert.deepEqual(await all(state.runs.openBatches('a')), [])
            await next.release()
          }))

        test('open ones come in the order of their beginning over all runs but those being taken back, a run’s own the last first', () =>
          playing(async ({ runs }, lease) => {
            for (const plan of ['p', 'q']) await runs.begin(startOf(plan), lease)
            await runs.begin({ ...startOf('theirs'), instance: 'b' }, lease)
            for (const run of ['run-q', 'run-p', 'run-theirs', 'run-q', 'run-p', 'run-q'])
              await runs.openBatch(run, ROWS, lease)
            await runs.closeBatch('run-q', 2, closing({}), lease)
            const found = await all(runs.openBatches('a'))
            assert.deepEqual(found.map(nameOf), ['run-q 1', 'run-p 1', 'run-p 2', 'run-q 3'])
            assert.deepEqual((await all(runs.openBatches('b'))).map(nameOf), ['run-theirs 1'])
            await runs.end('run-p', { state: 'undoing', because: null, atMs: NOW }, lease)
            assert.deepEqual((await all(runs.openBatches('a'))).map(nameOf), ['run-q 1', 'run-q 3'])
            await runs.end('run-p', { state: 'stopped', because: null, atMs: NOW }, lease)
            await runs.batchUndone('run-q', 2, lease)
            const own = await all(runs.batches('run-q'))
            assert.deepEqual(
              own.map(({ number: one, state }) => [one, state]),
              [
                [3, 'open'],
                [2, 'undone'],
                [1, 'open'],
              ],
            )
            // As recovery does: closing while reading skips nothing.
            let closed = 0
            for await (const batch of runs.openBatches('a')) {
              await runs.closeBatch(batch.run, batch.number, closing({}), lease)
              closed++
            }
            assert.equal(closed, 4)
          }))

        test('of batches opened at the same moment each has a number of its own, without gaps', () =>
          playing(async ({ runs }, lease) => {
            await runs.begin(startOf('p'), lease)
            const numbers = await Promise.all(
              Array.from({ length: 12 }, () => runs.openBatch('run-p', ROWS, lease)),
            )
            assert.deepEqual(
              numbers.sort((a, b) => a - b),
              Array.from({ length: 12 }, (_, i) => i + 1),
            )
          }))

        test('closing moves the run on in the same moment; again says the same; a position of none keeps the old', () =>
          playing(async ({ runs }, lease) => {
            await runs.begin(startOf('p'), lease)
            for (const position of ['1', '2']) {
              const batch = await runs.openBatch('run-p', ROWS, lease)
              await runs.closeBatch('run-p', batch, closing({ position, counts: COUNTS }), lease)
            }
            const twice = { ...closing({ counts: { ...COUNTS, rows: 8 } }), position: null }
            await runs.closeBatch('run-p', 2, twice, lease)
            const run = await runs.find('a', 'run-p')
            assert.deepEqual([run?.position, run?.counts], ['2', { ...COUNTS, rows: 8 }])
            await runs.batchUndone('run-p', 2, lease)
            const before = await rowsOfRuns()
            for (const absent of [2, 3])
              await assert.rejects(runs.closeBatch('run-p', absent, closing({}), lease), /there is no batch/)
            await assert.rejects(runs.openBatch('run-q', ROWS, lease), /there is no run run-q/)
            await assert.rejects(
              runs.closeBatch('run-p', 1, closing({ position: '\ud83d' }), lease),
              /cannot hold/,
            )
            assert.deepEqual(await rowsOfRuns(), before)
          }))

        test('what storage refused a part of stays open, until a later try is refused nothing', () =>
          playing(async ({ runs }, lease) => {
            await runs.begin(startOf('p'), lease)
            await runs.openBatch('run-p', ROWS, lease)
            const outcome = { leftAlone: ['1'], refused: ['a', 'b'], refusedBecause: 'AccessDenied' }
            const refused = closing({ outcome, position: 'next', counts: COUNTS })
            await runs.closeBatch('run-p', 1, refused, lease)
            const open = { run: 'run-p', number: 1, state: 'open', content: ROWS, part: null }
            assert.deepEqual(await all(runs.openBatches('a')), [{ ...open, outcome }])
            const run = await runs.find('a', 'run-p')
            assert.deepEqual([run?.position, run?.counts], ['next', COUNTS])
            await runs.end('run-p', { state: 'done', because: null, atMs: NOW - 1 }, lease)
            await runs.forget('a', NOW)
            assert.equal((await all(runs.openBatches('a'))).length, 1)
            const fewer = { ...outcome, refused: ['b'] }
            await runs.closeBatch('run-p', 1, closing({ outcome: fewer }), lease)
            assert.deepEqual(await all(runs.openBatches('a')), [{ ...open, outcome: fewer }])
            await runs.closeBatch('run-p', 1, closing({}), lease)
            assert.deepEqual(await all(runs.openBatches('a')), [])
          }))

        test('what came of a batch’s beginning is known to whoever finds it open, the last note only, and not once it is closed', () =>
          playing(async ({ runs }, lease) => {
            await runs.begin(startOf('p'), lease)
            for (const _ of [1, 2]) await runs.openBatch('run-p', ROWS, lease)
            const parts = async () => (await all(runs.openBatches('a'))).map(({ part }) => part)
            assert.deepEqual(await parts(), [null, null])
            await runs.notePart('run-p', 2, partOf(3), lease)
            assert.deepEqual(await parts(), [null, partOf(3)])
            await runs.notePart('run-p', 2, partOf(4), lease)
            assert.deepEqual(await parts(), [null, partOf(4)])
            assert.deepEqual((await all(runs.batches('run-p')))[0]?.part, partOf(4))
            const outcome = { leftAlone: [], refused: ['a'], refusedBecause: 'AccessDenied' }
            await runs.closeBatch('run-p', 2, closing({ outcome }), lease)
            assert.deepEqual(await parts(), [null, null])
            await runs.notePart('run-p', 2, partOf(5), lease)
            const [, again] = await all(runs.openBatches('a'))
            assert.deepEqual([again?.outcome, again?.part], [outcome, partOf(5)])
            await runs.closeBatch('run-p', 2, closing({}), lease)
            await runs.batchUndone('run-p', 1, lease)
            const before = await rowsOfRuns()
            for (const closed of [1, 2, 3])
              await assert.rejects(
                runs.notePart('run-p', closed, partOf(6), lease),
                new RegExp(`there is no batch ${closed} of run-p that is open`),
              )
            assert.deepEqual(await rowsOfRuns(), before)
          }))

        test('without the lease nothing is written, whoever writes', () =>
          playing(async ({ runs }, lease) => {
            await runs.begin(startOf('p'), lease)
            await runs.openBatch('run-p', ROWS, lease)
            await runs.openBatch('run-p', ROWS, lease)
            await runs.closeBatch('run-p', 2, closing({}), lease)
            await takeOver(lease)
            const before = await rowsOfRuns()
            for (const write of [
              () => runs.begin(startOf('p'), lease),
              () => runs.begin(startOf('q'), lease),
              () => runs.openBatch('run-p', ROWS, lease),
              () => runs.openBatch('absent', ROWS, lease),
              () => runs.notePart('run-p', 1, partOf(3), lease),
              () => runs.closeBatch('run-p', 1, closing({ position: 'x' }), lease),
              () => runs.batchUndone('run-p', 2, lease),
              () => runs.end('run-p', { state: 'done', because: null, atMs: NOW }, lease),
              () => runs.quarantineEmptied('run-p', lease),
            ])
              assert.equal((await known(write())).code, 'lease-lost')
            assert.deepEqual(await rowsOfRuns(), before)
          }))

        test('a batch that waits behind a takeover is not written', () =>
          playing(async ({ runs }, lease) => {
            await runs.begin(startOf('p'), lease)
            await using stack = new AsyncDisposableStack()
            const pool = stack.adopt(await connectDatabase(database.settings), (opened) => opened.end())
            let waiting: Promise<unknown> | undefined
            await transaction(pool, async (client) => {
              await client.query('UPDATE cornac.leases SET token = token + 1 WHERE name = $1', [lease.name])
              waiting = runs.openBatch('run-p', ROWS, lease)
              waiting.catch(() => {})
              await sleep(150)
            })
            assert.equal((await known(waiting!)).code, 'lease-lost')
            assert.deepEqual(await all(runs.batches('run-p')), [])
          }))

        test('a lease that was given back, or noticed as lost, writes nothing either', () =>
          playing(async (state, lease) => {
            const { runs, leases } = state
            await runs.begin(startOf('p'), lease)
            const other = await leases.take(`other-${number++}`, 'a test')
            await other.release()
            assert.equal((await known(runs.openBatch('run-p', ROWS, other))).code, 'lease-lost')
            const stopped = { ...lease, signal: AbortSignal.abort(new Error('noticed')) }
            await assert.rejects(runs.openBatch('run-p', ROWS, stopped), /noticed/)
            assert.deepEqual(await all(runs.batches('run-p')), [])
          }))

        test('batches of runs that ended before are forgotten; what is open, or at work, stays', () =>
          playing(async ({ runs }, lease) => {
            for (const plan of ['done', 'later', 'working', 'half', 'undoing']) {
              const { id } = await runs.begin(startOf(plan), lease)
              for (const batch of [1, 2]) {
                await runs.openBatch(id, ROWS, lease)
                if (batch === 1 || plan !== 'half') await runs.closeBatch(id, batch, closing({}), lease)
              }
              if (plan === 'working') continue
              const state = plan === 'half' ? 'stopped' : plan === 'undoing' ? 'undoing' : 'done'
              await runs.end(id, { state, because: null, atMs: plan === 'later' ? NOW : NOW - 1 }, lease)
            }
            await runs.begin({ ...startOf('theirs'), instance: 'b' }, lease)
            await runs.end('run-theirs', { state: 'done', because: null, atMs: 0 }, lease)
            assert.equal(await runs.forget('a', NOW), 2)
            assert.equal(await runs.forget('a', NOW), 0)
            const kept: Record<string, readonly [boolean, number]> = {}
            for (const { planId, id, forgotten } of await runs.list('a', 9))
              kept[planId] = [forgotten, (await all(runs.batches(id))).length]
            assert.deepEqual(kept, {
              done: [true, 0],
              half: [true, 1],
              later: [false, 2],
              working: [false, 2],
              undoing: [false, 2],
            })
            assert.equal((await runs.find('b', 'last'))?.forgotten, false)
            await runs.begin(startOf('done'), lease)
            assert.equal(await runs.openBatch('run-done', ROWS, lease), 3, 'numbers are not used again')
            await runs.closeBatch('run-done', 3, closing({}), lease)
            await runs.end('run-done', { state: 'done', because: null, atMs: NOW - 1 }, lease)
            assert.equal(await runs.forget('a', NOW), 1, 'what came after it was forgotten')
          }))

        test('an aborted reading ends', () =>
          playing(async ({ runs }, lease) => {
            await runs.begin(startOf('p'), lease)
            for (let i = 0; i < 3; i++) await runs.openBatch('run-p', ROWS, lease)
            for (const read of [runs.openBatches.bind(null, 'a'), runs.batches.bind(null, 'run-p')]) {
              const stop = new AbortController()
              let seen = 0
              const reading = (async () => {
                for await (const _ of read({ signal: stop.signal }))
                  if (++seen === 2) stop.abort(new Error('stop'))
              })()
              await assert.rejects(reading, /stop/)
              assert.equal(seen, 2)
            }
          }))
      })

      describe('orphans seen', () => {
        const grace = SECOND.startedAtMs - FIRST.startedAtMs
        const ripeKeys = async (
          { sightings }: OwnState,
          scan: SightingScan,
          graceMs: number,
          page = { after: '', size: 100 },
        ): Promise<string[]> =>
          (await all(sightings.ripe('a', scan, graceMs, page))).flat().map(({ key }) => key)

        test('an object is ripe if another scan saw it exactly the grace before, and not a millisecond less', () =>
          playing(async (state) => {
            const { sightings } = state
            const objects = [orphan('b', 5), orphan('a', 7), orphan('c', 1, 'header')]
            await sightings.record('a', FIRST, objects)
            assert.deepEqual(await ripeKeys(state, FIRST, 0), [], 'one scan alone is not enough')
            assert.deepEqual(await sightings.totals('a', FIRST, grace), {
              ripe: {},
              waiting: { avatar: { count: 2, bytes: 12 }, header: { count: 1, bytes: 1 } },
              nextAtMs: SECOND.startedAtMs,
            })
            await sightings.record('a', SECOND, objects)
            assert.deepEqual(await ripeKeys(state, SECOND, grace), ['a', 'b', 'c'])
            assert.deepEqual(await ripeKeys(state, SECOND, grace + 1), [])
            assert.deepEqual(await ripeKeys(state, FIRST, 0), [], 'it was not this scan that saw them last')
            assert.deepEqual(await sightings.totals('a', SECOND, grace), {
              ripe: { avatar: { count: 2, bytes: 12 }, header: { count: 1, bytes: 1 } },
              waiting: {},
              nextAtMs: null,
            })
            const { waiting, nextAtMs } = await sightings.totals('a', SECOND, grace + 1)
            assert.deepEqual([waiting.avatar?.count, nextAtMs], [2, SECOND.startedAtMs + 1])
            assert.deepEqual((await all(sightings.ripe('a', SECOND, grace, { after: '', size: 9 }))).flat(), [
              orphan('a', 7),
              orphan('b', 5),
              orphan('c', 1, 'header'),
            ])
          }))

        test('another size or time begins anew; a scan that tells twice changes nothing', () =>
          playing(async (state) => {
            const { sightings } = state
            const old = ['same', 'larger', 'newer'].map((key) => ({ ...orphan(key), modifiedAtMs: 1.25 }))
            await sightings.record('a', FIRST, old)
            const seen = old.map((object) => ({
              ...object,
              bytes: object.key === 'larger' ? 2 : object.bytes,
              modifiedAtMs: object.key === 'newer' ? 1.26 : 1.25,
            }))
            await sightings.record('a', SECOND, [...seen, orphan('twice'), orphan('twice')])
            await sightings.record('a', SECOND, seen)
            assert.deepEqual(await ripeKeys(state, SECOND, grace), ['same'])
            const { waiting, nextAtMs } = await sightings.totals('a', SECOND, grace)
            assert.deepEqual([waiting.avatar?.count, nextAtMs], [3, SECOND.startedAtMs + grace])
            const third = { id: '3', startedAtMs: SECOND.startedAtMs + grace }
            await sightings.record('a', third, seen)
            assert.deepEqual(await ripeKeys(state, third, grace), ['larger', 'newer', 'same'])
            assert.deepEqual(await ripeKeys(state, third, 2 * grace), ['same'])
          }))

        test('what a scan saw whose clock was ahead counts from the next scan on', () =>
          playing(async (state) => {
            const { sightings } = state
            const ahead = { id: '0', startedAtMs: SECOND.startedAtMs + 365 * 86_400_000 }
            await sightings.record('a', ahead, [orphan('a')])
            await sightings.record('a', FIRST, [orphan('a')])
            assert.deepEqual(await ripeKeys(state, FIRST, 0), [])
            assert.equal((await sightings.totals('a', FIRST, grace)).nextAtMs, SECOND.startedAtMs)
            await sightings.record('a', SECOND, [orphan('a')])
            assert.deepEqual(await ripeKeys(state, SECOND, grace), ['a'])
          }))

        test('a completed scan forgets what it did not see, of its instance, however much', () =>
          playing(async (state) => {
            const { sightings } = state
            await sightings.record('a', FIRST, [orphan('claimed'), orphan('still')])
            await sightings.record('b', FIRST, [orphan('theirs')])
            await database.sql(
              `INSERT INTO cornac.orphan_sightings SELECT 'a', 'many/' || n, 'avatar', 1, 1, '1', now(), '1', now()
                FROM generate_series(1, 25000) n`,
            )
            await sightings.record('a', SECOND, [orphan('still')])
            assert.equal(await sightings.complete('a', SECOND), 25_001)
            assert.equal(await sightings.complete('a', SECOND), 0)
            assert.deepEqual(
              await database.sql('SELECT instance, key FROM cornac.orphan_sightings ORDER BY 1'),
              [
                { instance: 'a', key: 'still' },
                { instance: 'b', key: 'theirs' },
              ],
            )
            await sightings.record('a', { id: '3', startedAtMs: NOW * 2 }, [orphan('claimed')])
            assert.deepEqual(await ripeKeys(state, { id: '3', startedAtMs: NOW * 2 }, 1), [], 'seen anew')
          }))

        test('pages go in the order of bytes, from where they are asked to, and are full but for the last', () =>
          playing(async (state) => {
            const { sightings } = state
            const keys = [
              'a',
              'B',
              'ä',
              'z/1',
              'z-1',
              '\uffee',
              '🐘',
              `"{a,b}' \\ NULL`,
              'null',
              '\u0001',
              ' ',
            ]
            for (const scan of [FIRST, SECOND])
              await sightings.record(
                'a',
                scan,
                keys.map((key) => orphan(key)),
              )
            const inOrder = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
            const pages = await all(sightings.ripe('a', SECOND, grace, { after: '', size: 4 }))
            assert.deepEqual(
              pages.map((page) => page.length),
              [4, 4, 3],
            )
            assert.deepEqual(
              pages.flat().map(({ key }) => key),
              inOrder,
            )
            const rest = await ripeKeys(state, SECOND, grace, { after: inOrder[6]!, size: 2 })
            assert.deepEqual(rest, inOrder.slice(7))
          }))

        test('a page costs a page, also of a table that was filled a moment ago', () =>
          playing(async (state) => {
            await database.sql(
              `INSERT INTO cornac.orphan_sightings SELECT 'a', 'many/' || n, 'avatar', 1, 1, '1', to_timestamp(1), $1,
                to_timestamp($2::float8 / 1000) FROM generate_series(1, 60000) n`,
              [SECOND.id, SECOND.startedAtMs],
            )
            const before = await sightingsRead()
            let pages = 0
            for await (const page of state.sightings.ripe('a', SECOND, grace, { after: '', size: 100 }))
              pages += page.length / 100
            assert.equal(pages, 600)
            const read = (await sightingsRead()) - before
            assert.ok(read >= 60_000 && read < 120_000, `${read} entries of the index were read`)
          }))

        test('what is told to be gone is forgotten; names that cannot be kept are refused', () =>
          playing(async (state) => {
            const { sightings } = state
            for (const scan of [FIRST, SECOND])
              await sightings.record('a', scan, [orphan('a'), orphan('b'), orphan('{"')])
            await sightings.record('b', FIRST, [orphan('a')])
            await sightings.forget('a', ['a', '{"', 'absent'])
            await sightings.forget('a', [])
            await sightings.record('a', SECOND, [])
            assert.deepEqual(await ripeKeys(state, SECOND, grace), ['b'])
            for (const key of ['a\0b', '\ud83d']) {
              const refused = sightings.record('a', SECOND, [orphan('c'), orphan(key)])
              await assert.rejects(refused, /the scan 2 has a name that PostgreSQL cannot hold/)
              await assert.rejects(sightings.forget('a', [key]), /cannot hold/)
            }
            const [left] = await database.sql('SELECT count(*)::int AS count FROM cornac.orphan_sightings')
            assert.deepEqual(left, { count: 2 })
          }))

        test('shards that tell at once do not stand in each other’s way', () =>
          playing(async (state) => {
            const objects = Array.from({ length: 2_000 }, (_, i) => orphan(`k/${i}`))
            for (const scan of [FIRST, SECOND])
              await Promise.all(
                [objects, objects.toReversed(), objects, objects.toReversed()].map((some) =>
                  state.sightings.record('a', scan, some),
                ),
              )
            assert.equal((await state.sightings.totals('a', SECOND, grace)).ripe.avatar?.count, 2_000)
          }))
      })

      test('the mark is laid, replaced, and another instance’s is another', () =>
        playing(async ({ canaries }) => {
          assert.equal(await canaries.mark('a'), null)
          await canaries.lay('a', 'one')
          await canaries.lay('b', 'two')
          assert.deepEqual([await canaries.mark('a'), await canaries.mark('b')], ['one', 'two'])
          await canaries.lay('a', 'three')
          assert.deepEqual([await canaries.mark('a'), await canaries.mark('b')], ['three', 'two'])
        }))
    })
  })
}

const NOW = 1_790_000_000_123
const FIRST: SightingScan = { id: '1', startedAtMs: NOW }
const SECOND: SightingScan = { id: '2', startedAtMs: NOW + 86_400_001 }

const ODD_NAMES = ['', '"', `{a,b} \\ 'x' NULL`, '日本🐘', '\u0001', 'a\0b', '\ud83d', 'e\u0301']

const COUNTS: RunCounts = {
  ...{ rows: 7, files: { count: 8, bytes: 2 ** 50 }, byKind: { avatar: { count: 8, bytes: 2 ** 50 } } },
  ...{ objectsRemoved: 1, objectsMoved: 2, changed: 3, refused: 4 },
}

const ROWS: BatchContent = {
  of: 'rows',
  candidates: ['1', '9223372036854775807', '-99'].map(candidate),
  touchedAtMs: NOW,
}

function candidate(id: string): PruneCandidate {
  const record = {
    ...({ kind: 'avatar', id, remote: true, domain: 'a.example', fileName: `${id}🐘.png` } as const),
    ...{ contentType: 'image/gif', bytes: 5, assignedAtMs: NOW, storageVersion: 1, hidden: false },
    remoteUrl: `https://a.example/${Math.random()}.gif`,
  }
  const keys = claimedKeys(record).map(({ key }) => key)
  return {
    ...({ table: 'accounts', id, rowUpdatedAt: '2026-01-31 23:59:59.000001' } as const),
    files: [
      { record, assignedAt: '2026-01-30 23:59:59.999999', keys },
      { record: { ...record, kind: 'header', domain: null }, assignedAt: null, keys: ODD_NAMES },
    ],
    ...{ quietSinceMs: NOW - 1, domain: 'a.example', bytes: 10 },
  }
}

function planOf(id: string, parts: Partial<PlanDraft> = {}): Plan {
  return sealPlan({
    ...{ format: 1, id, instance: 'a', madeAtMs: NOW, schemaVersion: '20260601000000' },
    request: {
      verb: 'prune',
      policy: {
        ...{ preset: 'cornac', kinds: ['avatar'], cutoffMs: 1, madeAtMs: 2, includeFollows: false },
        ...{ keepInteracted: true, linkOnly: false, domain: null },
      },
    },
    totals: {
      ...{ rows: 2, files: { count: 3, bytes: 1e15 }, byKind: { avatar: { count: 3, bytes: 1e15 } } },
      ...{ topDomains: [{ domain: 'ümläut.example', count: 3, bytes: 11 }], byAge: [] },
    },
    named: {},
    samples: [],
    cost: { requests: { list: 0, copy: 0, remove: 1 }, money: { once: 0.00000012, savedMonthly: 0.1 } },
    caps: [],
    ...parts,
  })
}

function startOf(planId: string): RunStart {
  const id = `run-${planId}`
  return { id, planId, verb: 'prune', instance: 'a', startedAtMs: NOW, quarantine: null }
}

function closing(parts: Partial<BatchClosing>): BatchClosing {
  const outcome = { leftAlone: [], refused: [], refusedBecause: null }
  return { outcome, position: null, counts: NOTHING_DONE, ...parts }
}

function partOf(through: number): BatchPart {
  return { through, gone: through - 1, leftAlone: ODD_NAMES, refused: ODD_NAMES, refusedBecause: '\0' }
}

function orphan(key: string, bytes = 1, kind: SeenOrphan['kind'] = 'avatar'): SeenOrphan {
  return { key, bytes, kind, modifiedAtMs: 1_700_000_000_000.123 }
}

function nameOf({ run, number }: Batch): string {
  return `${run} ${number}`
}

async function all<T>(things: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const thing of things) list.push(thing)
  return list
}

/** Another process that did what the task says, and was killed then. */
async function killedHolder(task: HolderTask): Promise<void> {
  const script = new URL('state-holder.ts', import.meta.url).pathname
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const child = spawn(process.execPath, [script, JSON.stringify(task)], { stdio: [...stdio] })
  const ended = once(child, 'exit')
  await once(child.stdout!, 'data')
  child.kill('SIGKILL')
  await ended
}

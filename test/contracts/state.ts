/**
 * The promises of `OwnState` in `core/ports/state.ts`, asked of real PostgreSQL, directly and through pgbouncer: who works,
 * what is half done, and who said no, whatever dies, stands still or arrives at the same moment.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import type { Pool } from 'pg'
import { connectDatabase, type DatabaseSettings } from '../../src/adapters/postgres/connect.ts'
import { transaction } from '../../src/adapters/postgres/transaction.ts'
import { openState } from '../../src/adapters/state/open-state.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { processIdentity } from '../../src/adapters/system/process-identity.ts'
import { KnownError } from '../../src/core/errors.ts'
import type { Clock, ProcessIdentity } from '../../src/core/ports/runtime.ts'
import type {
  HealIntent,
  HealJournal,
  HostEntry,
  KnownIntent,
  Lease,
  Ledger,
  LedgerEntry,
  LedgerFilter,
  OwnState,
} from '../../src/core/ports/state.ts'
import type { SkipOrRun } from '../needs.ts'
import type { HolderSays, HolderTask } from './state-holder.ts'

/** Long enough for a busy machine to beat in, short enough to wait for. */
const TERM_MS = 1_200

/** One fresh, empty database, and ways to it. */
export interface StateDatabase {
  readonly name: string
  /** As its owner. */
  readonly settings: DatabaseSettings
  /** As a role that may connect, and nothing else until somebody grants it. */
  readonly guest: DatabaseSettings
  /** One statement as the superuser, past everything in between. */
  sql(text: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>
  close(): Promise<void>
}

interface Overrides {
  readonly clock?: Clock
  readonly processes?: ProcessIdentity
  readonly leaseTermMs?: number
  readonly sameDatabase?: boolean
  readonly settings?: DatabaseSettings
}

/** Registers the suite; `open` gives a fresh database each time it is called. */
export function stateContract(name: string, { skip }: SkipOrRun, open: () => Promise<StateDatabase>): void {
  describe(`state contract: ${name}`, { skip, concurrency: false }, () => {
    const opened: OwnState[] = []

    /** As another process would open it; closed at the end of the test. */
    async function stateOf(database: StateDatabase, overrides: Overrides = {}): Promise<OwnState> {
      const pool = await connectDatabase({ ...(overrides.settings ?? database.settings), maxConnections: 4 })
      const state = openState(pool, {
        sameDatabase: true,
        description: 'a test',
        clock: systemClock,
        processes: processIdentity,
        ...overrides,
      })
      opened.push(state)
      return state
    }

    async function closeAll(): Promise<void> {
      for (const state of opened.splice(0)) await state.close()
    }

    describe('the schema', () => {
      let database: StateDatabase

      async function onFresh(work: () => Promise<void>): Promise<void> {
        database = await open()
        try {
          await work()
        } finally {
          await closeAll()
          await database.close()
        }
      }

      test('opening and asking for the version makes nothing', () =>
        onFresh(async () => {
          const state = await stateOf(database)
          const { applied, known } = await state.version()
          assert.equal(applied, 0)
          assert.ok(known >= 1)
          assert.deepEqual(await database.sql(`SELECT 1 FROM pg_namespace WHERE nspname = 'cornac'`), [])
        }))

      test('of many set-ups at once each migration is applied by one, and all succeed', () =>
        onFresh(async () => {
          const states = await Promise.all(Array.from({ length: 6 }, () => stateOf(database)))
          // Each connection has seen that there is no schema, and could go on believing it.
          await Promise.all(states.map((state) => state.version()))
          const applied = (await Promise.all(states.map((state) => state.setUp()))).flat()
          assert.deepEqual(applied, [...new Set(applied)])
          const [first] = states
          const { applied: newest, known } = await first!.version()
          assert.deepEqual([newest, applied.length], [known, known])
          assert.deepEqual(await first!.setUp(), [])
        }))

      test('one connection that remembers that there is none finds the schema another has made meanwhile', () =>
        onFresh(async () => {
          const other = await stateOf(database)
          const one = await connectDatabase({ ...database.settings, maxConnections: 1 })
          const state = openState(one, {
            sameDatabase: true,
            description: 'a test',
            clock: systemClock,
            processes: processIdentity,
          })
          opened.push(state)
          await one.query(`SELECT to_regnamespace('cornac')`)
          const [mine, others] = await Promise.all([state.setUp(), other.setUp()])
          assert.equal(mine.length + others.length, (await state.version()).known)
        }))

      test('without the right to make it everything reads as empty, and setting up says what to grant', () =>
        onFresh(async () => {
          const state = await stateOf(database, { settings: database.guest })
          const { ledger, leases } = state
          assert.equal(await ledger.exists(), false)
          assert.equal((await ledger.recall('avatar', ['1'])).size, 0)
          assert.deepEqual(await all(ledger, {}), [])
          assert.deepEqual(
            [await ledger.counts(), await ledger.hosts(), await leases.holders()],
            [[], [], []],
          )
          assert.deepEqual(await ledger.forget({}), { records: 0, hosts: 0 })
          assert.equal((await state.version()).applied, 0)
          const error = await known(state.setUp())
          assert.deepEqual([error.code, error.category], ['state-permission', 'usage'])
          assert.match(error.what, /guest\S* may not make the schema cornac/)
          const [grant] = /GRANT CREATE ON DATABASE [^;]+ TO [^;]+/.exec(error.remedy) ?? []
          await database.sql(grant ?? 'no grant is named')
          assert.ok((await state.setUp()).length > 0)
          assert.equal(await ledger.exists(), true)
        }))

      test('a schema an admin made beforehand is enough for a role that may make none', () =>
        onFresh(async () => {
          await database.sql(`CREATE SCHEMA cornac AUTHORIZATION "${database.guest.user}"`)
          const state = await stateOf(database, { settings: database.guest })
          assert.ok((await state.setUp()).length > 0)
          await state.ledger.remember([entry({ id: '1' })])
          assert.equal((await all(state.ledger, {})).length, 1)
          const lease = await state.leases.take('heal', 'a test')
          await state.journal.open(intent('1'), lease)
          await lease.release()
        }))

      test('a schema of somebody else is explained, with the grants that open it', () =>
        onFresh(async () => {
          await (await stateOf(database)).setUp()
          const state = await stateOf(database, { settings: database.guest })
          const error = await known(state.ledger.counts())
          assert.equal(error.code, 'state-permission')
          assert.match(error.what, /guest\S* may not use Cornac’s own tables/)
          for (const [grant] of error.remedy.matchAll(/GRANT [^;(]+ TO [^;(\s]+/g)) await database.sql(grant)
          assert.deepEqual(await state.ledger.counts(), [])
          await state.ledger.remember([entry({ id: '1' })])
          const lease = await state.leases.take('heal', 'a test')
          await state.journal.open(intent('1'), lease)
          await lease.release()
        }))

      test('who may only read reads everything, and is told so where it would change something', () =>
        onFresh(async () => {
          const owner = await stateOf(database)
          await owner.setUp()
          await owner.ledger.remember([entry({ id: '1' })])
          const guest = `"${database.guest.user}"`
          await database.sql(`GRANT USAGE ON SCHEMA cornac TO ${guest}`)
          await database.sql(`GRANT SELECT ON ALL TABLES IN SCHEMA cornac TO ${guest}`)
          const state = await stateOf(database, { settings: database.guest })
          const { ledger, leases } = state
          assert.equal((await all(ledger, {})).length, 1)
          assert.deepEqual(await leases.holders(), [])
          assert.deepEqual(await state.setUp(), [])
          for (const denied of [ledger.forget({}), leases.take('heal', 'a test')])
            assert.equal((await known(denied)).code, 'state-permission')
        }))

      test('a schema of a newer Cornac is not touched', () =>
        onFresh(async () => {
          const state = await stateOf(database)
          await state.setUp()
          await database.sql(`INSERT INTO cornac.migrations (number, name) VALUES (9999, '9999.sql')`)
          const error = await known(state.setUp())
          assert.deepEqual([error.code, error.category], ['state-too-new', 'usage'])
          assert.equal((await state.version()).applied, 9999)
        }))

      test('without the tables a lease says what to run', () =>
        onFresh(async () => {
          const error = await known((await stateOf(database)).leases.take('heal', 'a test'))
          assert.equal(error.code, 'state-absent')
          assert.match(error.remedy, /cornac setup/)
        }))
    })

    describe('in use', () => {
      let database: StateDatabase
      let number = 0
      before(async () => {
        database = await open()
        await (await stateOf(database)).setUp()
        await closeAll()
      })
      after(() => database.close())

      async function playing(work: (lease: string) => Promise<void>): Promise<void> {
        try {
          await work(`lease-${number++}`)
        } finally {
          await closeAll()
          await database.sql('TRUNCATE cornac.ledger, cornac.ledger_hosts, cornac.heal_intents')
        }
      }

      /** Runs until it is killed. */
      async function holder(task: Omit<HolderTask, 'settings'>) {
        const script = new URL('state-holder.ts', import.meta.url).pathname
        const child = spawn(
          process.execPath,
          [script, JSON.stringify({ settings: database.settings, ...task })],
          {
            stdio: ['ignore', 'pipe', 'inherit'],
          },
        )
        const ended = once(child, 'exit')
        const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
        const next = async (): Promise<HolderSays> => {
          const { value, done } = await lines.next()
          assert.ok(done !== true, 'the holder said nothing more')
          return JSON.parse(value as string) as HolderSays
        }
        const first = await next()
        assert.ok(first.says === 'at work')
        return {
          token: first.token,
          next,
          stop: () => child.kill('SIGSTOP'),
          wake: () => child.kill('SIGCONT'),
          async kill() {
            child.kill('SIGKILL')
            await ended
          },
        }
      }

      describe('leases', () => {
        test('one holder at a time, told apart by a token that grows; the other is told who holds it', () =>
          playing(async (name) => {
            const [one, other] = [await stateOf(database), await stateOf(database)]
            const first = await one.leases.take(name, 'cornac heal')
            const error = await known(other.leases.take(name, 'cornac heal'))
            assert.deepEqual([error.code, error.category], ['lease-held', 'leased'])
            assert.match(
              error.what,
              new RegExp(`^cornac heal on \\S+, process ${process.pid}, is at work since 20`),
            )
            const held = (await other.leases.holders()).find((lease) => lease.name === name)
            assert.match(held?.holder ?? '', /^cornac heal on /)
            assert.ok(Math.abs((held?.lastBeatAtMs ?? 0) - Date.now()) < 60_000)
            await first.check()
            await first.release()
            await first.release()
            assert.equal((await known(first.check())).code, 'lease-lost')
            const second = await other.leases.take(name, 'cornac heal')
            assert.ok(BigInt(second.token) > BigInt(first.token))
            assert.deepEqual(second.fence, { name, token: second.token })
            await second.release()
            assert.ok((await one.leases.holders()).every((lease) => lease.name !== name))
          }))

        test('without Mastodon’s tables beside ours there is no fence', () =>
          playing(async (name) => {
            const state = await stateOf(database, { sameDatabase: false })
            const lease = await state.leases.take(name, 'a test')
            assert.equal(lease.fence, null)
            await lease.release()
          }))

        test('of many that take it at once exactly one gets it, the first time and every time after', () =>
          playing(async (name) => {
            const states = await Promise.all(Array.from({ length: 5 }, () => stateOf(database)))
            for (let round = 0; round < 6; round++) {
              const tries = await Promise.allSettled(states.map(({ leases }) => leases.take(name, 'a test')))
              const got = tries.filter((one) => one.status === 'fulfilled').map(({ value }) => value)
              assert.equal(got.length, 1, `round ${round}`)
              await got[0]!.check()
              await got[0]!.release()
            }
          }))

        test('a silent holder is taken over by one only, after the term and not before', () =>
          playing(async (name) => {
            const silent = await stateOf(database, {
              clock: NEVER_WAKES,
              processes: ELSEWHERE,
              leaseTermMs: TERM_MS,
            })
            const lease = await silent.leases.take(name, 'a test')
            const others = await Promise.all(
              Array.from({ length: 4 }, () => stateOf(database, { leaseTermMs: TERM_MS })),
            )
            const at = Date.now()
            assert.equal((await known(others[0]!.leases.take(name, 'b'))).code, 'lease-held')
            await sleep(TERM_MS + 50)
            assert.ok(Date.now() - at >= TERM_MS)
            const tries = await Promise.allSettled(others.map(({ leases }) => leases.take(name, 'b')))
            assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1)
            assert.equal((await known(lease.check())).code, 'lease-lost')
            assert.equal((lease.signal.reason as KnownError).code, 'lease-lost')
            await lease.release()
            const holders = await others[0]!.leases.holders()
            assert.match(holders.find((one) => one.name === name)?.holder ?? '', /^b on /)
            for (const one of tries) if (one.status === 'fulfilled') await one.value.release()
          }))

        test('clocks of machines may differ by years: the database’s decides', () =>
          playing(async (name) => {
            const ahead = await stateOf(database, {
              clock: shifted(1e11),
              processes: ELSEWHERE,
              leaseTermMs: TERM_MS,
            })
            const behind = await stateOf(database, { clock: shifted(-1e11), leaseTermMs: TERM_MS })
            const lease = await ahead.leases.take(name, 'a test')
            await sleep(TERM_MS * 1.5)
            assert.equal((await known(behind.leases.take(name, 'b'))).code, 'lease-held')
            await lease.check()
            await lease.release()
            const other = await behind.leases.take(name, 'b')
            await sleep(TERM_MS)
            assert.equal((await known(ahead.leases.take(name, 'a'))).code, 'lease-held')
            await other.release()
          }))

        test('a beat from the future, left before the clock was set back, does not hold for ever', () =>
          playing(async (name) => {
            const silent = await stateOf(database, { clock: NEVER_WAKES, processes: ELSEWHERE })
            await (await silent.leases.take(name, 'a test')).check()
            await database.sql(
              `UPDATE cornac.lease_beats SET beat_at = now() + interval '3 hours' WHERE name = $1`,
              [name],
            )
            await (await (await stateOf(database)).leases.take(name, 'b')).release()
          }))

        test('a holder that is killed on this machine is taken over at once, and its intents are found', () =>
          playing(async (name) => {
            const intents = Array.from({ length: 30 }, (_, i) => intent(String(i + 1)))
            const child = await holder({ lease: name, intents })
            const state = await stateOf(database)
            assert.equal((await known(state.leases.take(name, 'b'))).code, 'lease-held')
            await child.kill()
            const lease = await state.leases.take(name, 'b')
            assert.ok(BigInt(lease.token) > BigInt(child.token))
            const left = await unfinished(state.journal, lease)
            assert.deepEqual(
              left.map(({ kind, id, fileName, writes, leftovers }) => ({
                kind,
                id,
                fileName,
                writes,
                leftovers,
              })),
              intents,
            )
            await lease.release()
          }))

        test('a holder that stands still for longer than the term learns of its loss when it wakes up', () =>
          playing(async (name) => {
            const child = await holder({ lease: name, leaseTermMs: TERM_MS, intents: [] })
            const state = await stateOf(database, { leaseTermMs: TERM_MS })
            child.stop()
            assert.equal((await known(state.leases.take(name, 'b'))).code, 'lease-held', 'still is not dead')
            await sleep(TERM_MS + 100)
            const lease = await state.leases.take(name, 'b')
            child.wake()
            assert.deepEqual(await child.next(), { says: 'lost', code: 'lease-lost' })
            await lease.check()
            await lease.release()
            await child.kill()
          }))

        test('a beat that comes while the lease is taken over does not save it, and finds out', () =>
          playing(async (name) => {
            const silent = await stateOf(database, {
              clock: NEVER_WAKES,
              processes: ELSEWHERE,
              leaseTermMs: 300,
            })
            const lease = await silent.leases.take(name, 'a test')
            await sleep(350)
            const pool = await connectDatabase(database.settings)
            const taker = await stateOf(database, { leaseTermMs: 300 })
            try {
              let taken: Promise<Lease> | undefined
              await transaction(pool, async (client) => {
                await client.query(
                  'UPDATE cornac.lease_beats SET beat_at = clock_timestamp() WHERE name = $1 AND token = $2',
                  [name, lease.token],
                )
                taken = taker.leases.take(name, 'b')
                taken.catch(() => {})
                await sleep(100)
              })
              // The beat came first: the holder lives, and keeps it.
              assert.equal((await known(taken!)).code, 'lease-held')
            } finally {
              await pool.end()
            }
            await lease.release()
          }))

        test('a number of a process that another process has got means nothing; another machine’s neither', () =>
          playing(async (name) => {
            const [one, other] = [await stateOf(database), await stateOf(database)]
            const lease = await one.leases.take(name, 'a test')
            await database.sql(
              `UPDATE cornac.leases SET pid = 2147483000, machine = 'another' WHERE name = $1`,
              [name],
            )
            assert.equal((await known(other.leases.take(name, 'b'))).code, 'lease-held')
            const { machine } = await processIdentity.self()
            await database.sql(
              `UPDATE cornac.leases SET pid = $2, machine = $3, pid_started = '1' WHERE name = $1`,
              [name, process.pid, machine],
            )
            await (await other.leases.take(name, 'b')).release()
            await lease.release()
          }))

        test('beats are not starved while sixteen connections work under the fence, nor is who asks for it', () =>
          playing(async (name) => {
            const state = await stateOf(database, { processes: ELSEWHERE, leaseTermMs: TERM_MS })
            const lease = await state.leases.take(name, 'a test')
            const pool = await connectDatabase({ ...database.settings, maxConnections: 16 })
            let [over, statements] = [false, 0]
            const workers = Array.from({ length: 16 }, async () => {
              while (!over) {
                await fenced(pool, lease, 'SELECT pg_sleep(0.004)')
                statements++
              }
            })
            try {
              const other = await stateOf(database, { leaseTermMs: TERM_MS })
              for (let i = 0; i < 4; i++) {
                await sleep(TERM_MS / 2)
                assert.equal((await known(other.leases.take(name, 'b'))).code, 'lease-held')
              }
              await lease.check()
              assert.equal(lease.signal.aborted, false)
              assert.ok(statements > 100, String(statements))
            } finally {
              over = true
              await Promise.all(workers)
              await pool.end()
            }
            await lease.release()
          }))

        test('a database that does not answer loses the lease before its term ends', () =>
          playing(async (name) => {
            const state = await stateOf(database, { leaseTermMs: TERM_MS })
            const lease = await state.leases.take(name, 'a test')
            const pool = await connectDatabase(database.settings)
            const at = performance.now()
            await transaction(pool, async (client) => {
              await client.query('SELECT 1 FROM cornac.lease_beats WHERE name = $1 FOR UPDATE', [name])
              await once(lease.signal, 'abort')
            })
            await pool.end()
            assert.ok(performance.now() - at < TERM_MS, 'too late')
            assert.equal((lease.signal.reason as KnownError).code, 'lease-lost')
            assert.match((lease.signal.reason as KnownError).what, /the database did not answer/)
          }))

        test('connections that break are replaced: the lease is kept, the journal goes on', () =>
          playing(async (name) => {
            const state = await stateOf(database, { leaseTermMs: TERM_MS })
            const lease = await state.leases.take(name, 'a test')
            await cutConnections(database)
            await sleep(TERM_MS * 1.2)
            await lease.check()
            await state.journal.close(await state.journal.open(intent('1'), lease))
            await state.journal.flush()
            await lease.release()
          }))

        test('a connection that breaks inside a transaction is an error of that transaction alone', () =>
          playing(async () => {
            const pool = await connectDatabase({ ...database.settings, maxConnections: 1 })
            const cut = transaction(pool, async (client) => {
              await client.query('SELECT 1')
              await cutConnections(database)
              await sleep(50)
              await client.query('SELECT 1')
            })
            assert.equal((await known(cut)).code, 'database-lost')
            assert.equal(
              await transaction(pool, async (client) => (await client.query('SELECT 1')).rowCount),
              1,
            )
            await pool.end()
          }))

        test('an aborted call takes nothing', () =>
          playing(async (name) => {
            const state = await stateOf(database)
            await assert.rejects(
              state.leases.take(name, 'a', { signal: AbortSignal.abort(new Error('stop')) }),
              /stop/,
            )
            await (await state.leases.take(name, 'b')).release()
          }))
      })

      describe('the fence', () => {
        test('a takeover waits for a statement under way; a statement after it changes nothing', () =>
          playing(async (name) => {
            const silent = await stateOf(database, {
              clock: NEVER_WAKES,
              processes: ELSEWHERE,
              leaseTermMs: 200,
            })
            const lease = await silent.leases.take(name, 'a test')
            const pool = await connectDatabase(database.settings)
            await pool.query('CREATE TABLE IF NOT EXISTS rows (id int PRIMARY KEY, name text)')
            await pool.query(
              `INSERT INTO rows VALUES (1, 'before') ON CONFLICT (id) DO UPDATE SET name = 'before'`,
            )
            try {
              await sleep(250)
              const taker = await stateOf(database, { leaseTermMs: 200 })
              const order: string[] = []
              const working = transaction(pool, async (client) => {
                assert.equal(await fenced(client, lease, `UPDATE rows SET name = 'during'`), 1)
                await sleep(300)
                order.push('committed')
              })
              await sleep(50)
              const taken = await taker.leases.take(name, 'b')
              order.push('taken')
              await working
              assert.deepEqual(order, ['committed', 'taken'])
              assert.equal(await fenced(pool, lease, `UPDATE rows SET name = 'after'`), 0)
              assert.deepEqual((await pool.query('SELECT name FROM rows')).rows, [{ name: 'during' }])
              assert.equal(await fenced(pool, taken, `UPDATE rows SET name = 'theirs'`), 1)
              await taken.release()
            } finally {
              await pool.end()
            }
          }))

        test('a statement that waits behind a takeover changes nothing', () =>
          playing(async (name) => {
            const state = await stateOf(database)
            const lease = await state.leases.take(name, 'a test')
            const pool = await connectDatabase(database.settings)
            await pool.query('CREATE TABLE IF NOT EXISTS rows (id int PRIMARY KEY, name text)')
            await pool.query(
              `INSERT INTO rows VALUES (1, 'before') ON CONFLICT (id) DO UPDATE SET name = 'before'`,
            )
            let waiting: Promise<number> | undefined
            await transaction(pool, async (client) => {
              await client.query('UPDATE cornac.leases SET token = token + 1 WHERE name = $1', [name])
              waiting = fenced(pool, lease, `UPDATE rows SET name = 'after'`)
              await sleep(100)
            })
            assert.equal(await waiting, 0)
            assert.deepEqual((await pool.query('SELECT name FROM rows')).rows, [{ name: 'before' }])
            await pool.end()
            await lease.release()
          }))
      })

      describe('the journal', () => {
        test('the next holder finds what was left open, whole and in order, and nothing of its own', () =>
          playing(async (name) => {
            const state = await stateOf(database)
            const first = await state.leases.take(name, 'a test')
            const odd: HealIntent = {
              ...{ kind: 'emoji', id: '9223372036854775807', fileName: null },
              writes: [`cache/"quoted" {a,b} \\ 'x' NULL.png`, 'cache/日本🐘.png', ''],
              leftovers: Array.from({ length: 300 }, (_, i) => `cache/left/${i}.png`),
            }
            const numbers = [
              await state.journal.open(odd, first),
              await state.journal.open({ ...intent('7'), writes: [], leftovers: [] }, first),
            ]
            assert.deepEqual(await unfinished(state.journal, first), [])
            await first.release()
            const second = await (await stateOf(database)).leases.take(name, 'a test')
            await state.journal.open(intent('8'), second)
            const left = await unfinished(state.journal, second)
            assert.deepEqual(left, [
              { number: numbers[0], ...odd },
              { number: numbers[1], ...intent('7'), writes: [], leftovers: [] },
            ])
            for (const { number: one } of left) await state.journal.close(one)
            await state.journal.flush()
            assert.deepEqual(await unfinished(state.journal, second), [])
            await second.release()
          }))

        test('many callers at once get a number each, and pages are bounded', () =>
          playing(async (name) => {
            const state = await stateOf(database)
            const first = await state.leases.take(name, 'a test')
            const ids = Array.from({ length: 701 }, (_, i) => String(i + 1))
            const numbers = await Promise.all(ids.map((id) => state.journal.open(intent(id), first)))
            assert.equal(new Set(numbers).size, ids.length)
            await Promise.all(numbers.slice(0, 100).map((one) => state.journal.close(one)))
            await state.journal.flush()
            await first.release()
            const second = await state.leases.take(name, 'a test')
            const sizes: number[] = []
            const found = new Map<string, string>()
            for await (const page of state.journal.unfinished(second)) {
              sizes.push(page.length)
              for (const { number: one, id } of page) found.set(one, id)
              // As recovery does: closing while reading skips nothing.
              await Promise.all(page.map(({ number: one }) => state.journal.close(one)))
              await state.journal.flush()
            }
            assert.ok(sizes.every((size) => size <= 1_000) && sizes.length > 1, sizes.join())
            assert.deepEqual(found, new Map(numbers.map((one, i) => [one, ids[i]!] as const).slice(100)))
            await second.release()
          }))

        test('tokens of another lease’s name mean nothing', () =>
          playing(async (name) => {
            const state = await stateOf(database)
            const other = await state.leases.take(`${name} of others`, 'a test')
            await state.journal.open(intent('1'), other)
            for (let i = 0; i < 3; i++) await (await state.leases.take(name, 'a test')).release()
            const lease = await state.leases.take(name, 'a test')
            assert.deepEqual(await unfinished(state.journal, lease), [])
            await lease.release()
            await other.release()
          }))

        test('after a takeover nothing more is written down, also where others write at the same moment', () =>
          playing(async (name) => {
            const state = await stateOf(database, {
              clock: NEVER_WAKES,
              processes: ELSEWHERE,
              leaseTermMs: 200,
            })
            const lost = await state.leases.take(name, 'a test')
            const kept = await state.leases.take(`${name} kept`, 'a test')
            await sleep(250)
            const taker = await stateOf(database, { leaseTermMs: 200 })
            const taken = await taker.leases.take(name, 'b')
            const opens = await Promise.allSettled([
              state.journal.open(intent('1'), lost),
              state.journal.open(intent('2'), kept),
              state.journal.open(intent('3'), lost),
            ])
            assert.deepEqual(
              opens.map((one) => (one.status === 'fulfilled' ? 'open' : (one.reason as KnownError).code)),
              ['lease-lost', 'open', 'lease-lost'],
            )
            const rows = await database.sql('SELECT record_id::int AS id FROM cornac.heal_intents')
            assert.deepEqual(rows, [{ id: 2 }])
            await taken.release()
            await kept.release()
          }))

        test('an intent that cannot be kept is refused alone', () =>
          playing(async (name) => {
            const state = await stateOf(database)
            const lease = await state.leases.take(name, 'a test')
            const opens = await Promise.allSettled([
              state.journal.open(intent('1'), lease),
              state.journal.open({ ...intent('2'), writes: ['a\0b'] }, lease),
              state.journal.open({ ...intent('3'), fileName: '\ud800.png' }, lease),
              state.journal.open(intent('4'), lease),
            ])
            assert.deepEqual(
              opens.map(({ status }) => status),
              ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
            )
            await lease.release()
          }))

        test('a failure is told to everybody who waits for it, and what was to be closed is closed later', () =>
          playing(async (name) => {
            const state = await stateOf(database)
            const lease = await state.leases.take(name, 'a test')
            const number1 = await state.journal.open(intent('1'), lease)
            await database.sql('ALTER TABLE cornac.heal_intents RENAME TO away')
            const opens = await Promise.allSettled(
              [1, 2, 3].map((id) => state.journal.open(intent(String(id)), lease)),
            )
            assert.ok(opens.every((one) => one.status === 'rejected' && one.reason instanceof KnownError))
            await state.journal.close(number1)
            await assert.rejects(state.journal.flush(), KnownError)
            await database.sql('ALTER TABLE cornac.away RENAME TO heal_intents')
            await state.journal.flush()
            assert.deepEqual(await database.sql('SELECT 1 FROM cornac.heal_intents'), [])
            await state.journal.open(intent('5'), lease)
            await lease.release()
          }))
      })

      describe('the ledger', () => {
        test('what is remembered is recalled as it was, in whole milliseconds; a later word replaces it', () =>
          playing(async () => {
            const { ledger } = await stateOf(database)
            const first = entry({ id: '1', url: null, host: '', detail: '' })
            const second = entry({ id: '9223372036854775807', tries: 2_147_483_647 })
            await ledger.remember([first, second])
            assert.deepEqual(
              await ledger.recall('avatar', ['1', '2', '9223372036854775807']),
              new Map([first, second].map((one) => [one.id, one])),
            )
            assert.equal((await ledger.recall('header', ['1'])).size, 0)
            const fraction = entry({ id: '1', nextTryAtMs: NOW + 0.4567 })
            await ledger.remember([first, { ...fraction, outcome: 'none' }, fraction])
            const [again] = (await ledger.recall('avatar', ['1'])).values()
            assert.deepEqual(again, { ...fraction, nextTryAtMs: NOW })
            await ledger.clear('avatar', ['1'])
            await ledger.clear('header', ['9223372036854775807'])
            await ledger.clear('avatar', [])
            await ledger.remember([])
            assert.deepEqual(await all(ledger, {}), [second])
          }))

        test('whatever origins say can be kept: NUL, halves of characters, megabytes', () =>
          playing(async () => {
            const { ledger } = await stateOf(database)
            const half = `\ud83d`
            const long = '🐘'.repeat(1_500_000)
            const url = `https://a.example/${'x'.repeat(1_000_000)}`
            await ledger.remember([
              entry({ id: '1', detail: `a\0b${half}`, label: `\0${half}@a.example`, host: `a\0.example` }),
              entry({ id: '2', detail: long, label: long, host: long }),
              entry({ id: '3', url }),
            ])
            const kept = await ledger.recall('avatar', ['1', '2', '3'])
            assert.deepEqual(
              [kept.get('1')?.detail, kept.get('1')?.label, kept.get('1')?.host],
              ['ab\ufffd', '\ufffd@a.example', 'a.example'],
            )
            const cut = kept.get('2')?.detail ?? ''
            assert.ok(cut.length >= 100 && cut.length <= 1_000 && cut.isWellFormed() && long.startsWith(cut))
            assert.equal(kept.get('3')?.url, url, 'an address is compared, so it is kept whole')
            await ledger.rememberHosts([
              host({ host: `a\0.example`, detail: long }),
              host({ host: 'a.example' }),
            ])
            assert.deepEqual(await ledger.hosts(), [host({ host: 'a.example' })])
          }))

        test('pages repeat and skip nothing, to the microsecond, also where many are due at one moment', () =>
          playing(async () => {
            const { ledger } = await stateOf(database)
            await database.sql(
              `INSERT INTO cornac.ledger (kind, record_id, label, host, outcome, detail, tries, first_tried_at,
                last_tried_at, next_try_at)
               SELECT (ARRAY['avatar', 'header'])[1 + n % 2], n, 'a', 'h', 'gone', '', 1, now(), now(),
                 timestamptz '2026-03-01 00:00:00.123456Z' + (n % 3) * interval '1 microsecond' FROM generate_series(1, 4000) n`,
            )
            const found = await all(ledger, {})
            assert.equal(found.length, 4_000)
            assert.equal(new Set(found.map(({ id }) => id)).size, 4_000)
            assert.equal((await all(ledger, { kind: 'header' })).length, 2_000)
          }))

        test('those due next come first; every part of a filter narrows', () =>
          playing(async () => {
            const { ledger } = await stateOf(database)
            await ledger.remember([
              entry({ id: '3', nextTryAtMs: NOW + 3, host: 'b.example' }),
              entry({ id: '2', nextTryAtMs: NOW - 1e12, label: 'Bob@B.example' }),
              entry({ id: '1', nextTryAtMs: NOW + 2, outcome: 'gone' }),
              entry({ id: '4', nextTryAtMs: NOW + 4, kind: 'header' }),
            ])
            const ids = async (filter: LedgerFilter): Promise<string> =>
              (await all(ledger, filter)).map(({ id }) => id).join('')
            assert.equal(await ids({}), '2134')
            assert.equal(await ids({ host: 'b.example' }), '3')
            assert.equal(await ids({ outcome: 'gone' }), '1')
            assert.equal(await ids({ kind: 'header' }), '4')
            assert.equal(await ids({ kind: 'avatar', id: '4' }), '')
            assert.equal(await ids({ label: 'bob@b.EXAMPLE' }), '2')
            assert.equal(await ids({ host: 'a.example', outcome: 'timeout', kind: 'avatar' }), '2')
          }))

        test('counts by outcome say how many are due, the most frequent first', () =>
          playing(async () => {
            const { ledger } = await stateOf(database)
            await ledger.remember([
              entry({ id: '1', outcome: 'gone', nextTryAtMs: Date.now() - 60_000 }),
              entry({ id: '2', nextTryAtMs: Date.now() - 60_000 }),
              entry({ id: '3', nextTryAtMs: Date.now() + 600_000 }),
            ])
            assert.deepEqual(await ledger.counts(), [
              { outcome: 'timeout', records: 2, due: 1 },
              { outcome: 'gone', records: 1, due: 1 },
            ])
          }))

        test('forgetting takes what the filter names, and hosts only if nothing narrower was asked', () =>
          playing(async () => {
            const { ledger } = await stateOf(database)
            const fill = async (): Promise<void> => {
              await ledger.remember(
                ['1', '2', '3'].map((id) => entry({ id, host: id === '3' ? 'b.example' : 'a.example' })),
              )
              await ledger.rememberHosts([
                host({ host: 'a.example' }),
                host({ host: 'b.example', restsUntilMs: null }),
              ])
            }
            await fill()
            assert.deepEqual(await ledger.forget({ host: 'a.example', outcome: 'gone' }), {
              records: 0,
              hosts: 0,
            })
            assert.deepEqual(await ledger.forget({ kind: 'avatar', id: '3' }), { records: 1, hosts: 0 })
            assert.deepEqual(await ledger.forget({ host: 'a.example' }), { records: 2, hosts: 1 })
            assert.deepEqual(await ledger.hosts(), [host({ host: 'b.example', restsUntilMs: null })])
            await fill()
            assert.deepEqual(await ledger.forget({}), { records: 3, hosts: 2 })
            assert.deepEqual([await ledger.hosts(), await ledger.counts()], [[], []])
          }))

        test('hosts are remembered, replaced and cleared; who rests longest comes first', () =>
          playing(async () => {
            const { ledger } = await stateOf(database)
            const watched = host({ host: 'c.example', restsUntilMs: null, failures: 1 })
            await ledger.rememberHosts([
              watched,
              host({ host: 'a.example' }),
              host({ host: 'b.example', restsUntilMs: NOW + 9 }),
            ])
            assert.deepEqual(
              (await ledger.hosts()).map((one) => one.host),
              ['b.example', 'a.example', 'c.example'],
            )
            await ledger.rememberHosts([{ ...watched, failures: 2 }])
            await ledger.clearHosts(['a.example', 'b.example', 'nobody.example'])
            assert.deepEqual(await ledger.hosts(), [{ ...watched, failures: 2 }])
            await ledger.clearHosts([])
            await ledger.rememberHosts([])
          }))
      })
    })
  })
}

const NOW = 1_790_000_000_123

/** Beats never, and keeps no process alive: its pauses end only when they are given up. */
const NEVER_WAKES: Clock = {
  now: () => 0,
  sleep: (_, signal) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    }),
}

/** A process of another machine, of which nobody here can tell whether it lives. */
const ELSEWHERE: ProcessIdentity = {
  self: async () => ({ host: 'elsewhere', machine: 'another', pid: 1, started: '1' }),
  isDead: (process) => processIdentity.isDead(process),
}

function shifted(ms: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + ms }
}

/** A statement as those on Mastodon's tables are written: its rows changed, 0 if the lease is another's. */
async function fenced(
  client: Pick<Pool, 'query'>,
  { name, token }: Lease,
  statement: string,
): Promise<number> {
  const select = statement.startsWith('SELECT')
  const result = await client.query(
    `WITH held AS (SELECT 1 FROM cornac.leases WHERE name = $1 AND token = $2::bigint FOR SHARE)
      ${statement} ${select ? 'FROM held' : 'WHERE EXISTS (SELECT 1 FROM held)'}`,
    [name, token],
  )
  return result.rowCount ?? 0
}

/** Everybody’s but the superuser’s own. */
export function cutConnections(database: StateDatabase): Promise<unknown> {
  return database.sql(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
    [database.name],
  )
}

/** The KnownError it ends with. */
export async function known(promise: Promise<unknown>): Promise<KnownError> {
  const error = await promise.then(
    () => assert.fail('nothing was refused'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof KnownError, String(error))
  return error
}

async function all(ledger: Ledger, filter: LedgerFilter): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = []
  for await (const page of ledger.list(filter)) {
    assert.ok(page.length > 0 && page.length <= 1_000)
    entries.push(...page)
  }
  return entries
}

async function unfinished(journal: HealJournal, lease: Lease): Promise<KnownIntent[]> {
  const intents: KnownIntent[] = []
  for await (const page of journal.unfinished(lease)) intents.push(...page)
  return intents
}

function intent(id: string): HealIntent {
  return {
    ...{ kind: 'avatar', id, fileName: `${id}.png` },
    writes: [`cache/accounts/avatars/${id}/original/${id}.png`],
    leftovers: [`cache/accounts/avatars/${id}/original/old.png`],
  }
}

function entry(parts: Partial<LedgerEntry>): LedgerEntry {
  return {
    ...{ kind: 'avatar', id: '1', label: 'bob@a.example', url: 'https://a.example/1.png', host: 'a.example' },
    ...{ outcome: 'timeout', detail: 'took 30 s', tries: 3 },
    ...{ firstTriedAtMs: NOW - 5e9, lastTriedAtMs: NOW - 1_001, nextTryAtMs: NOW },
    ...parts,
  }
}

function host(parts: Partial<HostEntry>): HostEntry {
  return {
    ...{ host: 'a.example', outcome: 'unreachable', detail: 'ECONNREFUSED', failures: 4 },
    ...{ lastTriedAtMs: NOW - 7, restsUntilMs: NOW },
    ...parts,
  }
}

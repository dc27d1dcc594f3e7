/**
 * Leases: one holder per name, told apart by a token that grows.
 *
 * A holder beats every few seconds, in a table of its own: the lease's row is locked by every statement that works under it
 * (Fence). It is taken over when its holder has been silent for the term, by the database's clock, or is a dead process of
 * this machine. Taking over changes the lease's row, so it waits for statements under way, and later ones find another token.
 */
import type { Pool, PoolClient } from 'pg'
import { KnownError } from '../../core/errors.ts'
import type { Clock, ProcessIdentity } from '../../core/ports/runtime.ts'
import type { Lease, LeaseHolder, Leases } from '../../core/ports/state.ts'
import { ask } from '../postgres/ask.ts'
import { transaction } from '../postgres/transaction.ts'

export interface LeaseOptions {
  readonly sameDatabase: boolean
  readonly clock: Clock
  readonly processes: ProcessIdentity
  readonly leaseTermMs?: number | undefined
}

const TERM_MS = 60_000

/** Beats in a term: several may fail before the lease is lost. */
const BEATS_PER_TERM = 6

export function openLeases(pool: Pool, options: LeaseOptions): Leases {
  const termMs = options.leaseTermMs ?? TERM_MS
  return {
    async take(name, purpose, { signal } = {}) {
      signal?.throwIfAborted()
      const self = await options.processes.self()
      const holder = `${purpose} on ${self.host}, process ${self.pid}`
      const token = await transaction(pool, async (client) => {
        await makeRow(client, name)
        await refuseIfHeld(client, name, termMs, options.processes)
        const { rows } = await client.query<{ token: string }>(
          `UPDATE cornac.leases SET token = token + 1, held = true, holder = $2, machine = $3, pid = $4, pid_started = $5,
              taken_at = now() WHERE name = $1 RETURNING token::text`,
          [name, holder, self.machine, self.pid, self.started],
        )
        const taken = rows[0]?.token ?? ''
        await client.query(
          `INSERT INTO cornac.lease_beats (name, token, beat_at) VALUES ($1, $2, clock_timestamp())
            ON CONFLICT (name) DO UPDATE SET token = excluded.token, beat_at = excluded.beat_at`,
          [name, taken],
        )
        return taken
      })
      return holdLease(pool, { name, token, termMs, holder }, options)
    },
    async holders(callOptions) {
      const rows = await ask(
        pool,
        `SELECT l.name, l.holder, (extract(epoch FROM l.taken_at) * 1000)::float8,
            (extract(epoch FROM b.beat_at) * 1000)::float8
          FROM cornac.leases l JOIN cornac.lease_beats b USING (name) WHERE l.held ORDER BY l.name`,
        [],
        callOptions,
      )
      return rows.map(([name, holder, takenAtMs, lastBeatAtMs]): LeaseHolder => {
        return {
          name: String(name),
          holder: String(holder),
          takenAtMs: Number(takenAtMs),
          lastBeatAtMs: Number(lastBeatAtMs),
        }
      })
    },
  }
}

async function makeRow(client: PoolClient, name: string): Promise<void> {
  await client.query(
    `INSERT INTO cornac.leases (name, token, held, holder, taken_at) VALUES ($1, 0, false, '', now())
      ON CONFLICT (name) DO NOTHING`,
    [name],
  )
}

interface Held {
  readonly held: boolean
  readonly holder: string
  readonly machine: string | null
  readonly pid: string | null
  readonly pid_started: string | null
  readonly taken: string
  readonly silent_ms: number | null
}

/** Locks the lease's row until the transaction ends: of two that take at once, the second sees the first. */
async function refuseIfHeld(
  client: PoolClient,
  name: string,
  termMs: number,
  processes: ProcessIdentity,
): Promise<void> {
  const { rows } = await client.query<Held>(
    `SELECT held, holder, machine, pid::text, pid_started,
        to_char(taken_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') AS taken,
        (SELECT extract(epoch FROM clock_timestamp() - beat_at) * 1000 FROM cornac.lease_beats b
          WHERE b.name = l.name AND b.token = l.token)::float8 AS silent_ms
      FROM cornac.leases l WHERE name = $1 FOR UPDATE OF l`,
    [name],
  )
  const [lease] = rows
  if (lease === undefined || !lease.held) return
  if (lease.silent_ms === null || lease.silent_ms > termMs) return
  const { machine, pid, pid_started: started } = lease
  if (pid !== null && (await processes.isDead({ machine, pid: Number(pid), started }))) return
  throw new KnownError({
    code: 'lease-held',
    what: `${lease.holder}, is at work since ${lease.taken}`,
    remedy: `Wait until it has ended; if it was killed on another machine, the way is free ${Math.ceil(termMs / 1000)} seconds after its end`,
    category: 'leased',
  })
}

interface Holding {
  readonly name: string
  readonly token: string
  readonly termMs: number
  readonly holder: string
}

function holdLease(pool: Pool, holding: Holding, { clock, sameDatabase }: LeaseOptions): Lease {
  const { name, token, termMs } = holding
  const lost = new AbortController()
  const released = new AbortController()
  let lastBeatMs = clock.now()

  async function beat(): Promise<void> {
    // A beat that was asked for counts from when it was asked: the database's clock began there.
    const askedAtMs = clock.now()
    const rows = await ask(
      pool,
      `UPDATE cornac.lease_beats SET beat_at = clock_timestamp() WHERE name = $1 AND token = $2 RETURNING 1`,
      [name, token],
      undefined,
    )
    if (rows.length === 0) lost.abort(lostLease(name, 'another process has taken it over'))
    else lastBeatMs = askedAtMs
  }

  async function beatOnAndOn(): Promise<void> {
    while (!released.signal.aborted && !lost.signal.aborted) {
      try {
        await clock.sleep(termMs / BEATS_PER_TERM, released.signal)
        await beat()
      } catch (error) {
        if (released.signal.aborted) return
        // Two beats before the term ends, others may still think it ours: time enough to stop.
        if (clock.now() - lastBeatMs > termMs - (2 * termMs) / BEATS_PER_TERM)
          lost.abort(lostLease(name, 'the database does not answer', error))
      }
    }
  }
  const beating = beatOnAndOn()

  return {
    name,
    token,
    signal: lost.signal,
    fence: sameDatabase ? { name, token } : null,
    async check() {
      lost.signal.throwIfAborted()
      const rows = await ask(
        pool,
        'SELECT 1 FROM cornac.leases WHERE name = $1 AND token = $2 AND held',
        [name, token],
        undefined,
      )
      if (rows.length === 0) lost.abort(lostLease(name, 'another process has taken it over'))
      lost.signal.throwIfAborted()
    },
    async release() {
      if (released.signal.aborted) return
      released.abort(new Error('released'))
      await beating
      await ask(
        pool,
        `UPDATE cornac.leases SET held = false WHERE name = $1 AND token = $2 RETURNING 1`,
        [name, token],
        undefined,
      ).catch(() => {
        // Then it ends with its term.
      })
    },
  }
}

function lostLease(name: string, because: string, cause?: unknown): KnownError {
  return new KnownError({
    code: 'lease-lost',
    what: `the lease ${name} was lost: ${because}`,
    remedy: 'Run the command again; what was half done is brought to its end first',
    cause,
  })
}

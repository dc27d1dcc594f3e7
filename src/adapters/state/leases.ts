/**
 * Leases: one holder per name, told apart by a token that grows.
 *
 * A holder beats every few seconds, in a table of its own: the lease's row is locked by every statement that works under it
 * (Fence), one after the other without a gap. A lease is taken over when its holder has been silent for the term, by the
 * database's clock, or is a dead process of this machine. Taking over changes the lease's row, so it waits for statements
 * under way, and later ones find another token. Whether it may be taken is asked without a lock: a holder at work is never
 * waited for.
 */
import type { Pool } from 'pg'
import { KnownError } from '../../core/errors.ts'
import type { Clock, ProcessIdentity } from '../../core/ports/runtime.ts'
import type { LeaseHolder, Leases } from '../../core/ports/state.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { askState } from './explain-state.ts'
import { holdLease } from './hold-lease.ts'

export interface LeaseOptions {
  /** Whether Mastodon's tables are in this database too: then a lease can fence statements on them. */
  readonly sameDatabase: boolean
  readonly clock: Clock
  readonly processes: ProcessIdentity
  /** How long a silent holder keeps a lease. Default 60,000. */
  readonly leaseTermMs?: number | undefined
}

const TERM_MS = 60_000

/** Opens nothing. The tables have to be there for `take`. */
export function openLeases(pool: Pool, options: LeaseOptions): Leases {
  const { clock, processes, sameDatabase } = options
  const termMs = options.leaseTermMs ?? TERM_MS
  return {
    async take(name, purpose, callOptions) {
      const self = await processes.self()
      const holder = `${purpose} on ${self.host}, process ${self.pid}`
      for (;;) {
        const seen = await lookAt(pool, name, callOptions)
        if (seen?.held === true && !(await isOver(seen, termMs, processes))) throw heldBy(seen, termMs)
        const token = await takeAsSeen(pool, name, seen, { ...self, holder })
        if (token === null) continue
        const lease = holdLease(pool, { name, token, termMs, sameDatabase, clock })
        if (callOptions?.signal?.aborted === true) await lease.release()
        callOptions?.signal?.throwIfAborted()
        return lease
      }
    },
    async holders(callOptions) {
      const [there] = await askState(pool, `SELECT to_regclass('cornac.leases') IS NOT NULL`, [], callOptions)
      return there?.[0] === true ? readHolders(pool, callOptions) : []
    },
  }
}

interface SeenLease {
  readonly token: string
  readonly held: boolean
  readonly holder: string
  readonly process: { readonly machine: string | null; readonly pid: number; readonly started: string | null }
  /** For people. */
  readonly since: string
  /** Null if it never beat. */
  readonly silentMs: number | null
  /** Its last beat, exactly: seconds as the database counts them. */
  readonly beat: string | null
}

async function lookAt(pool: Pool, name: string, options: CallOptions | undefined): Promise<SeenLease | null> {
  const [row] = await askState(
    pool,
    `SELECT l.token::text, l.held, l.holder, l.machine, l.pid::float8, l.pid_started,
        to_char(l.taken_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'),
        (extract(epoch FROM clock_timestamp() - b.beat_at) * 1000)::float8, extract(epoch FROM b.beat_at)::text
      FROM cornac.leases l LEFT JOIN cornac.lease_beats b ON b.name = l.name AND b.token = l.token WHERE l.name = $1`,
    [name],
    options,
  )
  if (row === undefined) return null
  const [token, held, holder, machine, pid, started, since, silentMs, beat] = row as [
    ...[string, boolean, string, string | null, number, string | null, string, number | null],
    string | null,
  ]
  return { token, held, holder, process: { machine, pid, started }, since, silentMs, beat }
}

/** A beat far in the future was left before the database's clock was set back: who lives has beaten since. */
async function isOver(
  { silentMs, process }: SeenLease,
  termMs: number,
  processes: ProcessIdentity,
): Promise<boolean> {
  return silentMs === null || Math.abs(silentMs) > termMs || (await processes.isDead(process))
}

/**
 * One statement: the new token, or null if the lease is not as it was seen any more. Never given up half-way. The beat is
 * locked as well: a holder that wakes up at this very moment either beats first, and keeps the lease, or learns of the loss.
 */
async function takeAsSeen(
  pool: Pool,
  name: string,
  seen: SeenLease | null,
  self: { holder: string; machine: string | null; pid: number; started: string | null },
): Promise<string | null> {
  const [row] = await askState(
    pool,
    `WITH silent AS MATERIALIZED (
       SELECT 1 FROM cornac.lease_beats WHERE name = $1 AND token = $2::bigint
         AND extract(epoch FROM beat_at) = $8::numeric FOR UPDATE),
     taken AS (
       INSERT INTO cornac.leases AS l (name, token, held, holder, machine, pid, pid_started, taken_at)
       SELECT $1, 1, true, $4, $5, $6::bigint, $7, clock_timestamp() WHERE $8::numeric IS NULL OR EXISTS (SELECT 1 FROM silent)
       ON CONFLICT (name) DO UPDATE SET token = l.token + 1, held = true, holder = excluded.holder,
         machine = excluded.machine, pid = excluded.pid, pid_started = excluded.pid_started, taken_at = excluded.taken_at
       WHERE l.token = $2::bigint AND l.held = $3::boolean
       RETURNING l.token),
     beats AS (
       INSERT INTO cornac.lease_beats (name, token, beat_at) SELECT $1, token, clock_timestamp() FROM taken
       ON CONFLICT (name) DO UPDATE SET token = excluded.token, beat_at = excluded.beat_at)
     SELECT token::text FROM taken`,
    [
      ...[name, seen?.token ?? null, seen?.held ?? null],
      ...[self.holder, self.machine, self.pid, self.started, seen?.beat ?? null],
    ],
  )
  return row === undefined ? null : String(row[0])
}

function heldBy({ holder, since, silentMs }: SeenLease, termMs: number): KnownError {
  const beat = `its last sign of life is ${Math.max(0, Math.round((silentMs ?? 0) / 1000))} s old`
  return new KnownError({
    code: 'lease-held',
    what: `${holder}, is at work since ${since}; ${beat}`,
    remedy: `Wait until it has ended, or stop it; if it was killed on another machine, the way is free ${Math.ceil(termMs / 1000)} s after its last sign of life`,
    category: 'leased',
  })
}

async function readHolders(pool: Pool, options: CallOptions | undefined): Promise<readonly LeaseHolder[]> {
  const rows = await askState(
    pool,
    `SELECT l.name, l.holder, round(extract(epoch FROM l.taken_at) * 1000)::float8,
        round(extract(epoch FROM coalesce(b.beat_at, l.taken_at)) * 1000)::float8
      FROM cornac.leases l LEFT JOIN cornac.lease_beats b ON b.name = l.name AND b.token = l.token
      WHERE l.held ORDER BY l.name`,
    [],
    options,
  )
  return rows.map((row) => {
    const [name, holder, takenAtMs, lastBeatAtMs] = row as [string, string, number, number]
    return { name, holder, takenAtMs, lastBeatAtMs }
  })
}

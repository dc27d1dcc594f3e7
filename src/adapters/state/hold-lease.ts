/** A lease in hand: beats while it is held, notices its loss, gives it back. */
import type { Pool } from 'pg'
import { KnownError } from '../../core/errors.ts'
import type { Clock } from '../../core/ports/runtime.ts'
import type { Lease } from '../../core/ports/state.ts'
import { askState } from './explain-state.ts'

export interface Holding {
  readonly name: string
  readonly token: string
  readonly termMs: number
  readonly sameDatabase: boolean
  readonly clock: Clock
}

/** Beats in a term: several may fail before the lease is lost. */
const BEATS_PER_TERM = 6
/** That many beats before the term ends it counts as lost: time to stop before another may begin. */
const BEATS_IN_RESERVE = 2

/** Begins to beat. The lease has just been taken. */
export function holdLease(pool: Pool, { name, token, termMs, sameDatabase, clock }: Holding): Lease {
  const pauseMs = termMs / BEATS_PER_TERM
  const lost = new AbortController()
  /** Released or lost: nothing more to do. */
  const over = new AbortController()
  let lastBeatMs = clock.now()
  let failure: unknown

  function lose(because: string, cause?: unknown): void {
    if (over.signal.aborted) return
    lost.abort(lostLease(name, because, cause))
    over.abort(lost.signal.reason)
  }

  async function beat(): Promise<void> {
    // The database's clock is read later than ours: a slow answer makes our count of the term the shorter one.
    const askedMs = clock.now()
    const rows = await askState(
      pool,
      'UPDATE cornac.lease_beats SET beat_at = clock_timestamp() WHERE name = $1 AND token = $2 RETURNING 1',
      [name, token],
    )
    if (rows.length === 0) lose(TAKEN_OVER)
    else lastBeatMs = askedMs
  }

  /** Never rejects: a beat that failed is tried again at the next one's time. */
  async function beatOn(): Promise<void> {
    while (!over.signal.aborted) {
      try {
        await clock.sleep(pauseMs, over.signal)
        await beat()
      } catch (error) {
        failure = error
      }
    }
  }

  /** Beside the beats, because a database that never answers lets a beat wait for ever. Never rejects. */
  async function watch(): Promise<void> {
    try {
      while (!over.signal.aborted) {
        const leftMs = lastBeatMs + termMs - BEATS_IN_RESERVE * pauseMs - clock.now()
        if (leftMs <= 0)
          lose(
            'it was not renewed in time (the database did not answer, or this process stood still)',
            failure,
          )
        else await clock.sleep(leftMs, over.signal)
      }
    } catch {
      // Over while it slept.
    }
  }

  const beating = beatOn()
  const watching = watch()

  return {
    name,
    token,
    signal: lost.signal,
    fence: sameDatabase ? { name, token } : null,
    async check() {
      lost.signal.throwIfAborted()
      const rows = await askState(
        pool,
        'SELECT 1 FROM cornac.leases WHERE name = $1 AND token = $2 AND held',
        [name, token],
      )
      if (rows.length > 0) return
      lose(TAKEN_OVER)
      throw lostLease(name, TAKEN_OVER)
    },
    async release() {
      if (over.signal.aborted) return
      over.abort(new Error('the lease was given back'))
      await Promise.all([beating, watching])
      try {
        await askState(
          pool,
          'UPDATE cornac.leases SET held = false WHERE name = $1 AND token = $2 RETURNING 1',
          [name, token],
        )
      } catch {
        // The work is done all the same, and the lease ends with its term.
      }
    },
  }
}

const TAKEN_OVER = 'another process has taken it over'

/** For whoever finds out that another process holds it. */
export function lostLease(name: string, because: string = TAKEN_OVER, cause?: unknown): KnownError {
  return new KnownError({
    code: 'lease-lost',
    what: `the lease ${name} was lost: ${because}`,
    remedy: 'Run the command again; what was left half done is brought to its end first',
    cause,
  })
}

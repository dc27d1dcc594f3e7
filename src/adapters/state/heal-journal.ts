/** Intents of heals: written down before storage is touched, closed when everything of them is done. */
import type { Pool } from 'pg'
import type { Kind } from '../../core/model/media.ts'
import type { Clock } from '../../core/ports/runtime.ts'
import type { HealIntent, HealJournal, KnownIntent, Lease } from '../../core/ports/state.ts'
import { askState, changeState } from './explain-state.ts'
import { FLUSHED } from './flushed.ts'
import { gather } from './gather.ts'
import { lostLease } from './hold-lease.ts'
import { joinCalls } from './join-calls.ts'
import { refuseUnstorable } from './refuse-unstorable.ts'

/** Intents in one statement, and in one page. */
const BATCH = 200
/** How long a closed intent may stay in the table: doing it again does no harm. */
const CLOSE_WITHIN_MS = 100

interface Opening {
  readonly intent: HealIntent
  readonly lease: Lease
}

/** The tables have to be there. */
export function openHealJournal(pool: Pool, { clock }: { readonly clock: Clock }): HealJournal {
  const open = joinCalls<Opening, string | null>(BATCH, (openings) => writeDown(pool, openings))
  const closing = gather<string>({ most: BATCH, patienceMs: CLOSE_WITHIN_MS, clock }, async (numbers) => {
    await changeState(pool, 'DELETE FROM cornac.heal_intents WHERE number = ANY($1::bigint[])', [numbers])
  })
  return {
    async open(intent, lease) {
      lease.signal.throwIfAborted()
      // One such text would take down all intents of its statement. Names from the database cannot hold any.
      const { kind, id, fileName, writes, leftovers } = intent
      refuseUnstorable(`${kind} ${id}`, [fileName ?? '', ...writes, ...leftovers])
      const number = await open({ intent, lease })
      if (number === null) throw lostLease(lease.name)
      return number
    },
    close: (number) => closing.add(number),
    flush: () => closing.flush(),
    async *unfinished({ name, token }, options) {
      let after = '0'
      // `i.number`: the name alone would mean the text, and sort 10 before 9.
      for (;;) {
        const rows = await askState(
          pool,
          `SELECT number::text, kind, record_id::text, file_name, writes, leftovers FROM cornac.heal_intents i
            WHERE lease = $1 AND token < $2 AND i.number > $3 ORDER BY i.number LIMIT ${BATCH}`,
          [name, token, after],
          options,
        )
        const page = rows.map(toIntent)
        if (page.length > 0) yield page
        after = page.at(-1)?.number ?? after
        if (page.length < BATCH) return
      }
    },
  }
}

/** The numbers of the intents, in order; null for those whose lease is another's by now, which are not written. */
async function writeDown(pool: Pool, openings: readonly Opening[]): Promise<readonly (string | null)[]> {
  const rows = await askState(
    pool,
    `WITH held AS MATERIALIZED (
       SELECT l.name, l.token, i.*
         FROM jsonb_to_recordset($1::jsonb) AS i(place int, lease text, lease_token bigint, kind text, record_id bigint,
           file_name text, writes jsonb, leftovers jsonb)
         JOIN cornac.leases l ON l.name = i.lease AND l.token = i.lease_token AND l.held FOR SHARE OF l),
     numbered AS MATERIALIZED (
       SELECT nextval('cornac.heal_intents_number_seq') AS number, h.* FROM (SELECT * FROM held ORDER BY place) h),
     written AS (
       INSERT INTO cornac.heal_intents (number, lease, token, kind, record_id, file_name, writes, leftovers)
       OVERRIDING SYSTEM VALUE
       SELECT number, name, token, kind, record_id, file_name, ARRAY(SELECT jsonb_array_elements_text(writes)),
         ARRAY(SELECT jsonb_array_elements_text(leftovers)) FROM numbered)
     SELECT place, number::text, ${FLUSHED} FROM numbered`,
    [JSON.stringify(openings.map(fromOpening))],
  )
  const numbers = new Map(rows.map(([place, number]) => [Number(place), String(number)]))
  return openings.map((_, place) => numbers.get(place) ?? null)
}

function fromOpening({ intent, lease }: Opening, place: number): Record<string, unknown> {
  const { kind, id, fileName, writes, leftovers } = intent
  return {
    ...{ place, lease: lease.name, lease_token: lease.token },
    ...{ kind, record_id: id, file_name: fileName, writes, leftovers },
  }
}

function toIntent(row: readonly unknown[]): KnownIntent {
  const [number, kind, id, fileName, writes, leftovers] = row as [
    ...[string, Kind, string, string | null, string[]],
    string[],
  ]
  return { number, kind, id, fileName, writes, leftovers }
}

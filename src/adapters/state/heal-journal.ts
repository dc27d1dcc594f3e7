/** Intents of heals: written down before storage is touched, closed when everything of them is done. */
import type { Pool } from 'pg'
import { KnownError } from '../../core/errors.ts'
import type { Kind } from '../../core/model/media.ts'
import type { HealIntent, HealJournal, KnownIntent } from '../../core/ports/state.ts'
import { ask, change } from '../postgres/ask.ts'
import { joinCalls } from './join-calls.ts'

/** Intents in one statement. */
const BATCH = 200

export function openHealJournal(pool: Pool): HealJournal {
  const openers = new Map<string, (intent: HealIntent) => Promise<string>>()
  const close = joinCalls<string, void>(BATCH, async (numbers) => {
    await change(
      pool,
      'DELETE FROM cornac.heal_intents WHERE number = ANY($1::bigint[])',
      [numbers],
      undefined,
    )
    return numbers.map(() => undefined)
  })
  const closing = new Set<Promise<void>>()
  let failure: unknown
  return {
    async open(intent, lease) {
      const { token } = lease
      let open = openers.get(token)
      if (open === undefined) {
        open = joinCalls<HealIntent, string>(BATCH, (intents) => writeDown(pool, token, lease.name, intents))
        openers.set(token, open)
      }
      return open(intent)
    },
    async close(number) {
      if (failure !== undefined) throw failure
      const done = close(number)
        .catch((error: unknown) => {
          failure ??= error
        })
        .finally(() => closing.delete(done))
      closing.add(done)
    },
    async flush() {
      await Promise.all(closing)
      if (failure !== undefined) throw failure
    },
    async *unfinished(lease, options) {
      const { token } = lease
      for (let after = '0'; ;) {
        const rows = await ask(
          pool,
          `SELECT number::text, kind, record_id::text, file_name, writes, leftovers FROM cornac.heal_intents
            WHERE token < $1 AND number > $2 ORDER BY number LIMIT ${BATCH}`,
          [token, after],
          options,
        )
        if (rows.length > 0) yield rows.map(toIntent)
        const last = rows.at(-1)
        if (last === undefined || rows.length < BATCH) return
        after = String(last[0])
      }
    },
  }
}

/** Nothing is written if the lease is another's by now. */
async function writeDown(
  pool: Pool,
  token: string,
  lease: string,
  intents: readonly HealIntent[],
): Promise<readonly string[]> {
  const rows = await ask(
    pool,
    `WITH held AS MATERIALIZED (SELECT token FROM cornac.leases WHERE name = $1 AND token = $2 FOR SHARE),
       numbered AS MATERIALIZED (
         SELECT nextval('cornac.heal_intents_number_seq') AS number, held.token, i.*
           FROM held, jsonb_to_recordset($3::jsonb)
             AS i(place int, kind text, record_id bigint, file_name text, writes jsonb, leftovers jsonb)),
       written AS (
         INSERT INTO cornac.heal_intents (number, token, kind, record_id, file_name, writes, leftovers)
         OVERRIDING SYSTEM VALUE
         SELECT number, token, kind, record_id, file_name, ARRAY(SELECT jsonb_array_elements_text(writes)),
           ARRAY(SELECT jsonb_array_elements_text(leftovers)) FROM numbered)
     SELECT number::text FROM numbered ORDER BY place`,
    [
      lease,
      token,
      JSON.stringify(
        intents.map(({ kind, id, fileName, writes, leftovers }, place) => {
          return { place, kind, record_id: id, file_name: fileName, writes, leftovers }
        }),
      ),
    ],
    undefined,
  )
  if (rows.length !== intents.length)
    throw new KnownError({
      code: 'lease-lost',
      what: `the lease ${lease} was lost: another process has taken it over`,
      remedy: 'Run the command again; what was half done is brought to its end first',
    })
  return rows.map(([number]) => String(number))
}

function toIntent([number, kind, id, fileName, writes, leftovers]: readonly unknown[]): KnownIntent {
  return {
    number: String(number),
    kind: kind as Kind,
    id: String(id),
    fileName: fileName as string | null,
    writes: writes as string[],
    leftovers: leftovers as string[],
  }
}

/**
 * A program of its own: rows let go of their files through the real adapter, accounts of avatar and header or (told
 * `media_attachments`) attachments of file and thumbnail; the next ones with their candidates read before; and the next by a
 * plain UPDATE over ranges of ids; in turn, until there are none left. Mastodon's variables are its environment; prints what each side did
 * as JSON.
 */
import pg from 'pg'
import { openInstance } from '../../src/compose.ts'
import { loadConfig } from '../../src/config/load.ts'
import { processSurroundings } from '../../src/config/surroundings.ts'
import type { SeenCandidate } from '../../src/core/model/prune-candidate.ts'
import type { PrunePolicy } from '../../src/core/model/prune-policy.ts'
import type { PrunePosition } from '../../src/core/ports/prune.ts'

/** What the program prints; times add up over all turns. */
export interface RowsGone {
  /** Candidates read, and rows changed. */
  readonly ours: Side
  /** Rows changed whose candidates had been read. */
  readonly changes: Side
  readonly plain: Side
  /** Of the changes of each side, those that needed no new entry in any index. */
  readonly heapOnlyShare: { readonly ours: number; readonly changes: number; readonly plain: number }
}

export interface Side {
  readonly rows: number
  readonly ms: number
}

/** Rows of one turn, rows let go at once, and how many such batches are under way: as many for both sides. */
const TURN_ROWS = 50_000
const BATCH_ROWS = 5_000
/** Rows whose candidates are held at once: more of them would measure the collection of garbage. */
const HELD_ROWS = 20_000
const AHEAD = 1

const config = await loadConfig({}, processSurroundings())
const instance = openInstance(config, 'bench')
const database = await instance.database()
const { host, port, user, password, database: name } = config.database.connection
const pool = new pg.Pool({
  host,
  port,
  user,
  database: name,
  password: password?.reveal() ?? '',
  max: AHEAD + 1,
})

const TABLE = process.argv[2] === 'media_attachments' ? 'media_attachments' : 'accounts'
const ACCOUNTS = TABLE === 'accounts'

const nowMs = Date.now()
/** Everything is old enough: what stays, stays for what people here did. */
const policy: PrunePolicy = {
  preset: 'tootctl',
  kinds: ACCOUNTS ? ['avatar', 'header'] : ['attachment'],
  cutoffMs: nowMs + 3 * 365 * 86_400_000,
  madeAtMs: nowMs,
  includeFollows: false,
  keepInteracted: false,
  linkOnly: false,
  domain: null,
}

/** Runs tasks in order of arrival, `AHEAD` at a time. */
function pipeline(): { add(task: () => Promise<void>): Promise<void>; end(): Promise<void> } {
  const underWay: Promise<void>[] = []
  return {
    async add(task) {
      if (underWay.length >= AHEAD) await underWay.shift()
      underWay.push(task())
    },
    end: async () => void (await Promise.all(underWay)),
  }
}

/** Reads candidates and lets them go until the turn is over; null if there are no more. */
async function letGo(after: PrunePosition | null): Promise<{ rows: number; position: PrunePosition | null }> {
  const line = pipeline()
  let waiting: SeenCandidate[] = []
  let [read, rows] = [0, 0]
  let position: PrunePosition | null = null
  const flush = (): Promise<void> => {
    const batch = waiting
    waiting = []
    return line.add(async () => {
      const gone = await database.prune.letGo(batch, policy, nowMs, null)
      rows += gone.size
    })
  }
  for await (const page of database.prune.candidates(policy, { after })) {
    waiting.push(...page.candidates)
    read += page.candidates.length
    if (waiting.length >= BATCH_ROWS - 2_000) await flush()
    if (read < TURN_ROWS) continue
    position = page.position
    break
  }
  if (waiting.length > 0) await flush()
  await line.end()
  if (rows !== read) throw new Error(`${rows} of ${read} rows were let go`)
  return { rows, position }
}

/** As `letGo`, with all candidates read before the clock starts. */
async function changeAlone(
  after: PrunePosition,
): Promise<{ rows: number; ms: number; position: PrunePosition | null }> {
  const batches: (readonly SeenCandidate[])[] = []
  let read = 0
  let position: PrunePosition | null = null
  for await (const page of database.prune.candidates(policy, { after })) {
    batches.push(page.candidates)
    read += page.candidates.length
    if (read < HELD_ROWS) continue
    position = page.position
    break
  }
  const startedAt = performance.now()
  let rows = 0
  for (const batch of batches) rows += (await database.prune.letGo(batch, policy, nowMs, null)).size
  const ms = performance.now() - startedAt
  if (rows !== read) throw new Error(`${rows} of ${read} rows were let go`)
  return { rows, ms, position }
}

const EMPTY = (ACCOUNTS ? ['avatar', 'header'] : ['file', 'thumbnail'])
  .flatMap((prefix) =>
    ['file_name', 'content_type', 'file_size', 'updated_at'].map((column) => `${prefix}_${column} = NULL`),
  )
  .join(', ')

/** The ids at which batches above `from` end. */
async function edges(from: string): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM ${TABLE} WHERE id > $1 ORDER BY id LIMIT $2) ids
      WHERE n % $3 = 0 ORDER BY id`,
    [from, TURN_ROWS, BATCH_ROWS],
  )
  return rows.map(({ id }) => id)
}

async function update(from: string, ends: readonly string[]): Promise<number> {
  const line = pipeline()
  let rows = 0
  let above = from
  for (const to of ends) {
    const range = [above, to, new Date(nowMs)]
    above = to
    await line.add(async () => {
      const { rowCount } = await pool.query(
        `UPDATE ${TABLE} SET ${EMPTY}, updated_at = $3::timestamptz AT TIME ZONE 'UTC' WHERE id > $1 AND id <= $2`,
        range,
      )
      rows += rowCount ?? 0
    })
  }
  await line.end()
  return rows
}

/** Statistics of a session are told at the latest a second after it fell idle. */
async function heapOnly(): Promise<{ all: number; heapOnly: number }> {
  await new Promise((resolve) => setTimeout(resolve, 1_200))
  const { rows } = await pool.query<{ all: number; heapOnly: number }>(
    `SELECT n_tup_upd::float8 AS all, n_tup_hot_upd::float8 AS "heapOnly" FROM pg_stat_user_tables WHERE relname = '${TABLE}'`,
  )
  return rows[0] as { all: number; heapOnly: number }
}

const sides = { ours: { rows: 0, ms: 0 }, changes: { rows: 0, ms: 0 }, plain: { rows: 0, ms: 0 } }
const changed = {
  ours: { all: 0, heapOnly: 0 },
  changes: { all: 0, heapOnly: 0 },
  plain: { all: 0, heapOnly: 0 },
}
let seen = await heapOnly()
async function turn<T extends { rows: number; ms?: number }>(
  side: keyof typeof sides,
  work: () => Promise<T>,
): Promise<T> {
  const startedAt = performance.now()
  const done = await work()
  sides[side].ms += done.ms ?? performance.now() - startedAt
  sides[side].rows += done.rows
  const now = await heapOnly()
  changed[side].all += now.all - seen.all
  changed[side].heapOnly += now.heapOnly - seen.heapOnly
  seen = now
  return done
}

for (let after: PrunePosition | null = null; ;) {
  const { position } = await turn('ours', () => letGo(after))
  if (position === null) break
  const alone = await turn('changes', () => changeAlone(position))
  if (alone.position === null) break
  const from = alone.position.split(' ')[1] as string
  const ends = await edges(from)
  if (ends.length === 0) break
  await turn('plain', async () => ({ rows: await update(from, ends) }))
  after = `${TABLE} ${ends.at(-1)}`
}
await pool.end()
await instance.close()
const share = ({ all, heapOnly: some }: { all: number; heapOnly: number }): number =>
  all === 0 ? 0 : some / all
process.stdout.write(
  JSON.stringify({
    ...sides,
    heapOnlyShare: {
      ours: share(changed.ours),
      changes: share(changed.changes),
      plain: share(changed.plain),
    },
  } satisfies RowsGone),
)

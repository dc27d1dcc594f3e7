/**
 * Prunes that are struck down at random moments, one after the other, each going on where the last one died.
 *
 *   restore -> prune, kill -> look -> apply last, crash of PostgreSQL -> look -> ... -> prune to the end -> compare -> restore
 *
 * After every death no row names an object that is not there, unless it did before, and every object that no row names any
 * more is in an open batch of the journal. After a prune that came to its end, rows and storage are exactly what a
 * restatement of the rules in plain SQL says, to the letter; the journal has no open batch; nothing was counted twice.
 */
import assert from 'node:assert/strict'
import type pg from 'pg'
import { Dice } from '../../lab/instance/dice.ts'
import type { MediaSink } from '../../lab/instance/media/media-sink.ts'
import { DAY_MS } from '../../lab/instance/world.ts'
import { toldInSql, type Asked, type AskedKind } from '../integration/prune-in-sql.ts'
import { pickDisaster, pickMoment, SMALL_BATCHES, strike, whenTold, type Victims } from './disaster.ts'
import { FILE_TABLES } from './file-tables.ts'
import { databaseNow, openBatchesIn, planWaits, repeatedOf, runsSince, type OpenBatch } from './journal.ts'
import { rowsUnlike, saveWorld } from './saved-world.ts'
import { commitsOf, faultStage } from './stage.ts'
import { hashLocalMedia, truthOf, without, type Truth } from './truth.ts'

export interface PruneKillOptions {
  readonly media: MediaSink
  readonly kills: number
  readonly seed: number
  /** Crashes the store's gateway, which answers again when it resolves. */
  readonly crashStore?: Victims['crashStore']
  readonly accounts?: number | undefined
  /** Told after each death. */
  readonly say?: ((sentence: string) => void) | undefined
}

export interface PruneKillReport {
  readonly kills: number
  /** Deaths that left something half done in the journal: the moments worth hitting. */
  readonly caught: number
  /** Prunes that came to their end and were compared. */
  readonly wholes: number
  /** Keys of the largest batch that a death left open; the most that were gone and will be removed again: never all of one. */
  readonly largestBatch: number
  readonly mostRepeated: number
  readonly deaths: Readonly<Record<string, number>>
  readonly synchronousCommit: 'on' | 'off'
}

const KINDS: readonly AskedKind[] = ['avatar', 'header', 'attachment', 'card']
export const WORDS = ['avatars', 'headers', 'attachments', 'cards']
/** Leave to work at any hour, and to take everything. */
export const GUARDS = [
  '--during-vacuum',
  '--beside-tootctl',
  ...WORDS.flatMap((kind) => ['--allow-share', `${kind}=100`]),
]
export const PRESETS = ['cornac', 'tootctl'] as const
export type Preset = (typeof PRESETS)[number]

/** @throws AssertionError as soon as an invariant does not hold */
export async function killPrunes(options: PruneKillOptions): Promise<PruneKillReport> {
  const { media, kills, seed, say = () => {} } = options
  const dice = new Dice(seed, 2, 0)
  await using stage = await faultStage({
    media,
    accounts: options.accounts,
    synchronousCommit: commitsOf(seed),
  })
  const { lab, env, home } = stage
  const victims = { crashDatabase: () => stage.crashDatabase(), crashStore: options.crashStore }
  const cornac = { env, home, timeoutMs: 120_000, program: SMALL_BATCHES }
  const cutoffMs = lab.world.nowMs - 3 * DAY_MS
  const world = await saveWorld(lab, await stage.database())
  const local = await hashLocalMedia(lab)
  const before = await truthOf(lab)
  const let_go: Record<Preset, LetGo> = {
    cornac: await expectLetGo(await stage.database(), 'cornac', cutoffMs),
    tootctl: await expectLetGo(await stage.database(), 'tootctl', cutoffMs),
  }
  const report = { kills: 0, caught: 0, wholes: 0, largestBatch: 0, mostRepeated: 0 }
  const deaths: Record<string, number> = {}
  // How long the work takes changes with what else the machine does.
  let workMs = 1_000

  for (let round = 0; report.kills < kills || round === 0; round++) {
    const preset = PRESETS[round % 2] as Preset
    const since = await databaseNow(await stage.database())
    let storeCrashed = false
    let lines = ''
    for (let over = false; !over;) {
      // The last round ends in peace.
      const calm = report.kills >= kills
      const goOn = (await planWaits(await stage.database(), since)) && dice.chance(0.6)
      const verb = goOn ? 'apply' : 'prune'
      const argv = goOn
        ? ['apply', 'last', ...GUARDS, '--json']
        : [
            ...['prune', ...WORDS, '--days', daysSince(cutoffMs), '--preset', preset],
            ...['--apply', ...GUARDS, '--json'],
          ]
      const moment = calm ? null : pickMoment(dice, workMs)
      const struck = await strike(argv, cornac, { moment, disaster: pickDisaster(dice, victims), victims })
      const { run } = struck
      const where = `seed ${seed}, death ${report.kills}, ${verb}, ${whenTold(moment, struck)}`
      const told = `${where}: ${run.code} ${run.stderr}${run.stdout.slice(0, 2_000)}`
      if (struck.disaster === null) {
        if (!calm && struck.workedMs !== null) workMs = (workMs + struck.workedMs) / 2
        // Storage that refused while its gateway was down leaves open batches, which the next run ends.
        over = run.code === 0
        assert.ok(over || (storeCrashed && run.code === 6), told)
      } else {
        report.kills++
        deaths[struck.disaster] = (deaths[struck.disaster] ?? 0) + 1
        storeCrashed ||= struck.disaster === 'store'
        over = run.code === 0
        assert.ok([null, 0, 1, 6, 130].includes(run.code), told)
        // A crash is for people to act on, never a defect of Cornac's.
        assert.doesNotMatch(run.stderr, /this is a defect|\n {4}at /i, told)
      }
      lines += `${where}: ${run.code}\n`
      const now = await truthOf(lab)
      const open = await openBatchesIn(await stage.database())
      assertNothingLost(now, before, open, where)
      if (open.length > 0) report.caught++
      if (!storeCrashed) {
        const { batch, repeated } = assertOneBatchAtWork(open, before, now, where)
        report.largestBatch = Math.max(report.largestBatch, batch)
        report.mostRepeated = Math.max(report.mostRepeated, repeated)
      }
      if (struck.disaster !== null) say(`${where}: ended with ${run.code}, ${open.length} batches open`)
    }
    const database = await stage.database()
    const where = `seed ${seed}, round ${round} (${preset}) after\n${lines}`
    const after = await truthOf(lab)
    assert.deepEqual(await openBatchesIn(database), [], `${where}batches are open`)
    assert.deepEqual(
      without(after.unclaimed, before.unclaimed).filter(isMastodons),
      [],
      `${where}objects nobody knows`,
    )
    assert.deepEqual(
      without(before.unclaimed, after.unclaimed),
      [],
      `${where}objects that were none of its business`,
    )
    await assertRowsAreAs(database, preset, let_go[preset], where)
    assert.equal(await hashLocalMedia(lab), local, `${where}local media was touched`)
    const runs = await runsSince(database, since)
    const sum = (of: 'rows' | 'files'): number => runs.reduce((all, run) => all + run[of], 0)
    assert.equal(
      sum('rows'),
      let_go[preset].rows,
      `${where}rows were counted twice, or not: ${JSON.stringify(runs)}`,
    )
    assert.equal(
      sum('files'),
      let_go[preset].files,
      `${where}files were counted twice, or not: ${JSON.stringify(runs)}`,
    )
    report.wholes++
    await world.restore(database)
    assert.deepEqual(await rowsUnlike(database, 'saved'), [])
  }
  return { ...report, deaths, synchronousCommit: commitsOf(seed) }
}

/** Written so that the same moment is meant whenever it is read. */
export function daysSince(cutoffMs: number): string {
  return ((Date.now() - cutoffMs) / DAY_MS).toFixed(6)
}

/** Cornac's own objects are known to it by their folder. */
function isMastodons(key: string): boolean {
  return !key.startsWith('cornac/')
}

function assertNothingLost(now: Truth, before: Truth, open: readonly OpenBatch[], where: string): void {
  assert.deepEqual(without(now.dangling, before.dangling), [], `${where}: rows that name nothing there`)
  const known = new Set(open.flatMap(({ keys }) => keys))
  const unknown = without(now.unclaimed, before.unclaimed).filter(
    (key) => isMastodons(key) && !known.has(key),
  )
  assert.deepEqual(unknown, [], `${where}: objects that no row names and the journal does not know`)
}

/** Of all open batches at most one has lost objects: what a resumed run removes again is within it, and not all of it. */
function assertOneBatchAtWork(
  open: readonly OpenBatch[],
  before: Truth,
  now: Truth,
  where: string,
): { readonly batch: number; readonly repeated: number } {
  const gone = open.map(({ keys }) => keys.filter((key) => !now.objects.has(key)).length)
  assert.ok(
    gone.filter((count) => count > 0).length <= 1,
    `${where}: objects of several batches are gone: ${gone.join(' ')}`,
  )
  const repeated = open.map((batch) => repeatedOf(batch, before.objects, now.objects, where))
  return { batch: Math.max(0, ...open.map(({ keys }) => keys.length)), repeated: Math.max(0, ...repeated) }
}

interface LetGo {
  readonly rows: number
  readonly files: number
  /** Ids by table. */
  readonly ids: ReadonlyMap<string, readonly string[]>
}

/** Leaves a schema with the rows as they have to be in the end. */
async function expectLetGo(database: pg.Client, preset: Preset, cutoffMs: number): Promise<LetGo> {
  const asked: Asked = {
    ...{ preset, cutoffMs, includeFollows: false, keepInteracted: preset === 'cornac' },
    ...{ linkOnly: false, domain: null },
  }
  await database.query(`CREATE SCHEMA ${preset}`)
  for (const table of FILE_TABLES)
    await database.query(`CREATE TABLE ${preset}.${table} AS TABLE public.${table}`)
  const ids = new Map<string, Set<string>>()
  let files = 0
  for (const kind of KINDS) {
    const gone = (await toldInSql(database, kind, asked, true)).filter(({ because }) => because.length === 0)
    const { table, prefixes } = PLACES[kind]
    files += gone.reduce((sum, told) => sum + told.files.length, 0)
    const some = ids.get(table) ?? new Set()
    ids.set(table, some)
    for (const { id } of gone) some.add(id)
    for (const prefix of prefixes)
      await database.query(
        `UPDATE ${preset}.${table} SET ${COLUMNS.map((column) => `${prefix}_${column} = NULL`).join(', ')}
          WHERE id = ANY($1::bigint[]) AND ${prefix}_file_name <> ''`,
        [gone.map(({ id }) => id)],
      )
  }
  const rows = [...ids.values()].reduce((sum, some) => sum + some.size, 0)
  assert.ok(rows > 50, `a prune of ${rows} rows has nothing to be killed at`)
  return { rows, files, ids: new Map([...ids].map(([table, some]) => [table, [...some]])) }
}

const PLACES: Readonly<Record<AskedKind, { readonly table: string; readonly prefixes: readonly string[] }>> =
  {
    avatar: { table: 'accounts', prefixes: ['avatar'] },
    header: { table: 'accounts', prefixes: ['header'] },
    attachment: { table: 'media_attachments', prefixes: ['file', 'thumbnail'] },
    card: { table: 'preview_cards', prefixes: ['image'] },
  }

/** What a row says of a file, each after its prefix (docs/mastodon.md#file-columns). */
export const COLUMNS = ['file_name', 'content_type', 'file_size', 'updated_at']

async function assertRowsAreAs(
  database: pg.Client,
  preset: Preset,
  { ids }: LetGo,
  where: string,
): Promise<void> {
  // As Rails does it, what the preset of tootctl changes has a new time; which one is not known before.
  if (preset === 'tootctl')
    for (const [table, some] of ids)
      await database.query(
        `UPDATE tootctl.${table} e SET updated_at = r.updated_at FROM public.${table} r
          WHERE r.id = e.id AND e.id = ANY($1::bigint[]) AND r.updated_at > now() AT TIME ZONE 'UTC' - interval '1 hour'`,
        [some],
      )
  assert.deepEqual(await rowsUnlike(database, preset), [], `${where}rows are not as they have to be`)
}

/**
 * Orphans on their way out, and on their way back, struck down at random moments.
 *
 *   leave orphans -> scan, a day passes -> orphans --apply, kill -> look -> apply last, crash -> look -> ... -> compare
 *   -> undo, kill -> look -> undo -> compare
 *   or: the quarantine's days pass -> orphans --apply, kill -> look -> ... -> compare -> undo tells them as lost
 *
 * After every death everything that is no orphan is there, and each orphan is where it was, or in quarantine, or (where there
 * is none) gone and in the journal. After the end none is where it was; after an undo each is, byte for byte. Of quarantines
 * nothing goes before their time is over, and nothing but what is in them.
 */
import assert from 'node:assert/strict'
import type pg from 'pg'
import { Dice } from '../../lab/instance/dice.ts'
import { leaveOrphans } from '../../lab/instance/break/leave-orphans.ts'
import type { MediaSink } from '../../lab/instance/media/media-sink.ts'
import { inParallel } from '../../lab/instance/media/write-media.ts'
import { DAY_MS } from '../../lab/instance/world.ts'
import { runCornac, type CornacOptions } from '../run-cornac.ts'
import { pickDisaster, pickMoment, SMALL_BATCHES, strike, whenTold, type Victims } from './disaster.ts'
import { databaseNow, keysInJournal, openBatchesIn, planWaits, repeatedOf, runsSince } from './journal.ts'
import { commitsOf, faultStage, type FaultStage } from './stage.ts'
import { hashLocalMedia, truthOf, without, type LabWithMedia, type Truth } from './truth.ts'

export interface OrphanKillOptions {
  readonly media: MediaSink
  readonly kills: number
  readonly seed: number
  /** Who dies; the others work in peace. At `orphans` that is whatever takes orphans away, to quarantine or out of it. */
  readonly at: 'orphans' | 'undo' | 'emptying'
  /** Crashes the store's gateway, which answers again when it resolves. */
  readonly crashStore?: Victims['crashStore']
  readonly accounts?: number | undefined
  /** Told after each death. */
  readonly say?: ((sentence: string) => void) | undefined
}

export interface OrphanKillReport {
  readonly kills: number
  /** Deaths that left something half done: the moments worth hitting. */
  readonly caught: number
  /** Rounds that came to their end and were compared. */
  readonly wholes: number
  /** Rounds whose quarantine was over and emptied; deaths while that was due, and those that left some of its files. */
  readonly emptied: number
  readonly deathsEmptying: number
  readonly caughtEmptying: number
  readonly orphans: number
  /** Orphans that were gone and went again after one death: never all of a batch. */
  readonly mostRepeated: number
  readonly deaths: Readonly<Record<string, number>>
  readonly synchronousCommit: 'on' | 'off'
}

const KINDS = ['avatars', 'headers', 'attachments', 'thumbnails', 'emoji', 'cards']
const GUARDS = [
  '--during-vacuum',
  '--beside-tootctl',
  ...KINDS.flatMap((kind) => ['--allow-share', `${kind}=100`]),
]

/** Orphans of a run that also empties: enough for two parts of a batch. */
const NEWER = 15

/** @throws AssertionError as soon as an invariant does not hold */
export async function killOrphans(options: OrphanKillOptions): Promise<OrphanKillReport> {
  const { kills, seed } = options
  await using stack = new AsyncDisposableStack()
  const work = await OrphanWork.begin(options, stack)
  for (let round = 0; work.kills < kills || round === 0; round++) {
    const { quarantine, next } = roundOf(options.at, round)
    const since = await databaseNow(await work.stage.database())
    await work.leave()
    await work.see(quarantine)
    await work.remove(since, quarantine)
    if (next === 'undo') await work.bringBack(since)
    if (next === 'empty') await work.emptyQuarantine(since, round % 2 === 1)
    assert.equal(
      await hashLocalMedia(work.lab),
      work.local,
      `seed ${seed}, round ${round}: local media was touched`,
    )
    work.wholes++
  }
  return work.report()
}

function roundOf(
  at: OrphanKillOptions['at'],
  round: number,
): { readonly quarantine: boolean; readonly next: 'undo' | 'empty' | null } {
  if (at === 'undo') return { quarantine: true, next: 'undo' }
  if (at === 'emptying') return { quarantine: true, next: 'empty' }
  const next = (['empty', null, 'undo', 'empty'] as const)[round % 4] ?? null
  return { quarantine: next !== null, next }
}

class OrphanWork {
  kills = 0
  wholes = 0
  readonly stage: FaultStage
  readonly lab: LabWithMedia
  readonly local: string
  readonly #options: OrphanKillOptions
  readonly #dice: Dice
  readonly #cornac: CornacOptions
  /** Without orphans. */
  readonly #before: Truth
  /** Those that may go, which lie under `cache/`, and those that may not. */
  readonly #orphans: ReadonlyMap<string, Uint8Array>
  readonly #untouchable: ReadonlyMap<string, Uint8Array>
  readonly #workMs = { orphans: 500, undo: 300, emptying: 200 }
  readonly #deaths: Record<string, number> = {}
  #caught = 0
  #mostRepeated = 0
  readonly #emptying = { emptied: 0, deathsEmptying: 0, caughtEmptying: 0 }
  #storeCrashed = false
  #lines = ''

  private constructor(
    options: OrphanKillOptions,
    stage: FaultStage,
    seen: { local: string; before: Truth; orphans: ReadonlyMap<string, Uint8Array> },
  ) {
    this.#options = options
    this.stage = stage
    this.lab = stage.lab
    this.local = seen.local
    this.#before = seen.before
    this.#orphans = new Map([...seen.orphans].filter(([key]) => key.startsWith('cache/')))
    this.#untouchable = new Map([...seen.orphans].filter(([key]) => !key.startsWith('cache/')))
    this.#dice = new Dice(options.seed, 3, 0)
    this.#cornac = { env: stage.env, home: stage.home, timeoutMs: 120_000, program: SMALL_BATCHES }
  }

  static async begin(options: OrphanKillOptions, stack: AsyncDisposableStack): Promise<OrphanWork> {
    const stage = stack.use(
      await faultStage({
        media: options.media,
        accounts: options.accounts,
        synchronousCommit: commitsOf(options.seed),
      }),
    )
    const { lab } = stage
    const local = await hashLocalMedia(lab)
    const before = await truthOf(lab)
    await leaveOrphans(lab, { share: 0.2 })
    const orphans = new Map<string, Uint8Array>()
    const left = without((await truthOf(lab)).objects, before.objects)
    await inParallel(left, lab.media.concurrency, async (key) => {
      orphans.set(key, (await lab.media.get(key)) ?? new Uint8Array())
    })
    const work = new OrphanWork(options, stage, { local, before, orphans })
    assert.ok(work.#orphans.size > 30 && work.#untouchable.size > 0, `${work.#orphans.size} orphans`)
    return work
  }

  report(): OrphanKillReport {
    return {
      kills: this.kills,
      caught: this.#caught,
      wholes: this.wholes,
      ...this.#emptying,
      orphans: this.#orphans.size,
      mostRepeated: this.#mostRepeated,
      deaths: this.#deaths,
      synchronousCommit: commitsOf(this.#options.seed),
    }
  }

  /** Those that are gone, again; stores with a clock of their own make them new. */
  async leave(orphans: ReadonlyMap<string, Uint8Array> = this.#orphans): Promise<void> {
    const modifiedAtMs = Date.now() - 10 * DAY_MS
    const { objects } = await truthOf(this.lab)
    const gone = [...orphans].filter(([key]) => !objects.has(key))
    await inParallel(gone, this.lab.media.concurrency, ([key, bytes]) =>
      this.lab.media.put(key, bytes, 'image/png', { modifiedAtMs }),
    )
  }

  /** A first scan sees them, and a day passes. */
  async see(quarantine: boolean): Promise<void> {
    const { run } = await this.#strike('orphans', ['orphans', ...this.#how(quarantine), '--json'], true)
    assert.equal(run.code, 0, run.stderr + run.stdout)
    const database = await this.stage.database()
    await database.query(
      `UPDATE cornac.orphan_sightings SET first_scan = 'a day before', first_scan_at = first_scan_at - interval '25 hours' WHERE first_scan = last_scan`,
    )
  }

  #how(quarantine: boolean): readonly string[] {
    // Those of a bucket are as old as their upload.
    return [quarantine ? '--quarantine' : '--no-quarantine', ...(quarantine ? ['7'] : []), '--min-age', '0s']
  }

  async remove(since: Date, quarantine: boolean): Promise<void> {
    const { at, kills } = this.#options
    this.#storeCrashed = false
    this.#lines = ''
    for (let over = false; !over;) {
      const calm = at !== 'orphans' || this.kills >= kills
      const goOn = (await planWaits(await this.stage.database(), since)) && this.#dice.chance(0.7)
      const argv = goOn
        ? ['apply', 'last', ...GUARDS, '--json']
        : ['orphans', ...this.#how(quarantine), '--apply', ...GUARDS, '--json']
      const { run, where } = await this.#strike('orphans', argv, calm)
      over = run.code === 0
      const now = await this.#look(since, quarantine, where)
      if (over) {
        const left = [...this.#orphans.keys()].filter((key) => now.objects.has(key))
        assert.deepEqual(left, [], `${where}: orphans are there still, after\n${this.#lines}`)
      }
    }
    assert.deepEqual(
      await openBatchesIn(await this.stage.database()),
      [],
      `batches are open after\n${this.#lines}`,
    )
    if (quarantine) await this.#assertBytes(await quarantinedIn(this.lab), 'in quarantine')
  }

  /** The newest run first, as a person would. */
  async bringBack(since: Date): Promise<void> {
    const { at, kills } = this.#options
    const runs = await runsSince(await this.stage.database(), since)
    for (const { id } of runs.toReversed())
      for (let over = false; !over;) {
        const calm = at !== 'undo' || this.kills >= kills
        const { run, where } = await this.#strike('undo', ['undo', id, '--json'], calm)
        over = run.code === 0 || (await this.#isUndone(id))
        await this.#look(since, true, where)
      }
    await this.#assertBytes(
      new Map([...this.#orphans.keys()].map((key) => [key, key])),
      'back where they were',
    )
    assert.deepEqual(
      [...(await quarantinedIn(this.lab)).values()],
      [],
      `quarantine is not empty after\n${this.#lines}`,
    )
  }

  /**
   * The days pass, and whoever empties the quarantines that are over dies at it.
   * @param besides the run that does it has orphans of its own, whose quarantine is not over; else it has nothing to do
   */
  async emptyQuarantine(since: Date, besides: boolean): Promise<void> {
    const { at, kills } = this.#options
    this.#storeCrashed = false
    this.#lines = ''
    const newer = new Map([...this.#orphans].slice(0, besides ? NEWER : 0))
    await this.leave(newer)
    if (besides) await this.see(true)
    const runs = await this.#letDaysPass(since)
    const neighbours = await this.#putNeighbours(runs)
    const before = await truthOf(this.lab)
    const due = new Set([...before.objects].filter((key) => runs.has(runOf(key)) && !neighbours.has(key)))
    const stay = new Set([...before.objects].filter((key) => !due.has(key) && !newer.has(key)))
    assert.equal(due.size, this.#orphans.size, 'all of them wait in quarantine')
    for (let over = false; !over;) {
      const calm = at === 'undo' || this.kills >= kills
      const argv = ['orphans', ...this.#how(true), '--apply', ...GUARDS, '--json']
      const { run, where, struck } = await this.#strike('emptying', argv, calm)
      const now = await truthOf(this.lab)
      const text = `${where}, after\n${this.#lines}`
      assert.deepEqual(without(now.dangling, before.dangling), [], `rows that name nothing there: ${text}`)
      assert.deepEqual(without(stay, now.objects), [], `in no quarantine that is over, and gone: ${text}`)
      const foreign = without(now.objects, before.objects).filter((key) => !newer.has(formerKeyOf(key)))
      assert.deepEqual(foreign, [], `objects nobody put there: ${text}`)
      const places = new Set(without(now.objects, due).map(formerKeyOf))
      assert.deepEqual(without(new Set(newer.keys()), places), [], `orphans that are lost: ${text}`)
      const left = [...due].filter((key) => now.objects.has(key)).length
      if (struck) this.#emptying.deathsEmptying++
      if (struck && left > 0 && left < due.size) this.#emptying.caughtEmptying++
      const open = await openBatchesIn(await this.stage.database())
      over = run.code === 0 && open.length === 0 && (await this.#areEmptied(runs))
      assert.ok(over || struck, `undisturbed, and something is left: ${text}`)
      if (await this.#areEmptied(runs)) assert.equal(left, 0, `told as emptied: ${text}`)
      if (over)
        assert.deepEqual(
          [...newer.keys()].filter((key) => now.objects.has(key)),
          [],
          `orphans are there still: ${text}`,
        )
    }
    await this.#assertToldAsLost(runs)
    const { objects } = await truthOf(this.lab)
    assert.deepEqual(without(stay, objects), [], `what an undo took away, after\n${this.#lines}`)
    this.#emptying.emptied++
    await this.lab.media.remove([...(await quarantinedIn(this.lab)).values(), ...neighbours])
  }

  /** The end of these runs' quarantine lies in the past, and their files where a quarantine with that end has them. */
  async #letDaysPass(since: Date): Promise<ReadonlySet<string>> {
    const database = await this.stage.database()
    const untilMs = Date.now() - 60_000
    const { rows } = await database.query<{ id: string }>(
      `UPDATE cornac.runs SET quarantine = jsonb_set(quarantine, '{untilMs}', to_jsonb($2::float8))
        WHERE quarantine IS NOT NULL AND started_at >= $1 RETURNING id`,
      [since, untilMs],
    )
    const { media } = this.lab
    const day = new Date(untilMs).toISOString().slice(0, 10)
    const places = [...(await quarantinedIn(this.lab)).values()]
    await inParallel(places, media.concurrency, async (key) => {
      const bytes = (await media.get(key)) ?? new Uint8Array()
      await media.put(key.replace(/^(cornac\/quarantine\/)[^/]+/, `$1${day}`), bytes, 'image/png')
    })
    await media.remove(places.filter((key) => !key.startsWith(`cornac/quarantine/${day}/`)))
    return new Set(rows.map(({ id }) => id))
  }

  /** Folders whose names lie right before and right after those that are emptied: no run's. */
  async #putNeighbours(runs: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const folders = new Set<string>()
    for await (const { key } of this.lab.media.list('cornac/quarantine/'))
      if (runs.has(runOf(key))) folders.add(key.split('/').slice(0, 5).join('/'))
    const neighbours = [...folders].flatMap((folder) => [`${folder}-/kept.png`, `${folder}0/kept.png`])
    for (const key of neighbours) await this.lab.media.put(key, new Uint8Array([1]), 'image/png')
    return new Set(neighbours)
  }

  async #areEmptied(runs: ReadonlySet<string>): Promise<boolean> {
    const database = await this.stage.database()
    const { rows } = await database.query<{ emptied: boolean }>(
      'SELECT bool_and(quarantine_emptied) AS emptied FROM cornac.runs WHERE id = ANY($1)',
      [[...runs]],
    )
    return rows[0]?.emptied === true
  }

  /** A person who comes too late learns it. */
  async #assertToldAsLost(runs: ReadonlySet<string>): Promise<void> {
    const database = await this.stage.database()
    for (const id of runs) {
      const { rows } = await database.query<{ moved: number }>(
        `SELECT (counts->>'objectsMoved')::int AS moved FROM cornac.runs WHERE id = $1`,
        [id],
      )
      const moved = rows[0]?.moved ?? 0
      const { code, stdout, stderr } = await runCornac(['undo', id], this.#cornac)
      const told = `${code} ${stdout}${stderr} of ${moved} after\n${this.#lines}`
      assert.equal(code, moved === 0 ? 0 : 6, told)
      assert.match(stdout, /^0 files brought back/, told)
      if (moved > 0)
        assert.match(
          stdout,
          new RegExp(`^${moved} could not be brought back: they are kept nowhere\\.$`, 'm'),
          told,
        )
    }
  }

  async #isUndone(id: string): Promise<boolean> {
    const { rows } = await (
      await this.stage.database()
    ).query<{ state: string }>('SELECT state FROM cornac.runs WHERE id = $1', [id])
    return rows[0]?.state === 'undone'
  }

  async #strike(verb: OrphanKillOptions['at'], argv: readonly string[], calm: boolean) {
    const { seed, say, crashStore } = this.#options
    const victims = { crashDatabase: () => this.stage.crashDatabase(), crashStore }
    const moment = calm ? null : pickMoment(this.#dice, this.#workMs[verb])
    const struck = await strike(argv, this.#cornac, {
      moment,
      disaster: pickDisaster(this.#dice, victims),
      victims,
    })
    const { run, disaster, workedMs } = struck
    const where = `seed ${seed}, death ${this.kills}, ${argv.slice(0, 2).join(' ')}, ${whenTold(moment, struck)}`
    const told = `${where}: ${run.code} ${run.stderr}${run.stdout.slice(0, 2_000)} after\n${this.#lines}`
    this.#lines += `${where}: ${run.code}\n`
    if (disaster === null) {
      // Storage that refused while its gateway was down leaves something to the next run.
      assert.ok(run.code === 0 || (this.#storeCrashed && run.code === 6), told)
      if (!calm && workedMs !== null) this.#workMs[verb] = (this.#workMs[verb] + workedMs) / 2
    } else {
      this.kills++
      this.#deaths[disaster] = (this.#deaths[disaster] ?? 0) + 1
      this.#storeCrashed ||= disaster === 'store'
      assert.ok([null, 0, 1, 6, 130].includes(run.code), told)
      assert.doesNotMatch(run.stderr, /this is a defect|\n {4}at /i, told)
      say?.(`${where}: ended with ${run.code}`)
    }
    return { run, where, struck: disaster !== null }
  }

  /** Nobody but orphans has moved, and each of them is somewhere. */
  async #look(since: Date, quarantine: boolean, where: string): Promise<Truth> {
    const now = await truthOf(this.lab)
    const text = `${where}, after\n${this.#lines}`
    assert.deepEqual(
      without(now.dangling, this.#before.dangling),
      [],
      `rows that name nothing there: ${text}`,
    )
    assert.deepEqual(without(this.#before.objects, now.objects), [], `no orphans, and gone: ${text}`)
    const foreign = without(now.objects, this.#before.objects).filter(
      (key) => !key.startsWith('cornac/') && !this.#orphans.has(key) && !this.#untouchable.has(key),
    )
    assert.deepEqual(foreign, [], `objects nobody put there: ${text}`)
    for (const key of this.#untouchable.keys())
      assert.ok(now.objects.has(key), `${key} is outside cache/ and gone: ${text}`)
    const database = await this.stage.database()
    const away = [...this.#orphans.keys()].filter((key) => !now.objects.has(key))
    const known = quarantine
      ? new Set((await quarantinedIn(this.lab)).keys())
      : await keysInJournal(database, await runIds(database, since))
    assert.deepEqual(
      away.filter((key) => !known.has(key)),
      [],
      `orphans that are lost: ${text}`,
    )
    const open = await openBatchesIn(database)
    // An undo opens no batches: it is half done where some are back and some are not.
    const halfBack = this.#options.at === 'undo' && away.length > 0 && away.length < this.#orphans.size
    if (open.length > 0 || halfBack) this.#caught++
    if (!this.#storeCrashed) {
      assert.ok(open.length <= 1, `${open.length} batches are open: ${text}`)
      const before = new Set(this.#orphans.keys())
      const repeated = Math.max(0, ...open.map((batch) => repeatedOf(batch, before, now.objects, text)))
      this.#mostRepeated = Math.max(this.#mostRepeated, repeated)
    }
    return now
  }

  /** @param places where each orphan lies now */
  async #assertBytes(places: ReadonlyMap<string, string>, what: string): Promise<void> {
    await inParallel(this.#orphans, this.lab.media.concurrency, async ([key, bytes]) => {
      const stored = await this.lab.media.get(places.get(key) ?? key)
      assert.ok(
        stored !== null && Buffer.from(stored).equals(bytes),
        `${key} is not ${what}, after\n${this.#lines}`,
      )
    })
  }
}

/** The former keys of what lies in quarantine, with the keys of now. */
async function quarantinedIn(lab: LabWithMedia): Promise<ReadonlyMap<string, string>> {
  const places = new Map<string, string>()
  for await (const { key } of lab.media.list(QUARANTINE)) places.set(formerKeyOf(key), key)
  return places
}

/** Below it: <day>/<run>/<token>/<former key>. */
const QUARANTINE = 'cornac/quarantine/'

/** A key that is in no quarantine is its own. */
function formerKeyOf(key: string): string {
  return key.startsWith(QUARANTINE) ? key.split('/').slice(5).join('/') : key
}

/** Whose quarantine it lies in; nobody's for all others. */
function runOf(key: string): string {
  return key.startsWith(QUARANTINE) ? (key.split('/')[3] ?? '') : ''
}

async function runIds(database: pg.Client, since: Date): Promise<readonly string[]> {
  return (await runsSince(database, since)).map(({ id }) => id)
}

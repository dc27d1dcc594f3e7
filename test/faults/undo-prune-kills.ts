/**
 * Prunes on their way back, struck down at random moments.
 *
 *   prune in peace -> most of what went is put back, as from a backup -> undo, kill -> look -> undo, crash -> look -> ...
 *   -> compare -> undo again -> restore
 *
 * After every death each row is, to the letter, as the prune has left it or as it has to be in the end, and names nothing that
 * is not there; storage is as it was. In the end exactly those rows name their files as before the prune of which storage has
 * every variant. What is told adds up, and a second undo changes nothing.
 *
 * Where the bucket can keep versions, it does so from the second half of the deaths on: then nothing is lost, and rows are
 * compared at the end only, since the two files of a row may come back one after the other.
 */
import assert from 'node:assert/strict'
import { Dice } from '../../lab/instance/dice.ts'
import { keysInDatabase } from '../../lab/instance/rows-in-database.ts'
import type { MediaSink } from '../../lab/instance/media/media-sink.ts'
import { inParallel } from '../../lab/instance/media/write-media.ts'
import { DAY_MS } from '../../lab/instance/world.ts'
import { runCornac, type CornacOptions } from '../run-cornac.ts'
import { pickDisaster, pickMoment, SMALL_BATCHES, strike, whenTold, type Victims } from './disaster.ts'
import { databaseNow, runsSince } from './journal.ts'
import { COLUMNS, daysSince, GUARDS, PRESETS, WORDS, type Preset } from './prune-kills.ts'
import { copyRows, rowsUnlike, saveWorld, type SavedWorld } from './saved-world.ts'
import { commitsOf, faultStage, type FaultStage } from './stage.ts'
import { hashLocalMedia, truthOf, without, type LabWithMedia, type Truth } from './truth.ts'

export interface UndoPruneKillOptions {
  readonly media: MediaSink
  readonly kills: number
  readonly seed: number
  /** Crashes the store's gateway, which answers again when it resolves. */
  readonly crashStore?: Victims['crashStore']
  /** From then on the bucket keeps what is removed; absent where there is no such thing. */
  readonly keepVersions?: (() => Promise<void>) | undefined
  readonly accounts?: number | undefined
  /** Told after each death. */
  readonly say?: ((sentence: string) => void) | undefined
}

export interface UndoPruneKillReport {
  readonly kills: number
  /** Deaths that left some rows back and some not: the moments worth hitting. */
  readonly caught: number
  /** Undos that came to their end and were compared; how many of them from a bucket with versions. */
  readonly wholes: number
  readonly versioned: number
  /** Of all of them: files named again, files that are gone for good, and rows with one file of each. */
  readonly back: number
  readonly lost: number
  readonly torn: number
  readonly deaths: Readonly<Record<string, number>>
  readonly synchronousCommit: 'on' | 'off'
}

/** Of the objects that went, those that a backup has. */
const PUT_BACK = { lossy: 0.8, versioned: 0.5 }

/** @throws AssertionError as soon as an invariant does not hold */
export async function killPruneUndos(options: UndoPruneKillOptions): Promise<UndoPruneKillReport> {
  await using stack = new AsyncDisposableStack()
  const work = await UndoWork.begin(options, stack)
  // The last round is left in peace from its beginning: one process tells all of it.
  for (let round = 0, calm = false; !calm; round++) {
    calm = work.kills >= options.kills
    if (work.kills >= options.kills / 2) await work.keepVersions()
    await work.pruneAndTakeBack(PRESETS[round % 2] as Preset, calm)
  }
  return work.report()
}

/** A file that a row named before the prune. */
interface NamedFile {
  readonly kind: keyof typeof PLACES
  readonly id: string
  readonly keys: string[]
}

/** What the rows of one prune let go of. */
interface Undoing {
  readonly run: string
  /** Storage, when the undo begins. */
  readonly truth: Truth
  readonly inPlace: readonly NamedFile[]
  /** Storage has them behind their delete markers. */
  readonly fromVersion: readonly NamedFile[]
  readonly lost: readonly NamedFile[]
  /** Objects that may appear. */
  readonly mayCome: ReadonlySet<string>
}

const PLACES = {
  avatar: { table: 'accounts', prefix: 'avatar' },
  header: { table: 'accounts', prefix: 'header' },
  attachment: { table: 'media_attachments', prefix: 'file' },
  thumbnail: { table: 'media_attachments', prefix: 'thumbnail' },
  card: { table: 'preview_cards', prefix: 'image' },
} as const

class UndoWork {
  kills = 0
  readonly #options: UndoPruneKillOptions
  readonly #stage: FaultStage
  readonly #lab: LabWithMedia
  readonly #dice: Dice
  readonly #cornac: CornacOptions
  readonly #world: SavedWorld
  readonly #local: string
  readonly #before: Truth
  readonly #files: ReadonlyMap<string, NamedFile>
  readonly #deaths: Record<string, number> = {}
  readonly #counts = { caught: 0, wholes: 0, versioned: 0, back: 0, lost: 0, torn: 0 }
  #keepsVersions = false
  #workMs = 500
  #lines = ''

  private constructor(
    options: UndoPruneKillOptions,
    stage: FaultStage,
    seen: { world: SavedWorld; local: string; before: Truth; files: ReadonlyMap<string, NamedFile> },
  ) {
    this.#options = options
    this.#stage = stage
    this.#lab = stage.lab
    this.#dice = new Dice(options.seed, 4, 0)
    this.#cornac = { env: stage.env, home: stage.home, timeoutMs: 120_000, program: SMALL_BATCHES }
    this.#world = seen.world
    this.#local = seen.local
    this.#before = seen.before
    this.#files = seen.files
  }

  static async begin(options: UndoPruneKillOptions, stack: AsyncDisposableStack): Promise<UndoWork> {
    const { media, accounts, seed } = options
    const stage = stack.use(await faultStage({ media, accounts, synchronousCommit: commitsOf(seed) }))
    const { lab } = stage
    return new UndoWork(options, stage, {
      world: await saveWorld(lab, await stage.database()),
      local: await hashLocalMedia(lab),
      before: await truthOf(lab),
      files: await namedFiles(lab),
    })
  }

  report(): UndoPruneKillReport {
    const synchronousCommit = commitsOf(this.#options.seed)
    return { kills: this.kills, ...this.#counts, deaths: this.#deaths, synchronousCommit }
  }

  async keepVersions(): Promise<void> {
    if (this.#keepsVersions || this.#options.keepVersions === undefined) return
    await this.#options.keepVersions()
    this.#keepsVersions = true
  }

  async pruneAndTakeBack(preset: Preset, calm: boolean): Promise<void> {
    this.#lines = ''
    const undoing = await this.#prune(preset)
    await this.#takeBack(undoing, calm)
    const where = `${preset}, after\n${this.#lines}`
    await this.#assertEnd(undoing, where)
    await this.#assertUndoneOnce(undoing, where)
    assert.equal(await hashLocalMedia(this.#lab), this.#local, `${where}local media was touched`)
    const { inPlace, fromVersion, lost } = undoing
    const back = [...inPlace, ...fromVersion]
    const rowsBack = new Set(back.map(rowOf))
    this.#counts.back += back.length
    this.#counts.lost += lost.length
    this.#counts.torn += lost.filter((file) => rowsBack.has(rowOf(file))).length
    this.#counts.wholes++
    if (this.#keepsVersions) this.#counts.versioned++
    const database = await this.#stage.database()
    await this.#world.restore(database)
    assert.deepEqual(await rowsUnlike(database, 'saved'), [])
  }

  /** A prune from its beginning to its end, and most of what it took is there again. */
  async #prune(preset: Preset): Promise<Undoing> {
    const database = await this.#stage.database()
    const since = await databaseNow(database)
    const days = daysSince(this.#lab.world.nowMs - 3 * DAY_MS)
    const argv = ['prune', ...WORDS, '--days', days, '--preset', preset, '--apply', ...GUARDS, '--json']
    const pruned = await runCornac(argv, this.#cornac)
    assert.equal(pruned.code, 0, pruned.stderr + pruned.stdout)
    const [run, ...more] = await runsSince(database, since)
    assert.ok(run?.state === 'done' && more.length === 0, JSON.stringify([run, more]))
    const named = await namedFiles(this.#lab)
    const letGo = [...this.#files].filter(([name]) => !named.has(name)).map(([, file]) => file)
    assert.equal(run.files, letGo.length)
    const keys = letGo.flatMap((file) => file.keys)
    await this.#putBack(keys, this.#keepsVersions ? PUT_BACK.versioned : PUT_BACK.lossy)
    const truth = await truthOf(this.#lab)
    const isWhole = ({ keys: all }: NamedFile, { objects }: Truth): boolean =>
      all.every((key) => objects.has(key))
    const inPlace = letGo.filter((file) => isWhole(file, truth))
    const away = letGo.filter((file) => !isWhole(file, truth))
    const fromVersion = this.#keepsVersions ? away.filter((file) => isWhole(file, this.#before)) : []
    const lost = away.filter((file) => !fromVersion.includes(file))
    assert.ok(inPlace.length > 20, `${inPlace.length} files to take back`)
    assert.ok(this.#keepsVersions ? fromVersion.length > 20 : lost.length > 10, `${lost.length} are lost`)
    await copyRows(database, 'pruned')
    await this.#expectRows([...inPlace, ...fromVersion])
    const mayCome = new Set(this.#keepsVersions ? keys.filter((key) => this.#before.objects.has(key)) : [])
    return { run: run.id, truth, inPlace, fromVersion, lost, mayCome }
  }

  async #putBack(keys: readonly string[], share: number): Promise<void> {
    const { media } = this.#lab
    const some = keys.flatMap((key) => {
      const bytes = this.#world.files.get(key)
      return bytes !== undefined && this.#dice.chance(share) ? [{ key, bytes }] : []
    })
    await inParallel(some, media.concurrency, ({ key, bytes }) =>
      media.put(key, bytes, 'application/octet-stream'),
    )
  }

  /** Leaves a schema with the rows as they have to be in the end: whoever has a file back has its own time back. */
  async #expectRows(back: readonly NamedFile[]): Promise<void> {
    const database = await this.#stage.database()
    await copyRows(database, 'taken_back')
    for (const [kind, { table, prefix }] of Object.entries(PLACES)) {
      const columns = COLUMNS.map((column) => `${prefix}_${column}`)
      await database.query(
        `UPDATE taken_back.${table} e SET updated_at = s.updated_at, ${columns.map((name) => `${name} = s.${name}`).join(', ')}
          FROM saved.${table} s WHERE s.id = e.id AND e.id = ANY($1::bigint[])`,
        [back.filter((file) => file.kind === kind).map(({ id }) => id)],
      )
    }
  }

  async #takeBack(undoing: Undoing, calm: boolean): Promise<void> {
    const { seed, say, crashStore } = this.#options
    const victims = { crashDatabase: () => this.#stage.crashDatabase(), crashStore }
    for (let over = false; !over;) {
      const peace = calm || this.kills >= this.#options.kills
      const moment = peace ? null : pickMoment(this.#dice, this.#workMs)
      const disaster = pickDisaster(this.#dice, victims)
      const argv = ['undo', undoing.run, '--json']
      const struck = await strike(argv, this.#cornac, { moment, disaster, victims })
      const { run, workedMs } = struck
      const where = `seed ${seed}, death ${this.kills}, ${whenTold(moment, struck)}`
      this.#lines += `${where}: ${run.code}\n`
      const told = `${run.code} ${run.stderr}${run.stdout.slice(0, 2_000)} after\n${this.#lines}`
      over = (await this.#stateOf(undoing.run)) === 'undone'
      if (struck.disaster === null) {
        assert.ok(over && [0, 6].includes(run.code ?? -1), told)
        if (calm) assertToldAll(JSON.parse(run.stdout) as Told, undoing, told)
        else if (!peace && workedMs !== null) this.#workMs = (this.#workMs + workedMs) / 2
      } else {
        this.kills++
        this.#deaths[struck.disaster] = (this.#deaths[struck.disaster] ?? 0) + 1
        assert.ok([null, 0, 1, 6, 130].includes(run.code), told)
        // A crash is for people to act on, never a defect of Cornac's.
        assert.doesNotMatch(run.stderr, /this is a defect|\n {4}at /i, told)
        say?.(`${where}: ended with ${run.code}`)
      }
      await this.#look(undoing, `after\n${this.#lines}`)
    }
  }

  async #stateOf(run: string): Promise<string | undefined> {
    const database = await this.#stage.database()
    const { rows } = await database.query<{ state: string }>('SELECT state FROM cornac.runs WHERE id = $1', [
      run,
    ])
    return rows[0]?.state
  }

  async #look({ truth, mayCome }: Undoing, where: string): Promise<void> {
    const now = await truthOf(this.#lab)
    assert.deepEqual(without(now.dangling, truth.dangling), [], `rows that name nothing there: ${where}`)
    assert.deepEqual(without(truth.objects, now.objects), [], `objects that an undo took away: ${where}`)
    const come = without(now.objects, truth.objects)
    assert.deepEqual(
      come.filter((key) => !mayCome.has(key)),
      [],
      `objects nobody had: ${where}`,
    )
    const database = await this.#stage.database()
    if (!this.#keepsVersions)
      assert.deepEqual(
        await rowsUnlike(database, 'pruned', 'taken_back'),
        [],
        `rows that are neither as after the prune nor as before it: ${where}`,
      )
    const some = (await rowsUnlike(database, 'pruned')).length
    const left = (await rowsUnlike(database, 'taken_back')).length
    if (some > 0 && left > 0) this.#counts.caught++
  }

  async #assertEnd({ fromVersion }: Undoing, where: string): Promise<void> {
    const database = await this.#stage.database()
    const unlike = await rowsUnlike(database, 'taken_back')
    assert.deepEqual(unlike, [], `rows are not as they have to be: ${where}`)
    const { objects } = await truthOf(this.#lab)
    const away = fromVersion.flatMap(({ keys }) => keys).filter((key) => !objects.has(key))
    assert.deepEqual(away, [], `objects that are not back: ${where}`)
  }

  async #assertUndoneOnce({ run }: Undoing, where: string): Promise<void> {
    const { objects } = await truthOf(this.#lab)
    const again = await runCornac(['undo', run], this.#cornac)
    assert.equal(again.code, 2, `${again.stderr}${again.stdout} ${where}`)
    assert.match(again.stderr, /was taken back before/, where)
    const now = await truthOf(this.#lab)
    assert.deepEqual([...now.objects].toSorted(), [...objects].toSorted(), where)
    assert.deepEqual(await rowsUnlike(await this.#stage.database(), 'taken_back'), [], where)
  }
}

interface Told {
  readonly in_place: number
  readonly from_quarantine: number
  readonly from_version: number
  readonly healed: number
  readonly changed: number
  readonly lost: number
}

/** By a process that did all of it. */
function assertToldAll(told: Told, { inPlace, fromVersion, lost }: Undoing, where: string): void {
  const { in_place, from_quarantine, from_version, healed, changed } = told
  assert.deepEqual(
    { in_place, from_quarantine, from_version, healed, changed, lost: told.lost },
    {
      in_place: inPlace.length,
      from_quarantine: 0,
      from_version: fromVersion.length,
      healed: 0,
      changed: 0,
      lost: lost.length,
    },
    where,
  )
}

function rowOf({ kind, id }: NamedFile): string {
  return `${PLACES[kind].table} ${id}`
}

/** By `kind id`: every file that a row of the prunable kinds names now, with its keys. */
async function namedFiles(lab: LabWithMedia): Promise<ReadonlyMap<string, NamedFile>> {
  const files = new Map<string, NamedFile>()
  const kinds = Object.keys(PLACES) as readonly (keyof typeof PLACES)[]
  for await (const { key, file } of keysInDatabase(lab.databaseUrl, lab.version, kinds)) {
    const name = `${file.kind} ${file.id}`
    const known = files.get(name)
    if (known !== undefined) known.keys.push(key)
    else files.set(name, { kind: file.kind as keyof typeof PLACES, id: file.id, keys: [key] })
  }
  return files
}

/**
 * Heals that are killed at random moments, one after the other, each going on where the last one died.
 *
 *   break -> heal, SIGKILL -> look -> heal, SIGKILL -> look -> ... -> heal to the end -> look
 *
 * After every kill no row names an object that is not there, unless it did before. After the last, complete heal no object
 * is there that no row claims, unless it was before; the journal is empty; local media is what it was, byte for byte.
 */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { Dice } from '../../lab/instance/dice.ts'
import { deleteFiles } from '../../lab/instance/break/delete-files.ts'
import { pruneProfiles } from '../../lab/instance/break/prune-profiles.ts'
import type { MediaSink } from '../../lab/instance/media/media-sink.ts'
import { brokenInstance } from '../broken-instance.ts'
import { cornacHome, runCornac, startCornac } from '../run-cornac.ts'
import { sharedRedis } from '../shared-servers.ts'
import { hashLocalMedia, truthOf, without, type LabWithMedia } from './truth.ts'

export interface KillOptions {
  readonly media: MediaSink
  readonly kills: number
  readonly seed: number
  readonly accounts?: number | undefined
  /** Told after each kill. */
  readonly say?: ((sentence: string) => void) | undefined
}

export interface KillReport {
  readonly kills: number
  /** Kills that left something half done in the journal: the moments worth hitting. */
  readonly caught: number
  /** Objects that the next heal removed because no row named them. */
  readonly removed: number
  readonly healed: number
}

const HEAL = ['heal', 'avatars', 'headers', 'attachments', 'emoji', '--all', '--now', '--json']

/** @throws AssertionError as soon as an invariant does not hold */
export async function killHeals(options: KillOptions): Promise<KillReport> {
  const { media, kills, seed, say = () => {} } = options
  await using stack = new AsyncDisposableStack()
  const world = stack.use(
    await brokenInstance({ media, accounts: options.accounts ?? 70, followed: 20, whole: true }),
  )
  const lab: LabWithMedia = world.lab
  const redis = await sharedRedis()
  const home = await cornacHome()
  stack.defer(() => rm(home, { recursive: true, force: true }))
  const database = new pg.Client({ connectionString: lab.databaseUrl })
  await database.connect()
  stack.defer(() => database.end())
  const env = { ...world.env, ...redis.env(await redis.freeDatabase()) }
  const heal = { env, home, timeoutMs: 120_000 }
  const dice = new Dice(seed, 0, 0)
  const local = await hashLocalMedia(lab)
  const before = await truthOf(lab)

  await breakAgain(lab)
  const startedAt = performance.now()
  const whole = await runCornac(HEAL, heal)
  // How long a whole heal takes changes with what else the machine does.
  let fullMs = performance.now() - startedAt
  assert.equal(whole.code, 0, whole.stderr + whole.stdout)
  const report = { kills: 0, caught: 0, removed: 0, healed: 0 }
  while (report.kills < kills) {
    await breakAgain(lab)
    for (let over = false; !over && report.kills < kills;) {
      const known = await truthOf(lab)
      const beganAt = performance.now()
      const running = await startCornac(HEAL, heal)
      const afterMs = fullMs * (0.25 + 0.8 * dice.fraction())
      const end = await Promise.race([running.ended, sleep(afterMs, undefined)])
      running.process.kill('SIGKILL')
      const run = end ?? (await running.ended)
      over = run.code !== null
      if (over) fullMs = (fullMs + performance.now() - beganAt) / 2
      if (over) assert.equal(run.code, 0, run.stderr + run.stdout)
      else report.kills++
      const now = await truthOf(lab)
      const dangling = without(now.dangling, known.dangling)
      assert.deepEqual(dangling, [], `seed ${seed}, kill ${report.kills} after ${Math.round(afterMs)} ms`)
      const open = await openIntents(database)
      if (!over && open > 0) report.caught++
      const answer = over ? (JSON.parse(run.stdout) as HealAnswer) : null
      report.removed += answer?.recovered.objects ?? 0
      report.healed += answer?.healed ?? 0
      say(`kill ${report.kills} of ${kills} after ${Math.round(afterMs)} ms: ${open} left half done`)
    }
  }
  const last = await runCornac(HEAL, heal)
  assert.equal(last.code, 0, last.stderr + last.stdout)
  const answer = JSON.parse(last.stdout) as HealAnswer
  const after = await truthOf(lab)
  assert.deepEqual(without(after.dangling, before.dangling), [], `seed ${seed}: rows that name nothing there`)
  assert.deepEqual(without(after.unclaimed, before.unclaimed), [], `seed ${seed}: objects nobody knows`)
  assert.equal(await openIntents(database), 0, `seed ${seed}: the journal is not empty`)
  assert.equal(await hashLocalMedia(lab), local, `seed ${seed}: local media was touched`)
  return {
    ...report,
    removed: report.removed + answer.recovered.objects,
    healed: report.healed + answer.healed,
  }
}

interface HealAnswer {
  readonly healed: number
  readonly recovered: { readonly objects: number }
}

/** Names are cleared and their files removed; other files vanish, and their rows go on naming them. */
async function breakAgain(lab: LabWithMedia): Promise<void> {
  await pruneProfiles(lab, { days: 0, includeFollows: true, now: new Date(Date.now() + 1000) })
  await deleteFiles(lab, { share: 0.2, kinds: ['avatar', 'header', 'attachment', 'emoji'] })
}

async function openIntents(database: pg.Client): Promise<number> {
  const { rows } = await database.query<{ n: number }>('SELECT count(*)::int AS n FROM cornac.heal_intents')
  return rows[0]?.n ?? 0
}

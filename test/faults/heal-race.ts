/**
 * A heal beside a busy Mastodon: the lab changes the same accounts thousands of times while their pictures are fetched,
 * each change as Mastodon makes it (new file, then row, then old file). Whatever it did last to a row has to stand.
 */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import pg from 'pg'
import { Dice } from '../../lab/instance/dice.ts'
import { pruneProfiles } from '../../lab/instance/break/prune-profiles.ts'
import type { MediaSink } from '../../lab/instance/media/media-sink.ts'
import { brokenInstance } from '../broken-instance.ts'
import { avatarKey, BusyMastodon } from './busy-mastodon.ts'
import { cornacHome, runCornac } from '../run-cornac.ts'
import { sharedRedis } from '../shared-servers.ts'
import { truthOf, without, type LabWithMedia } from './truth.ts'

export interface RaceOptions {
  readonly media: MediaSink
  /** Changes to make while heals run, one after the other without a pause. */
  readonly changes: number
  readonly seed: number
  readonly accounts?: number | undefined
}

export interface RaceReport {
  readonly changes: number
  readonly heals: number
  readonly healed: number
  /** Records that heal found changed under its hands: the races that happened. */
  readonly lost: number
}

type Deed = 'new-picture' | 'prune' | 'new-url' | 'suspend' | 'unsuspend' | 'delete'

/** The columns of one account that a heal might touch, as the last change left them. */
interface Left {
  readonly deed: Deed
  readonly fileName: string | null
  readonly url: string | null
  readonly bytes: Uint8Array | null
}

/** @throws AssertionError if anything newer was lost */
export async function raceHeals(options: RaceOptions): Promise<RaceReport> {
  await using stack = new AsyncDisposableStack()
  const world = stack.use(
    await brokenInstance({
      media: options.media,
      accounts: options.accounts ?? 80,
      followed: 20,
      whole: true,
    }),
  )
  const { lab } = world
  const redis = await sharedRedis()
  const home = await cornacHome()
  stack.defer(() => rm(home, { recursive: true, force: true }))
  const env = { ...world.env, ...redis.env(await redis.freeDatabase()) }
  await pruneProfiles(lab, { days: 0, includeFollows: true, now: new Date(Date.now() + 1000) })
  const before = await truthOf(lab)
  const client = new pg.Client({ connectionString: lab.databaseUrl })
  await client.connect()
  stack.defer(() => client.end())
  const mastodon = await openMastodon(lab, client, options.seed)

  let [heals, healed, lost] = [0, 0, 0]
  let busy = true
  const writing = (async () => {
    try {
      for (let i = 0; i < options.changes; i++) await mastodon.change()
    } finally {
      busy = false
    }
  })()
  // Whoever waits for it later learns of its failure.
  writing.catch(() => {})
  while (busy) {
    const run = await runCornac(['heal', 'avatars', '--all', '--json'], { env, home, timeoutMs: 120_000 })
    assert.ok(run.code === 0 || run.code === 6, `${run.code}: ${run.stderr}${run.stdout}`)
    const answer = JSON.parse(run.stdout) as { healed: number; changed: number }
    heals++
    healed += answer.healed
    lost += answer.changed
  }
  await writing
  await mastodon.compare()
  const after = await truthOf(lab)
  assert.deepEqual(without(after.dangling, before.dangling), [], 'rows that name nothing there')
  assert.deepEqual(without(after.unclaimed, before.unclaimed), [], 'objects nobody knows')
  return { changes: options.changes, heals, healed, lost }
}

interface Mastodon {
  /** One change to one account, whole. */
  change(): Promise<void>
  /** Asserts that every row is as its last change left it, or healed from exactly that state. */
  compare(): Promise<void>
}

async function openMastodon(lab: LabWithMedia, client: pg.Client, seed: number): Promise<Mastodon> {
  const dice = new Dice(seed, 1, 0)
  const mastodon = await BusyMastodon.open(lab, client, dice)
  const { ids, suspended } = mastodon
  const left = new Map<string, Left>()
  const NOTHING = { fileName: null, url: null, bytes: null }

  const deeds: Readonly<Record<Deed, (id: string) => Promise<Omit<Left, 'deed'> | null>>> = {
    'new-picture': (id) => mastodon.newPicture(id),
    prune: (id) => mastodon.clear(id).then(() => NOTHING),
    'new-url': async (id) => ({ ...NOTHING, url: await mastodon.newUrl(id) }),
    suspend: async (id) => ({ ...NOTHING, fileName: await mastodon.suspend(id) }),
    unsuspend: (id) => mastodon.unsuspend(id).then(() => null),
    delete: (id) => mastodon.delete(id).then(() => NOTHING),
  }

  return {
    async change() {
      const id = dice.pick(ids)
      const roll = dice.fraction()
      // Mostly what leaves something to heal, so that heal and Mastodon meet at the same rows.
      const deed: Deed = suspended.has(id)
        ? 'unsuspend'
        : roll < 0.62
          ? 'prune'
          : roll < 0.85
            ? 'new-picture'
            : roll < 0.91
              ? 'new-url'
              : roll < 0.995 || ids.length < 40
                ? 'suspend'
                : 'delete'
      const now = await deeds[deed](id)
      if (now === null) left.delete(id)
      else left.set(id, { deed, ...now })
    },
    async compare() {
      const { rows: now } = await client.query<{ id: string; fileName: string | null; url: string | null }>(
        `SELECT id::text, avatar_file_name AS "fileName", avatar_remote_url AS url FROM accounts`,
      )
      const rowOf = new Map(now.map((row) => [row.id, row]))
      for (const [id, last] of left) {
        const row = rowOf.get(id)
        if (last.deed === 'delete') {
          assert.equal(row, undefined, `account ${id} was deleted`)
          continue
        }
        assert.ok(row !== undefined)
        if (last.deed === 'new-picture') {
          assert.equal(row.fileName, last.fileName, `account ${id} got a newer picture`)
          const stored = await lab.media.get(avatarKey(id, last.fileName ?? ''))
          assert.ok(stored !== null && last.bytes !== null, `account ${id} has lost its newer picture`)
          assert.ok(Buffer.from(stored).equals(last.bytes), `account ${id} has other bytes`)
        }
        if (last.deed === 'suspend') assert.equal(row.fileName, last.fileName, `account ${id} was suspended`)
        if (last.deed === 'new-url') assert.equal(row.url, last.url, `account ${id} got another address`)
      }
    },
  }
}

/**
 * A heal beside a busy Mastodon: the lab changes the same accounts thousands of times while their pictures are fetched,
 * each change as Mastodon makes it (new file, then row, then old file). Whatever it did last to a row has to stand.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import pg from 'pg'
import { Dice } from '../../lab/instance/dice.ts'
import { pruneProfiles } from '../../lab/instance/break/prune-profiles.ts'
import { keyOf, stylesOf } from '../../lab/instance/keys.ts'
import type { MediaSink } from '../../lab/instance/media/media-sink.ts'
import { drawPictures } from '../../lab/instance/pictures.ts'
import { brokenInstance } from '../broken-instance.ts'
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

const WHICH = 'avatar'

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
  const pictures = await drawPictures(seed, 'tiny')
  const { rows } = await client.query<{ id: string; url: string }>(
    `SELECT id::text, ${WHICH}_remote_url AS url FROM accounts WHERE domain IS NOT NULL AND ${WHICH}_remote_url <> '' AND suspended_at IS NULL`,
  )
  const ids = rows.map(({ id }) => id)
  const urls = new Map(rows.map(({ id, url }) => [id, url]))
  /** A new address, which answers as the old one does. */
  const another = (id: string): string => `${urls.get(id)}?${randomBytes(4).toString('hex')}`
  const left = new Map<string, Left>()
  const suspended = new Set<string>()

  async function put(id: string): Promise<{ fileName: string; bytes: Uint8Array }> {
    const { original } = pictures.take('avatar', 'image/png', dice.below(1000))
    const fileName = `${randomBytes(8).toString('hex')}.png`
    await lab.media.put(avatarKey(id, fileName), original, 'image/png')
    return { fileName, bytes: original }
  }

  const deeds: Readonly<Record<Deed, (id: string) => Promise<void>>> = {
    async 'new-picture'(id) {
      const { fileName, bytes } = await put(id)
      const url = another(id)
      const old = await update(id, { fileName, url, contentType: 'image/png', bytes: bytes.length })
      if (old !== null) await removeOld(id, old)
      left.set(id, { deed: 'new-picture', fileName, url, bytes })
    },
    async prune(id) {
      const old = await update(id, { fileName: null })
      if (old !== null) await removeOld(id, old)
      left.set(id, { deed: 'prune', fileName: null, url: null, bytes: null })
    },
    async 'new-url'(id) {
      const url = another(id)
      const old = await update(id, { fileName: null, url })
      if (old !== null) await removeOld(id, old)
      left.set(id, { deed: 'new-url', fileName: null, url, bytes: null })
    },
    async suspend(id) {
      const { rows: now } = await client.query<{ fileName: string | null }>(
        `UPDATE accounts SET suspended_at = now() WHERE id = $1 RETURNING ${WHICH}_file_name AS "fileName"`,
        [id],
      )
      suspended.add(id)
      left.set(id, { deed: 'suspend', fileName: now[0]?.fileName ?? null, url: null, bytes: null })
    },
    async unsuspend(id) {
      await client.query('UPDATE accounts SET suspended_at = NULL WHERE id = $1', [id])
      suspended.delete(id)
      left.delete(id)
    },
    async delete(id) {
      // As Mastodon does before it: these two refuse the deletion of an account (facts 1.2).
      await client.query('DELETE FROM collection_items WHERE account_id = $1', [id])
      await client.query('DELETE FROM collections WHERE account_id = $1', [id])
      const { rows: gone } = await client.query<{ avatar: string | null; header: string | null }>(
        `DELETE FROM accounts WHERE id = $1 RETURNING avatar_file_name AS avatar, header_file_name AS header`,
        [id],
      )
      for (const which of ['avatar', 'header'] as const) {
        const fileName = gone[0]?.[which] ?? null
        // Old rows keep their files beside local media.
        for (const version of fileName === null ? [] : [1, 0])
          await lab.media.remove(keysOf(which, id, fileName ?? '', version))
      }
      ids.splice(ids.indexOf(id), 1)
      left.set(id, { deed: 'delete', fileName: null, url: null, bytes: null })
    },
  }

  interface Old {
    readonly fileName: string
    readonly contentType: string | null
  }

  /** The row as Rails saves it; gives what it named before. */
  async function update(
    id: string,
    to: { fileName: string | null; url?: string; contentType?: string; bytes?: number },
  ): Promise<Old | null> {
    const { rows: old } = await client.query<{ fileName: string | null; contentType: string | null }>(
      `UPDATE accounts a SET ${WHICH}_file_name = $2, ${WHICH}_content_type = $3, ${WHICH}_file_size = $4,
          ${WHICH}_remote_url = coalesce($5, a.${WHICH}_remote_url), ${WHICH}_storage_schema_version = 1,
          ${WHICH}_updated_at = now() AT TIME ZONE 'UTC', updated_at = now() AT TIME ZONE 'UTC'
        FROM (SELECT * FROM accounts WHERE id = $1 FOR UPDATE) old WHERE a.id = old.id
        RETURNING old.${WHICH}_file_name AS "fileName", old.${WHICH}_content_type AS "contentType"`,
      [id, to.fileName, to.contentType ?? null, to.bytes ?? null, to.url ?? null],
    )
    const [row] = old
    return row?.fileName == null ? null : { fileName: row.fileName, contentType: row.contentType }
  }

  async function removeOld(id: string, { fileName }: Old): Promise<void> {
    await lab.media.remove(keysOf('avatar', id, fileName, 1))
  }

  return {
    async change() {
      const id = dice.pick(ids)
      const roll = dice.fraction()
      if (suspended.has(id)) return deeds.unsuspend(id)
      // Mostly what leaves something to heal, so that heal and Mastodon meet at the same rows.
      const deed: Deed =
        roll < 0.62
          ? 'prune'
          : roll < 0.85
            ? 'new-picture'
            : roll < 0.91
              ? 'new-url'
              : roll < 0.995 || ids.length < 40
                ? 'suspend'
                : 'delete'
      await deeds[deed](id)
    },
    async compare() {
      const { rows: now } = await client.query<{ id: string; fileName: string | null; url: string | null }>(
        `SELECT id::text, ${WHICH}_file_name AS "fileName", ${WHICH}_remote_url AS url FROM accounts`,
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

/** Where a file of an account lies, and its still picture. */
function keysOf(kind: 'avatar' | 'header', id: string, fileName: string, version: number): string[] {
  const gif = fileName.endsWith('.gif')
  const placed = { kind, id, remote: true, version, fileName, contentType: gif ? 'image/gif' : 'image/png' }
  return stylesOf(placed).map((style) => keyOf(placed, style))
}

function avatarKey(id: string, fileName: string): string {
  return keysOf('avatar', id, fileName, 1)[0] ?? ''
}

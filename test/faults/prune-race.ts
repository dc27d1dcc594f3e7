/**
 * Prunes beside a busy Mastodon: the lab changes the same rows thousands of times while they are let go, and people begin and
 * cease to have to do with them. Whatever a rule keeps by the time its turn comes stays; what Mastodon did last stands.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { Dice } from '../../lab/instance/dice.ts'
import { keyOf, stylesOf } from '../../lab/instance/keys.ts'
import type { MediaSink } from '../../lab/instance/media/media-sink.ts'
import { runCornac } from '../run-cornac.ts'
import { avatarKey, BusyMastodon } from './busy-mastodon.ts'
import { SMALL_BATCHES } from './disaster.ts'
import { openBatchesIn } from './journal.ts'
import { faultStage } from './stage.ts'
import { hashLocalMedia, truthOf, without } from './truth.ts'

export interface PruneRaceOptions {
  readonly media: MediaSink
  /** Changes to make while prunes run, one after the other without a pause. */
  readonly changes: number
  readonly seed: number
  readonly accounts?: number | undefined
}

export interface PruneRaceReport {
  readonly changes: number
  readonly prunes: number
  /** Files let go. */
  readonly files: number
  /** Rows that a prune found changed under its hands, or held: the races that happened. */
  readonly lost: number
  /** Pictures that something kept, compared in the end. */
  readonly kept: number
}

const PRUNE = [
  ...[
    'prune',
    'avatars',
    'attachments',
    '--days',
    '30',
    '--apply',
    '--json',
    '--during-vacuum',
    '--beside-tootctl',
  ],
  ...['--allow-share', 'avatars=100', '--allow-share', 'attachments=100', '--allow-share', 'thumbnails=100'],
]

/** @throws AssertionError if anything that was kept, or newer, was lost */
export async function racePrunes(options: PruneRaceOptions): Promise<PruneRaceReport> {
  const { media, seed } = options
  await using stage = await faultStage({ media, accounts: options.accounts ?? 160, attachments: 200 })
  const { lab, env, home } = stage
  const client = await stage.database()
  await client.query(`UPDATE account_stats SET last_status_at = timestamp '2024-01-01'`)
  const world = await RacedWorld.open(
    new Dice(seed, 4, 0),
    await BusyMastodon.open(lab, client, new Dice(seed, 5, 0)),
  )
  const before = await truthOf(lab)
  const local = await hashLocalMedia(lab)

  let busy = true
  const writing = (async () => {
    try {
      for (let i = 0; i < options.changes; i++) {
        await world.change()
        // A pause now and then lets a prune come by.
        if (i % 10 === 0) await sleep(5)
      }
    } finally {
      busy = false
    }
  })()
  // Whoever waits for it later learns of its failure.
  writing.catch(() => {})
  const report = { prunes: 0, files: 0, lost: 0 }
  const prune = async (): Promise<void> => {
    const run = await runCornac(PRUNE, {
      ...{ home, timeoutMs: 120_000, program: SMALL_BATCHES },
      env: { ...env, FAULTS_PAUSE_MS: '60' },
    })
    assert.equal(run.code, 0, `seed ${seed}: ${run.stderr}${run.stdout.slice(0, 2_000)}`)
    const answer = JSON.parse(run.stdout) as { files?: number; run?: { changed: number } }
    report.prunes++
    report.files += answer.files ?? 0
    // Where nothing would go, nothing runs.
    report.lost += answer.run?.changed ?? 0
  }
  while (busy) await prune()
  await writing
  await prune()
  const kept = await world.compare(`seed ${seed}`)
  const after = await truthOf(lab)
  assert.deepEqual(without(after.dangling, before.dangling), [], `seed ${seed}: rows that name nothing there`)
  const unclaimed = without(after.unclaimed, before.unclaimed).filter((key) => !key.startsWith('cornac/'))
  assert.deepEqual(unclaimed, [], `seed ${seed}: objects nobody knows`)
  assert.deepEqual(await openBatchesIn(client), [], `seed ${seed}: the journal has open batches`)
  assert.equal(await hashLocalMedia(lab), local, `seed ${seed}: local media was touched`)
  return { changes: options.changes, ...report, kept }
}

/** What one row has to name. */
interface Picture {
  /** Null if it names nothing, and nothing may make it name something. */
  fileName: string | null
  bytes: Uint8Array | null
  url: string | null
  /** By its times. */
  aged: boolean
  /** When somebody here began to have to do with it, by the database's clock; null if nobody has. */
  keptSince: Date | null
  /** What it names was looked at after that had reached everybody: it has to stay. */
  sure: boolean
}

const NOTHING: Picture = { fileName: null, bytes: null, url: null, aged: true, keptSince: null, sure: true }

class RacedWorld {
  readonly #dice: Dice
  readonly #mastodon: BusyMastodon
  readonly #client: pg.Client
  readonly #accounts = new Map<string, Picture>()
  readonly #attachments = new Map<string, Picture>()
  readonly #owned: { readonly id: string; readonly status: string; readonly account: string }[]

  private constructor(
    dice: Dice,
    mastodon: BusyMastodon,
    owned: { id: string; status: string; account: string }[],
  ) {
    this.#dice = dice
    this.#mastodon = mastodon
    this.#client = mastodon.client
    this.#owned = owned
  }

  static async open(dice: Dice, mastodon: BusyMastodon): Promise<RacedWorld> {
    const { rows } = await mastodon.client.query<{ id: string; status: string; account: string }>(
      `SELECT m.id::text, m.status_id::text AS status, m.account_id::text AS account
        FROM media_attachments m JOIN accounts a ON a.id = m.account_id JOIN statuses s ON s.id = m.status_id
        WHERE m.remote_url <> '' AND a.suspended_at IS NULL AND s.deleted_at IS NULL AND coalesce(m.thumbnail_file_name, '') = ''
          AND m.created_at < now() - interval '60 days' AND m.file_file_name <> '' AND m.file_storage_schema_version = 1
          AND NOT EXISTS (SELECT FROM media_attachments o WHERE o.status_id = m.status_id AND o.id <> m.id)`,
    )
    return new RacedWorld(dice, mastodon, rows)
  }

  async change(): Promise<void> {
    await this.#grow(this.#accounts, 'accounts', 'avatar')
    await this.#grow(this.#attachments, 'media_attachments', 'file')
    if (this.#dice.chance(0.3)) await this.#changeAttachment()
    else await this.#changeAccount()
  }

  async #changeAccount(): Promise<void> {
    const mastodon = this.#mastodon
    const id = this.#dice.pick(mastodon.ids)
    const now = await this.#stillThere(this.#accounts, id, 'accounts', 'avatar')
    const roll = this.#dice.fraction()
    if (mastodon.suspended.has(id)) {
      await mastodon.unsuspend(id)
      this.#accounts.set(id, { ...(now ?? NOTHING), sure: now?.aged === false || now?.fileName === null })
    } else if (roll < 0.45) await this.#picture(id, true)
    else if (roll < 0.55) await this.#picture(id, false)
    else if (roll < 0.85) await (now?.keptSince == null ? this.#follow(id) : this.#unfollow(id))
    else if (roll < 0.9) {
      const url = await mastodon.newUrl(id)
      this.#accounts.set(id, { ...NOTHING, url, keptSince: now?.keptSince ?? null })
    } else if (roll < 0.995 || mastodon.ids.length < 60) {
      // Rows that name '' name nothing.
      const fileName = (await mastodon.suspend(id)) || null
      const known = now?.fileName === fileName ? now : undefined
      // Of files this world has not made, the name is all that is known.
      this.#accounts.set(id, {
        ...NOTHING,
        ...(known ?? now),
        ...{ fileName, bytes: known?.bytes ?? null, sure: true },
      })
    } else {
      await this.#forgetAttachmentsOf(id)
      await mastodon.delete(id)
      this.#accounts.delete(id)
    }
  }

  async #picture(id: string, aged: boolean): Promise<void> {
    const keptSince = this.#accounts.get(id)?.keptSince ?? null
    const kept = keptSince !== null && (await this.#hasReachedAll(keptSince))
    const named = await this.#mastodon.newPicture(id, { aged })
    this.#accounts.set(id, { ...named, aged, keptSince, sure: !aged || kept })
  }

  async #follow(id: string): Promise<void> {
    await this.#client.query(
      `INSERT INTO follows (account_id, target_account_id, created_at, updated_at) VALUES ($1, $2, now(), now())
        ON CONFLICT DO NOTHING`,
      [this.#mastodon.lab.firstUser.id, id],
    )
    const now = this.#accounts.get(id)
    if (now !== undefined) now.keptSince = await this.#now()
  }

  async #unfollow(id: string): Promise<void> {
    const now = this.#accounts.get(id)
    if (now === undefined) return
    now.keptSince = null
    now.sure = !now.aged || now.fileName === null
    await this.#client.query('DELETE FROM follows WHERE target_account_id = $1', [id])
  }

  async #changeAttachment(): Promise<void> {
    const { id, status } = this.#dice.pick(this.#owned)
    const now = await this.#stillThere(this.#attachments, id, 'media_attachments', 'file')
    const roll = this.#dice.fraction()
    if (roll < 0.6) {
      const keptSince = now?.keptSince ?? null
      const kept = keptSince !== null && (await this.#hasReachedAll(keptSince))
      const { original } = { original: Buffer.from(randomBytes(120)) }
      const fileName = `${randomBytes(8).toString('hex')}.png`
      for (const key of attachmentKeys(id, fileName))
        await this.#mastodon.lab.media.put(key, original, 'image/png')
      const { rows } = await this.#client.query<{ old: string | null; type: string | null }>(
        `UPDATE media_attachments m SET file_file_name = $2, file_content_type = 'image/png', file_file_size = $3,
            file_storage_schema_version = 1, file_updated_at = timestamp '2024-02-02', updated_at = timestamp '2024-02-02'
          FROM (SELECT * FROM media_attachments WHERE id = $1 FOR UPDATE) o WHERE o.id = m.id
          RETURNING o.file_file_name AS old, o.file_content_type AS type`,
        [id, fileName, original.length],
      )
      const [old] = rows
      if (old?.old != null) await this.#mastodon.lab.media.remove(attachmentKeys(id, old.old, old.type))
      this.#attachments.set(id, { fileName, bytes: original, url: null, aged: true, keptSince, sure: kept })
    } else if (now !== undefined && now.keptSince === null) {
      await this.#client.query(
        `INSERT INTO favourites (account_id, status_id, created_at, updated_at) VALUES ($1, $2, now(), now())
          ON CONFLICT DO NOTHING`,
        [this.#mastodon.lab.firstUser.id, status],
      )
      now.keptSince = await this.#now()
    } else if (now !== undefined) {
      now.keptSince = null
      now.sure = now.fileName === null
      await this.#client.query('DELETE FROM favourites WHERE status_id = $1', [status])
    }
  }

  async #forgetAttachmentsOf(account: string): Promise<void> {
    for (const { id } of this.#owned.filter((one) => one.account === account)) this.#attachments.delete(id)
    const others = this.#owned.filter((one) => one.account !== account)
    this.#owned.splice(0, this.#owned.length, ...others)
  }

  /**
   * What is kept by now: a statement sees other tables as they were when it began, so only when every statement is over
   * that began before somebody had to do with a row does what the row names have to stay.
   */
  async #grow(pictures: ReadonlyMap<string, Picture>, table: string, prefix: string): Promise<void> {
    for (const [id, picture] of pictures) {
      if (picture.sure || picture.keptSince === null || !(await this.#hasReachedAll(picture.keptSince)))
        continue
      const name = await this.#nameNow(id, table, prefix)
      assert.ok(
        name === null || name === picture.fileName,
        `${table} ${id} names ${name}, which nobody gave it`,
      )
      picture.fileName = name
      picture.sure = true
    }
  }

  /** What was to stand until this moment has: the next change would hide that it has not. */
  async #stillThere(
    pictures: ReadonlyMap<string, Picture>,
    id: string,
    table: string,
    prefix: string,
  ): Promise<Picture | undefined> {
    const picture = pictures.get(id)
    if (picture?.sure !== true) return picture
    const name = await this.#nameNow(id, table, prefix)
    assert.equal(
      name,
      picture.fileName,
      `${table} ${id}: ${JSON.stringify({ ...picture, bytes: undefined })}`,
    )
    return picture
  }

  async #nameNow(id: string, table: string, prefix: string): Promise<string | null> {
    const { rows } = await this.#client.query<{ name: string | null }>(
      `SELECT nullif(${prefix}_file_name, '') AS name FROM ${table} WHERE id = $1`,
      [id],
    )
    return rows[0]?.name ?? null
  }

  async #hasReachedAll(since: Date): Promise<boolean> {
    const { rows } = await this.#client.query<{ reached: boolean }>(
      `SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'cornac' AND state = 'active'
        AND query_start <= $1 AND datname = current_database()) AS reached`,
      [since],
    )
    return rows[0]?.reached === true
  }

  async #now(): Promise<Date> {
    const { rows } = await this.#client.query<{ now: Date }>(
      `SELECT date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond' AS now`,
    )
    return rows[0]?.now as Date
  }

  /** Gives how many pictures had to be there. */
  async compare(where: string): Promise<number> {
    let kept = 0
    const look = async (
      pictures: ReadonlyMap<string, Picture>,
      rows: readonly { id: string; name: string | null; url: string | null }[],
      keyed: (id: string, fileName: string) => string,
    ): Promise<void> => {
      const rowOf = new Map(rows.map((row) => [row.id, row]))
      for (const [id, picture] of pictures) {
        const row = rowOf.get(id)
        const text = `${where}, ${id}: ${JSON.stringify({ ...picture, bytes: undefined })} and is ${JSON.stringify(row)}`
        assert.ok(row !== undefined, text)
        if (picture.url !== null) assert.equal(row.url, picture.url, text)
        const name = picture.sure || row.name !== null ? picture.fileName : null
        assert.equal(row.name, name, text)
        if (name === null) continue
        if (picture.sure) kept++
        if (picture.bytes === null) continue
        const stored = await this.#mastodon.lab.media.get(keyed(id, name))
        assert.ok(stored !== null && Buffer.from(stored).equals(picture.bytes), `lost its file: ${text}`)
      }
    }
    const columns = (prefix: string, url: string): string =>
      `id::text, nullif(${prefix}_file_name, '') AS name, ${url} AS url`
    const accounts = await this.#client.query<{ id: string; name: string | null; url: string | null }>(
      `SELECT ${columns('avatar', 'avatar_remote_url')} FROM accounts`,
    )
    const attachments = await this.#client.query<{ id: string; name: string | null; url: string | null }>(
      `SELECT ${columns('file', 'remote_url')} FROM media_attachments`,
    )
    await look(this.#accounts, accounts.rows, avatarKey)
    await look(this.#attachments, attachments.rows, (id, name) => attachmentKeys(id, name)[0] ?? '')
    return kept
  }
}

function attachmentKeys(
  id: string,
  fileName: string,
  contentType: string | null = 'image/png',
): readonly string[] {
  const placed = { kind: 'attachment', id, remote: true, version: 1, fileName, contentType } as const
  return stylesOf(placed).map((style) => keyOf(placed, style))
}

/**
 * The lab plays Mastodon at work on avatars: each deed whole, in Mastodon's own order (new file, then row, then old file).
 * Who calls it knows what is to stand afterwards.
 */
import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import type { Dice } from '../../lab/instance/dice.ts'
import { keyOf, stylesOf } from '../../lab/instance/keys.ts'
import { drawPictures, type PicturePool } from '../../lab/instance/pictures.ts'
import type { LabWithMedia } from './truth.ts'

/** What a row names after a deed. */
export interface Named {
  readonly fileName: string
  readonly url: string
  readonly bytes: Uint8Array
}

export class BusyMastodon {
  readonly lab: LabWithMedia
  readonly client: pg.Client
  /** Accounts that are there, of other servers, with an address for their avatar, not suspended when this began. */
  readonly ids: string[]
  readonly suspended = new Set<string>()
  readonly #dice: Dice
  readonly #pictures: PicturePool
  readonly #urls: ReadonlyMap<string, string>

  private constructor(
    lab: LabWithMedia,
    client: pg.Client,
    dice: Dice,
    known: { pictures: PicturePool; urls: ReadonlyMap<string, string> },
  ) {
    this.lab = lab
    this.client = client
    this.#dice = dice
    this.#pictures = known.pictures
    this.#urls = known.urls
    this.ids = [...known.urls.keys()]
  }

  static async open(lab: LabWithMedia, client: pg.Client, dice: Dice): Promise<BusyMastodon> {
    const { rows } = await client.query<{ id: string; url: string }>(
      `SELECT id::text, avatar_remote_url AS url FROM accounts
        WHERE domain IS NOT NULL AND avatar_remote_url <> '' AND suspended_at IS NULL ORDER BY id`,
    )
    const pictures = await drawPictures(1, 'tiny')
    return new BusyMastodon(lab, client, dice, {
      pictures,
      urls: new Map(rows.map(({ id, url }) => [id, url])),
    })
  }

  /** A picture comes. @param aged the row's times say that this was long ago */
  async newPicture(id: string, { aged = false } = {}): Promise<Named> {
    const { fileName, bytes } = await this.put(id)
    const url = this.#another(id)
    await this.#update(id, { fileName, url, contentType: 'image/png', bytes: bytes.length, aged })
    return { fileName, url, bytes }
  }

  /** A file that no row names yet. */
  async put(id: string, modifiedAtMs?: number): Promise<{ fileName: string; bytes: Uint8Array }> {
    const { original } = this.#pictures.take('avatar', 'image/png', this.#dice.below(1000))
    const fileName = `${randomBytes(8).toString('hex')}.png`
    await this.lab.media.put(avatarKey(id, fileName), original, 'image/png', { modifiedAtMs })
    return { fileName, bytes: original }
  }

  /** The row names a file that is there already. */
  async claim(id: string, fileName: string, bytes: number): Promise<void> {
    await this.#update(id, { fileName, contentType: 'image/png', bytes })
  }

  async clear(id: string): Promise<void> {
    await this.#update(id, { fileName: null })
  }

  /** The origin has told a new address; nobody has fetched from it yet. */
  async newUrl(id: string): Promise<string> {
    const url = this.#another(id)
    await this.#update(id, { fileName: null, url })
    return url
  }

  /** Gives what the row names from here on. */
  async suspend(id: string): Promise<string | null> {
    const { rows } = await this.client.query<{ fileName: string | null }>(
      `UPDATE accounts SET suspended_at = now() WHERE id = $1 RETURNING avatar_file_name AS "fileName"`,
      [id],
    )
    this.suspended.add(id)
    return rows[0]?.fileName ?? null
  }

  async unsuspend(id: string): Promise<void> {
    await this.client.query('UPDATE accounts SET suspended_at = NULL WHERE id = $1', [id])
    this.suspended.delete(id)
  }

  async delete(id: string): Promise<void> {
    // As Mastodon does before it: these two refuse the deletion of an account (docs/mastodon.md#deleting-accounts).
    await this.client.query('DELETE FROM collection_items WHERE account_id = $1', [id])
    await this.client.query('DELETE FROM collections WHERE account_id = $1', [id])
    const { rows: gone } = await this.client.query<{ avatar: string | null; header: string | null }>(
      `DELETE FROM accounts WHERE id = $1 RETURNING nullif(avatar_file_name, '') AS avatar, nullif(header_file_name, '') AS header`,
      [id],
    )
    for (const which of ['avatar', 'header'] as const) {
      const fileName = gone[0]?.[which] ?? null
      // Old rows keep their files beside local media.
      for (const version of fileName === null ? [] : [1, 0])
        await this.lab.media.remove(keysOf(which, id, fileName ?? '', version))
    }
    this.ids.splice(this.ids.indexOf(id), 1)
  }

  /** A new address, which answers as the old one does. */
  #another(id: string): string {
    return `${this.#urls.get(id)}?${randomBytes(4).toString('hex')}`
  }

  /** The row as Rails saves it; the file it named before goes. */
  async #update(
    id: string,
    to: { fileName: string | null; url?: string; contentType?: string; bytes?: number; aged?: boolean },
  ): Promise<void> {
    const now = to.aged === true ? `timestamp '2024-02-02 02:02:02'` : `now() AT TIME ZONE 'UTC'`
    const { rows } = await this.client.query<{
      fileName: string | null
      contentType: string | null
      version: number | null
    }>(
      `UPDATE accounts a SET avatar_file_name = $2, avatar_content_type = $3, avatar_file_size = $4,
          avatar_remote_url = coalesce($5, a.avatar_remote_url), avatar_storage_schema_version = 1,
          avatar_updated_at = ${now}, updated_at = ${now}${to.aged === true ? `, last_webfingered_at = ${now}` : ''}
        FROM (SELECT * FROM accounts WHERE id = $1 FOR UPDATE) old WHERE a.id = old.id
        RETURNING nullif(old.avatar_file_name, '') AS "fileName", old.avatar_content_type AS "contentType",
          old.avatar_storage_schema_version AS version`,
      [id, to.fileName, to.contentType ?? null, to.bytes ?? null, to.url ?? null],
    )
    const [old] = rows
    if (old?.fileName == null || old.fileName === to.fileName) return
    const placed = { ...old, kind: 'avatar', id, remote: true, fileName: old.fileName } as const
    await this.lab.media.remove(stylesOf(placed).map((style) => keyOf(placed, style)))
  }
}

/** Where a file of an account lies, and its still picture. */
function keysOf(kind: 'avatar' | 'header', id: string, fileName: string, version: number): string[] {
  const gif = fileName.endsWith('.gif')
  const placed = { kind, id, remote: true, version, fileName, contentType: gif ? 'image/gif' : 'image/png' }
  return stylesOf(placed).map((style) => keyOf(placed, style))
}

export function avatarKey(id: string, fileName: string): string {
  return keysOf('avatar', id, fileName, 1)[0] ?? ''
}

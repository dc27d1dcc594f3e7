/** Avatars and headers for heal: whose they are, as they are now, and the compare-and-set that names a new file. */
import type { Pool } from 'pg'
import type { AccountPicture, PictureKind } from '../../core/model/account-picture.ts'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { FollowSource, MastodonDatabase, PictureEditor } from '../../core/ports/mastodon.ts'
import { ask, change, type Row } from '../postgres/ask.ts'
import { toRecord } from './records.ts'
import { accountById, followedPage } from './queries/account-pictures.ts'
import { readOnlyInstance } from './write-rights.ts'

const PAGE_ROWS = 1_000

export function openAccountPictures(
  pool: Pool,
  schema: SchemaFacts,
): FollowSource & PictureEditor & Pick<MastodonDatabase, 'picture'> {
  return {
    async localAccount(username, options) {
      const [row] = await ask(
        pool,
        `SELECT id FROM accounts
          WHERE lower(username) = lower($1) AND coalesce(lower(domain), '') = '' AND domain IS NULL
          ORDER BY id LIMIT 1`,
        [username],
        options,
      )
      return row === undefined ? null : String(row[0])
    },
    async countFollowed(accountId, options) {
      const [row] = await ask(
        pool,
        `SELECT count(*)::float8 FROM follows f JOIN accounts a ON a.id = f.target_account_id
          WHERE f.account_id = $1 AND a.domain IS NOT NULL`,
        [accountId],
        options,
      )
      return Number(row?.[0] ?? 0)
    },
    async *followedPictures(accountId, options) {
      let after = '-9223372036854775808'
      for (;;) {
        const rows = await ask(pool, followedPage(schema), [accountId, after, PAGE_ROWS], options)
        if (rows.length > 0) yield rows.flatMap(toPictures)
        const last = rows.at(-1)
        if (last === undefined || rows.length < PAGE_ROWS) return
        after = String(last[0])
      }
    },
    async picture(which, accountId, options) {
      const [row] = await ask(pool, accountById(schema), [accountId], options)
      if (row === undefined) return null
      return toPictures(row).find((picture) => picture.which === which) ?? null
    },
    async namePicture({ seen, fileName, contentType, bytes }, options) {
      if (schema.readOnlyBecause !== null) throw readOnlyInstance(schema.readOnlyBecause)
      return (
        (await change(
          pool,
          nameFileStatement(seen.which),
          [seen.record.id, seen.record.fileName, seen.record.remoteUrl, fileName, contentType, bytes],
          options,
        )) === 1
      )
    },
  }
}

/**
 * The row names the new file only if it still is what was seen. `updated_at` moves as it does when Mastodon's own
 * RedownloadAvatarWorker saves the account (facts 4.5). Timestamps are UTC without a zone (facts 1.1).
 */
function nameFileStatement(which: PictureKind): string {
  return `UPDATE accounts SET ${which}_file_name = $4, ${which}_content_type = $5, ${which}_file_size = $6,
      ${which}_updated_at = now() AT TIME ZONE 'UTC', ${which}_storage_schema_version = 1,
      updated_at = now() AT TIME ZONE 'UTC'
    WHERE id = $1 AND domain IS NOT NULL AND suspended_at IS NULL
      AND nullif(${which}_file_name, '') IS NOT DISTINCT FROM $2
      AND nullif(${which}_remote_url, '') IS NOT DISTINCT FROM $3`
}

/** Eight file columns for the avatar, eight for the header, then domain, suspended, username, updated_at. */
function toPictures(row: Row): AccountPicture[] {
  const [domain, hidden, username, updatedAtMs] = row.slice(16) as [string | null, boolean, string, number]
  return (['avatar', 'header'] as const).map((which, i) => {
    return {
      which,
      handle: domain === null ? username : `${username}@${domain}`,
      accountUpdatedAtMs: updatedAtMs,
      record: toRecord(which, [...row.slice(i * 8, i * 8 + 8), domain, hidden]),
    }
  })
}

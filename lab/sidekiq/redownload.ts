/**
 * What Mastodon's Redownload workers do with rows and files (docs/mastodon.md#redownload-workers). Source: Mastodon
 * `app/workers/redownload_{avatar,header,media}_worker.rb`, `app/models/concerns/remotable.rb`.
 */
import type pg from 'pg'
import type { MediaSink } from '../instance/media/media-sink.ts'
import { keyOf, stylesOf } from '../instance/keys.ts'
import type { LabVersion } from '../instance/schema/schema.ts'
import { download, UnexpectedResponse } from './download.ts'
import type { Job } from './job.ts'
import { makeFiles, type MadeKind } from './make-files.ts'

export interface Rails {
  readonly database: pg.Pool
  readonly media: MediaSink
  readonly version: LabVersion
}

/** What came of a job that raised nothing. `no-op` is a job that nobody should have pushed. */
export type WorkDone = 'saved' | 'gave up' | 'no-op'

/** @throws Error where the worker raises and Sidekiq tries again */
export async function redownload(rails: Rails, { worker, id }: Job): Promise<WorkDone> {
  try {
    switch (worker) {
      case 'RedownloadAvatarWorker':
        return await accountPicture(rails, 'avatar', id)
      case 'RedownloadHeaderWorker':
        return await accountPicture(rails, 'header', id)
      case 'RedownloadMediaWorker':
        return await attachment(rails, id)
    }
  } catch (error) {
    if (error instanceof UnexpectedResponse && error.unsalvageable) return 'gave up'
    throw error
  }
}

async function accountPicture(rails: Rails, which: 'avatar' | 'header', id: string): Promise<WorkDone> {
  const { rows } = await rails.database.query<{
    domain: string | null
    suspended: boolean
    url: string | null
    name: string | null
  }>(
    `SELECT domain, suspended_at IS NOT NULL AS suspended, ${which}_remote_url AS url, ${which}_file_name AS name
     FROM accounts WHERE id = $1`,
    [id],
  )
  const [account] = rows
  if (account === undefined || account.suspended || !account.url || account.name) return 'no-op'
  if (account.domain !== null && (await isRejected(rails, account.domain))) return 'no-op'
  await replace(rails, { kind: which, table: 'accounts', prefix: which, version: 1, id }, account.url)
  return 'saved'
}

async function isRejected({ database }: Rails, domain: string): Promise<boolean> {
  const { rows } = await database.query<{ reject_media: boolean }>(
    `SELECT reject_media FROM domain_blocks WHERE $1 = domain OR right($1, length(domain) + 1) = '.' || domain
     ORDER BY length(domain) DESC LIMIT 1`,
    [domain],
  )
  return rows[0]?.reject_media ?? false
}

async function attachment(rails: Rails, id: string): Promise<WorkDone> {
  const { rows } = await rails.database.query<{ url: string; thumbnail: string | null }>(
    'SELECT remote_url AS url, thumbnail_remote_url AS thumbnail FROM media_attachments WHERE id = $1',
    [id],
  )
  const [row] = rows
  if (row === undefined || row.url === '') return 'no-op'
  const file = { kind: 'attachment', table: 'media_attachments', prefix: 'file', version: 1, id } as const
  await replace(rails, file, row.url)
  if (row.thumbnail) {
    const version = rails.version === '4.6' ? 1 : null
    const thumbnail = { ...file, kind: 'thumbnail', prefix: 'thumbnail', version } as const
    // A thumbnail's troubles are never raised.
    await replace(rails, thumbnail, row.thumbnail).catch(() => {})
  }
  return 'saved'
}

interface Column {
  readonly kind: MadeKind
  readonly table: 'accounts' | 'media_attachments'
  readonly prefix: string
  /** Null where the table has no column for it. */
  readonly version: number | null
  readonly id: string
}

/** Download, make, store, save the row under the new name, remove what the old name had. */
async function replace(rails: Rails, column: Column, url: string): Promise<void> {
  const { kind, table, prefix, version, id } = column
  const made = await makeFiles({ kind, id, remote: true, version }, await download(url))
  for (const { key, bytes, contentType } of made.files) await rails.media.put(key, bytes, contentType)
  const versioned = version === null ? '' : `, ${prefix}_storage_schema_version = ${version}`
  const { rows } = await rails.database.query<{ name: string | null; type: string | null }>(
    `UPDATE ${table} AS now SET ${prefix}_file_name = $2, ${prefix}_content_type = $3, ${prefix}_file_size = $4,
       ${prefix}_updated_at = timezone('UTC', now()), updated_at = timezone('UTC', now())${versioned}
     FROM (SELECT id, ${prefix}_file_name AS name, ${prefix}_content_type AS type FROM ${table} WHERE id = $1 FOR UPDATE) old
     WHERE now.id = old.id RETURNING old.name, old.type`,
    [id, made.fileName, made.contentType, made.bytes],
  )
  const [old] = rows
  if (!old?.name) return
  const placed = { kind, id, remote: true, version, fileName: old.name, contentType: old.type }
  await rails.media.remove(stylesOf(placed).map((style) => keyOf(placed, style)))
}

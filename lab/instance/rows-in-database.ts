/** What the database claims now, after ageing and accidents, read row by row. */
import type pg from 'pg'
import { withClient } from './database.ts'
import { keyOf, stylesOf, type LabKind } from './keys.ts'
import type { LabVersion } from './schema/schema.ts'

/** One row's file as the database states it. */
export interface DatabaseFile {
  readonly kind: LabKind
  readonly id: string
  readonly remote: boolean
  /** Null when the row names nothing (NULL or empty). */
  readonly fileName: string | null
  readonly contentType: string | null
  /** Bytes of the original as the row states them. */
  readonly bytes: number | null
  readonly version: number | null
  /** The owner is suspended, or the status is deleted but kept: mode 0600 is right. */
  readonly closed: boolean
}

/** One key that a row claims. */
export interface ClaimedKey {
  readonly key: string
  readonly style: string
  readonly file: DatabaseFile
}

/** The six kinds Cornac may touch. */
export const REMOTE_KINDS = ['avatar', 'header', 'attachment', 'thumbnail', 'emoji', 'card'] as const

type RemoteKind = (typeof REMOTE_KINDS)[number]

const PAGE = 5000

interface Source {
  readonly table: string
  readonly prefix: string
  readonly remote: string
  readonly closed: string
}

const MEDIA: Omit<Source, 'prefix'> = {
  table: `media_attachments m LEFT JOIN accounts a ON a.id = m.account_id LEFT JOIN statuses s ON s.id = m.status_id`,
  remote: `m.remote_url <> ''`,
  closed: `(a.suspended_at IS NOT NULL OR s.deleted_at IS NOT NULL)`,
}

const ACCOUNTS: Omit<Source, 'prefix'> = {
  table: 'accounts m',
  remote: 'm.domain IS NOT NULL',
  closed: 'm.suspended_at IS NOT NULL',
}

const SOURCES: Readonly<Record<RemoteKind, Source>> = {
  avatar: { ...ACCOUNTS, prefix: 'avatar' },
  header: { ...ACCOUNTS, prefix: 'header' },
  attachment: { ...MEDIA, prefix: 'file' },
  thumbnail: { ...MEDIA, prefix: 'thumbnail' },
  emoji: { table: 'custom_emojis m', prefix: 'image', remote: 'm.domain IS NOT NULL', closed: 'false' },
  card: { table: 'preview_cards m', prefix: 'image', remote: 'true', closed: 'false' },
}

/** Every row of the kinds that names a file, by kind and id. Holds one page of rows at a time. */
export async function* filesInDatabase(
  databaseUrl: string,
  version: LabVersion,
  kinds: readonly LabKind[] = REMOTE_KINDS,
): AsyncGenerator<DatabaseFile> {
  for (const kind of REMOTE_KINDS) {
    if (!kinds.includes(kind)) continue
    let after = '-9223372036854775808'
    for (;;) {
      const page = await withClient(databaseUrl, (client) => filesAfter(client, kind, version, after))
      yield* page
      if (page.length < PAGE) break
      after = page.at(-1)?.id ?? after
    }
  }
}

async function filesAfter(
  client: pg.Client,
  kind: RemoteKind,
  version: LabVersion,
  after: string,
): Promise<readonly DatabaseFile[]> {
  const { table, prefix, remote, closed } = SOURCES[kind]
  const told = kind !== 'thumbnail' || version >= '4.6'
  const { rows } = await client.query<Omit<DatabaseFile, 'kind'>>(
    `SELECT m.id::text AS id, ${remote} AS remote, m.${prefix}_file_name AS "fileName",
            m.${prefix}_content_type AS "contentType", m.${prefix}_file_size AS bytes,
            ${told ? `m.${prefix}_storage_schema_version` : 'NULL::integer'} AS version, ${closed} AS closed
       FROM ${table} WHERE m.id > $1 AND m.${prefix}_file_name <> '' ORDER BY m.id LIMIT ${PAGE}`,
    [after],
  )
  return rows.map((row) => ({ kind, ...row }))
}

/** The keys of a file, `original` first; none if it names nothing. */
export function keysOfFile(file: DatabaseFile): readonly ClaimedKey[] {
  const { fileName } = file
  if (fileName === null || fileName === '') return []
  return stylesOf(file).map((style) => ({
    key: keyOf({ ...file, fileName }, style),
    style: style.name,
    file,
  }))
}

/** Every key the database claims for the kinds, in no promised order. */
export async function* keysInDatabase(
  databaseUrl: string,
  version: LabVersion,
  kinds: readonly LabKind[] = REMOTE_KINDS,
): AsyncGenerator<ClaimedKey> {
  for await (const file of filesInDatabase(databaseUrl, version, kinds)) yield* keysOfFile(file)
}

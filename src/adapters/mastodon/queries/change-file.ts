/**
 * The statements that make a row name a file, or nothing, if it is still what was seen: compare-and-set in one statement.
 * Times are UTC without a zone (docs/mastodon.md#times).
 * Relies on accounts, media_attachments, statuses, custom_emojis and preview_cards as in 4.3 to 4.6, and on cornac.leases.
 */
import { KINDS, type Kind } from '../../../core/model/media.ts'
import type { MediaRecord } from '../../../core/model/record.ts'
import type { SchemaFacts } from '../../../core/model/schema.ts'
import type { FileChange, ImageMeta } from '../../../core/ports/mastodon.ts'
import type { Fence } from '../../../core/ports/state.ts'
import { kindColumns } from './record-columns.ts'

export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
}

/** Adds a value to the statement and gives its place, `$7`. */
type Put = (value: unknown) => string
type Assignment = readonly [column: string, value: (put: Put, change: FileChange) => string]

const NOW = "now() AT TIME ZONE 'UTC'"

/** Where the origin serves a kind's file; cards have no such column. */
const URL_COLUMNS: Partial<Readonly<Record<Kind, string>>> = {
  avatar: 'avatar_remote_url',
  header: 'header_remote_url',
  attachment: 'remote_url',
  thumbnail: 'thumbnail_remote_url',
  emoji: 'image_remote_url',
}

/** Gives the row the new file. */
export function nameFileStatement(change: FileChange, fence: Fence | null, schema: SchemaFacts): Statement {
  const { kind } = change.seen
  return update(change.seen, fence, schema, (put) =>
    assignments(kind, schema).map(([column, value]) => `${column} = ${value(put, change)}`),
  )
}

/** Takes the file from the row: its four columns and nothing else (docs/mastodon.md#file-columns). */
export function clearFileStatement(seen: MediaRecord, fence: Fence | null, schema: SchemaFacts): Statement {
  const { columns } = KINDS[seen.kind]
  return update(seen, fence, schema, () =>
    ['file_name', 'content_type', 'file_size', 'updated_at'].map((column) => `${columns}_${column} = NULL`),
  )
}

/** Every column of the kind's table that naming or clearing a file sets. */
export function columnsSet(kind: Kind, schema: SchemaFacts): readonly string[] {
  return assignments(kind, schema).map(([column]) => column)
}

function assignments(kind: Kind, schema: SchemaFacts): readonly Assignment[] {
  const { table, columns: prefix } = KINDS[kind]
  const url = URL_COLUMNS[kind]
  const set: Assignment[] = [
    [`${prefix}_file_name`, (put, { fileName }) => put(fileName)],
    [`${prefix}_content_type`, (put, { contentType }) => put(contentType)],
    [`${prefix}_file_size`, (put, { bytes }) => put(bytes)],
    [`${prefix}_updated_at`, () => NOW],
    ['updated_at', () => NOW],
  ]
  if (kind !== 'thumbnail' || schema.has.thumbnailStorageVersion)
    set.push([`${prefix}_storage_schema_version`, () => '1'])
  if (url !== undefined)
    set.push([url, (put, { newUrl }) => `coalesce(nullif(${put(newUrl)}, ''), r.${url})`])
  if (table === 'media_attachments' || table === 'preview_cards') set.push(BLURHASH)
  if (kind === 'attachment') set.push(META, TYPE)
  return set
}

const BLURHASH: Assignment = [
  'blurhash',
  (put, { blurhash }) =>
    `CASE WHEN r.blurhash <> '' THEN r.blurhash ELSE coalesce(${put(blurhash)}, r.blurhash) END`,
]

/** The column is `json`: only `jsonb` can replace two keys and leave the others. */
const META: Assignment = [
  'file_meta',
  (put, { meta }) => {
    if (meta === null) return 'r.file_meta'
    const added = put(JSON.stringify(storedMeta(meta)))
    return `CASE WHEN json_typeof(r.file_meta) = 'object' THEN (r.file_meta::jsonb || ${added}::jsonb)::json
      ELSE ${added}::json END`
  },
]

/** A row of type unknown (3) that gets an image becomes an image (0), as with Mastodon (docs/mastodon.md#enumerations). */
const TYPE: Assignment = [
  'type',
  (put, { contentType }) =>
    `CASE WHEN r.type = 3 AND ${put(contentType)} LIKE 'image/%' THEN 0 ELSE r.type END`,
]

/** As Mastodon writes it (docs/mastodon.md#pictures). */
function storedMeta(meta: ImageMeta): Record<string, unknown> {
  const of = ({ width, height }: ImageMeta['original']): Record<string, unknown> => ({
    width,
    height,
    size: `${width}x${height}`,
    aspect: width / height,
  })
  return { original: of(meta.original), small: of(meta.small) }
}

function update(
  seen: MediaRecord,
  fence: Fence | null,
  schema: SchemaFacts,
  assign: (put: Put) => readonly string[],
): Statement {
  const values: unknown[] = []
  const put: Put = (value) => `$${values.push(value)}`
  const set = assign(put).join(', ')
  const text = `UPDATE ${KINDS[seen.kind].table} r SET ${set}
    WHERE ${fence === null ? 'true' : whileHeld(fence, put)} AND ${unchanged(seen, schema, put)}`
  return { text, values }
}

/**
 * Locks the lease's row until the change is committed: a takeover waits for it, and no change follows a takeover. It is
 * answered once, before any row is looked for.
 */
export function whileHeld({ name, token }: Fence, put: Put): string {
  return `(SELECT true FROM cornac.leases WHERE name = ${put(name)} AND token = ${put(token)}::bigint FOR SHARE)`
}

/** Still what was seen, still remote, and nothing forbids it. */
function unchanged(seen: MediaRecord, schema: SchemaFacts, put: Put): string {
  const { table, columns: prefix } = KINDS[seen.kind]
  const { remote, remoteUrl } = kindColumns(seen.kind, schema)
  const source =
    URL_COLUMNS[seen.kind] === undefined
      ? `(extract(epoch FROM r.${prefix}_updated_at) * 1000)::float8 IS NOT DISTINCT FROM ${put(seen.assignedAtMs)}::float8`
      : `nullif(${remoteUrl}, '') IS NOT DISTINCT FROM ${put(seen.remoteUrl)}`
  return `r.id = ${put(seen.id)} AND (${remote})
    AND nullif(r.${prefix}_file_name, '') IS NOT DISTINCT FROM ${put(seen.fileName)} AND ${source}
    ${RESTRAINTS[table] ?? ''}`
}

/** Whose files nobody touches. Rows of other tables are seen as they are when the statement begins. */
const RESTRAINTS: Readonly<Record<string, string>> = {
  accounts: 'AND r.suspended_at IS NULL',
  media_attachments: `AND (r.processing IS NULL OR r.processing = 2)
    AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = r.account_id AND a.suspended_at IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM statuses s WHERE s.id = r.status_id AND s.deleted_at IS NOT NULL)`,
}

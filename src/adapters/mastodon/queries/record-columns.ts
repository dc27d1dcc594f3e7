/** The select list of one kind's records, alike for every table, in the order `toRecord` reads. */
import { KINDS, type Kind } from '../../../core/model/media.ts'
import type { SchemaFacts } from '../../../core/model/schema.ts'

/** What only each kind's rows know, over alias `r` (docs/mastodon.md#locality, docs/mastodon.md#file-columns). */
interface KindColumns {
  readonly remote: string
  readonly remoteUrl: string
  readonly storageVersion: string
}

/** SQL expressions over the table's alias `r`. */
export function kindColumns(kind: Kind, schema: SchemaFacts): KindColumns {
  switch (kind) {
    case 'avatar':
    case 'header':
      return {
        remote: 'r.domain IS NOT NULL',
        remoteUrl: `r.${kind}_remote_url`,
        storageVersion: `r.${kind}_storage_schema_version`,
      }
    case 'attachment':
      return {
        remote: "r.remote_url <> ''",
        remoteUrl: 'r.remote_url',
        storageVersion: 'r.file_storage_schema_version',
      }
    case 'thumbnail':
      return {
        remote: "r.remote_url <> ''",
        remoteUrl: 'r.thumbnail_remote_url',
        // The column is new in 4.6; before it, thumbnails never lie under cache/ (docs/mastodon.md#roots).
        storageVersion: schema.has.thumbnailStorageVersion
          ? 'r.thumbnail_storage_schema_version'
          : 'NULL::int',
      }
    case 'emoji':
      return {
        remote: 'r.domain IS NOT NULL',
        remoteUrl: 'r.image_remote_url',
        storageVersion: 'r.image_storage_schema_version',
      }
    case 'card':
      return { remote: 'true', remoteUrl: 'NULL::text', storageVersion: 'r.image_storage_schema_version' }
    case 'site-upload':
    case 'backup':
      return { remote: 'false', remoteUrl: 'NULL::text', storageVersion: 'NULL::int' }
  }
}

/** `id, file_name, content_type, bytes, assigned ms, storage version, remote URL, remote` of alias `r`. */
export function fileColumns(kind: Kind, schema: SchemaFacts): string {
  const prefix = KINDS[kind].columns
  const { remote, remoteUrl, storageVersion } = kindColumns(kind, schema)
  return `r.id AS id,
    nullif(r.${prefix}_file_name, '') AS file_name,
    r.${prefix}_content_type AS content_type,
    r.${prefix}_file_size::float8 AS bytes,
    (extract(epoch FROM r.${prefix}_updated_at) * 1000)::float8 AS assigned_ms,
    coalesce(${storageVersion}, 0) AS storage_version,
    nullif(${remoteUrl}, '') AS remote_url,
    (${remote}) AS remote`
}

/** Names a file, or knows where the origin keeps it. */
export function worthReading(kind: Kind, schema: SchemaFacts): string {
  const { remoteUrl } = kindColumns(kind, schema)
  return `(r.${KINDS[kind].columns}_file_name <> '' OR ${remoteUrl} <> '')`
}

/** The rows whose files lie under `cache/`. */
export function underCache(kind: Kind, schema: SchemaFacts): string {
  const { remote, storageVersion } = kindColumns(kind, schema)
  return KINDS[kind].cached ? `((${remote}) AND coalesce(${storageVersion}, 0) >= 1)` : 'false'
}

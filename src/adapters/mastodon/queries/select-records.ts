/**
 * Records of one kind with their owner: a page of a run, or named ids.
 * Relies on accounts, media_attachments (with accounts and statuses), custom_emojis, preview_cards, site_uploads and
 * backups as in 4.3 to 4.6.
 */
import { KINDS, type Kind } from '../../../core/model/media.ts'
import type { SchemaFacts } from '../../../core/model/schema.ts'
import type { Root } from '../../../core/model/storage-key.ts'
import { fileColumns, underCache, worthReading } from './record-columns.ts'

/**
 * One keyset page: `$1` and `$2` are the first and last id, `$3` the number of rows. The page is cut before the owner
 * is looked up, so the joins touch no more rows than are returned.
 */
export function recordPage(kind: Kind, root: Root, descending: boolean, schema: SchemaFacts): string {
  const inRoot = underCache(kind, schema)
  return withOwner(
    kind,
    schema,
    `r.id BETWEEN $1 AND $2 AND ${worthReading(kind, schema)}
      AND ${root === 'cache/' ? inRoot : `NOT ${inRoot}`}
      ORDER BY r.id ${descending ? 'DESC' : 'ASC'} LIMIT $3`,
    descending,
  )
}

/** The same columns for the ids in `$1`, also of rows that name nothing. */
export function recordsById(kind: Kind, schema: SchemaFacts): string {
  return withOwner(kind, schema, 'r.id = ANY($1::bigint[])', false)
}

function withOwner(kind: Kind, schema: SchemaFacts, where: string, descending: boolean): string {
  const { table, owner } = KINDS[kind]
  const order = `ORDER BY p.id ${descending ? 'DESC' : 'ASC'}`
  const page = (more: string): string =>
    `SELECT ${fileColumns(kind, schema)}${more} FROM ${table} r WHERE ${where}`
  const columns =
    'p.id, p.file_name, p.content_type, p.bytes, p.assigned_ms, p.storage_version, p.remote_url, p.remote'
  switch (owner) {
    case 'account':
      return `SELECT ${columns}, lower(a.domain), (a.suspended_at IS NOT NULL OR s.deleted_at IS NOT NULL)
        FROM (${page(', r.account_id, r.status_id')}) p
        LEFT JOIN accounts a ON a.id = p.account_id
        LEFT JOIN statuses s ON s.id = p.status_id
        ${order}`
    case 'row': {
      const hidden = table === 'accounts' ? 'r.suspended_at IS NOT NULL' : 'false'
      return `SELECT ${columns}, p.domain, p.hidden
        FROM (${page(`, lower(r.domain) AS domain, (${hidden}) AS hidden`)}) p ${order}`
    }
    case 'none':
      return `SELECT ${columns}, NULL::text, false FROM (${page('')}) p ${order}`
  }
}

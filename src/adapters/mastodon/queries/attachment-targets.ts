/**
 * Remote attachments with their owner, in the order `attachmentTargets` reads: type, hidden, owner, then eight columns of
 * the attachment and eight of its thumbnail. Relies on media_attachments, accounts and statuses as in 4.3 to 4.6.
 */
import type { SchemaFacts } from '../../../core/model/schema.ts'
import { fileColumns } from './record-columns.ts'

/** Those among the ids in `$1`, newest first. */
export function attachmentTargetsById(schema: SchemaFacts): string {
  return `SELECT r.type, (a.suspended_at IS NOT NULL OR s.deleted_at IS NOT NULL),
      a.id, a.username, lower(a.domain), nullif(a.uri, ''),
      ${fileColumns('attachment', schema)}, ${fileColumns('thumbnail', schema)}
    FROM media_attachments r
    LEFT JOIN accounts a ON a.id = r.account_id
    LEFT JOIN statuses s ON s.id = r.status_id
    WHERE r.id = ANY($1::bigint[]) AND r.remote_url <> ''
    ORDER BY r.id DESC`
}

/** Ids and owners of the `$2` remote attachments below the id `$1`, newest first. */
export const ATTACHMENT_OWNERS_BELOW = `SELECT id, account_id FROM media_attachments
  WHERE id < $1 AND remote_url <> '' ORDER BY id DESC LIMIT $2`

/** Ids of the remote attachments of the accounts in `$1`, at most `$2`; through the index led by account_id. */
export const ATTACHMENTS_OF_ACCOUNTS = `SELECT id FROM media_attachments
  WHERE account_id = ANY($1::bigint[]) AND remote_url <> '' LIMIT $2`

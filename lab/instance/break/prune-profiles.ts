import type pg from 'pg'
import { withClient } from '../database.ts'
import { prunedFinding, type ExpectedFinding } from '../expected-findings.ts'
import type { LabKind } from '../keys.ts'
import { keysOfFile } from '../rows-in-database.ts'
import type { Breakable, Breakage } from './breakage.ts'

export interface PruneOptions {
  /** Default 7, as tootctl's. */
  readonly days?: number | undefined
  /** Hit accounts that are followed or follow, too. Default false. */
  readonly includeFollows?: boolean | undefined
  /** `--remove-headers`: leave avatars alone. Default false. */
  readonly headersOnly?: boolean | undefined
  /** What "now" is; default this moment. */
  readonly now?: Date | undefined
}

/** The columns a pruned account loses, as they were. */
interface Pruned {
  readonly id: string
  readonly avatar_file_name: string | null
  readonly avatar_content_type: string | null
  readonly avatar_file_size: number | null
  readonly avatar_storage_schema_version: number | null
  readonly avatar_remote_url: string | null
  readonly header_file_name: string | null
  readonly header_content_type: string | null
  readonly header_file_size: number | null
  readonly header_storage_schema_version: number | null
  readonly header_remote_url: string
}

/** Accounts per statement. */
const BATCH = 2000

/**
 * `tootctl media remove --prune-profiles`, in bulk: what is pruned can be told by the row and is lost for ever to
 * clients. Rows that keep a URL become `pruned`. Source: Mastodon `lib/mastodon/cli/media.rb`, 4.3 to 4.6.
 */
export async function pruneProfiles(instance: Breakable, options: PruneOptions = {}): Promise<Breakage> {
  const findings: ExpectedFinding[] = []
  let files = 0
  let bytes = 0
  await withClient(instance.databaseUrl, async (client) => {
    for (let after = '-1'; ;) {
      const batch = await pruneBatch(client, options, after)
      after = batch.reduce((highest, row) => (BigInt(row.id) > BigInt(highest) ? row.id : highest), after)
      const keys = batch.flatMap((row) => keysOfPruned(row, options))
      await instance.media?.remove(keys)
      for (const row of batch) {
        files += row.header_file_name === null ? 0 : 1
        bytes += row.header_file_size ?? 0
        if (isPruned(row.header_file_name, row.header_remote_url))
          findings.push(prunedFinding('header', row.id))
        if (options.headersOnly === true) continue
        files += row.avatar_file_name === null ? 0 : 1
        bytes += row.avatar_file_size ?? 0
        if (isPruned(row.avatar_file_name, row.avatar_remote_url))
          findings.push(prunedFinding('avatar', row.id))
      }
      if (batch.length < BATCH) return
    }
  })
  return { findings, files, bytes }
}

/** It named a file, and knows where the origin keeps it. */
function isPruned(fileName: string | null, remoteUrl: string | null): boolean {
  return fileName !== null && fileName !== '' && remoteUrl !== null && remoteUrl !== ''
}

function keysOfPruned(row: Pruned, options: PruneOptions): readonly string[] {
  const keys = (kind: LabKind, prefix: 'avatar' | 'header') =>
    keysOfFile({
      kind,
      id: row.id,
      remote: true,
      closed: false,
      fileName: row[`${prefix}_file_name`],
      contentType: row[`${prefix}_content_type`],
      bytes: row[`${prefix}_file_size`],
      version: row[`${prefix}_storage_schema_version`],
    }).map((claimed) => claimed.key)
  return [...keys('header', 'header'), ...(options.headersOnly === true ? [] : keys('avatar', 'avatar'))]
}

/** Both pictures, or the header alone, and the time of change that keeps the account from being pruned twice. */
async function pruneBatch(
  client: pg.Client,
  options: PruneOptions,
  after: string,
): Promise<readonly Pruned[]> {
  const prefixes = options.headersOnly === true ? ['header'] : ['header', 'avatar']
  const nulls = prefixes.flatMap((prefix) =>
    ['file_name', 'content_type', 'file_size', 'updated_at'].map((column) => `${prefix}_${column} = NULL`),
  )
  const named = prefixes.map((prefix) => `${prefix}_file_name <> ''`).join(' OR ')
  const unfollowed =
    options.includeFollows === true
      ? 'true'
      : `NOT EXISTS (SELECT FROM follows f WHERE f.account_id = a.id)
         AND NOT EXISTS (SELECT FROM follows f WHERE f.target_account_id = a.id)`
  const now = options.now ?? new Date()
  const { rows } = await client.query<Pruned>(
    `WITH old AS (
       SELECT a.* FROM accounts a
        WHERE a.id > $3 AND a.domain IS NOT NULL AND (${named}) AND ${unfollowed}
          AND a.last_webfingered_at <= $1::timestamptz AT TIME ZONE 'UTC' - $2 * interval '1 day'
          AND a.updated_at <= $1::timestamptz AT TIME ZONE 'UTC' - $2 * interval '1 day'
        ORDER BY a.id LIMIT ${BATCH} FOR UPDATE)
     UPDATE accounts a SET ${nulls.join(', ')}, updated_at = $1::timestamptz AT TIME ZONE 'UTC'
       FROM old WHERE a.id = old.id
     RETURNING a.id::text AS id, old.avatar_file_name, old.avatar_content_type, old.avatar_file_size,
       old.avatar_storage_schema_version, old.avatar_remote_url, old.header_file_name, old.header_content_type,
       old.header_file_size, old.header_storage_schema_version, old.header_remote_url`,
    [now, options.days ?? 7, after],
  )
  return rows
}

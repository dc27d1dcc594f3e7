/**
 * A scan that anybody can check by reading: both sides in memory, compared as sets. It tells the tests of the lab that
 * what an accident claims to have broken is what is broken.
 */
import type { ExpectedFinding } from './expected-findings.ts'
import { withClient } from './database.ts'
import { FOLDERS, keyOf, stylesOf, type LabKind } from './keys.ts'
import type { MediaSink } from './media/media-sink.ts'
import { keysInDatabase, REMOTE_KINDS, type ClaimedKey } from './rows-in-database.ts'
import type { LabVersion } from './schema/schema.ts'

interface Scanned {
  readonly version: LabVersion
  readonly databaseUrl: string
  readonly media: MediaSink
  /** True for a key whose file is shut; absent where storage knows no modes. */
  readonly isShut?: ((key: string) => boolean) | undefined
}

/** Every finding of an instance, in no promised order. Needs memory for all keys: for small instances. */
export async function naiveScan(instance: Scanned): Promise<readonly ExpectedFinding[]> {
  const stored = new Map<string, number>()
  for await (const { key, bytes } of instance.media.list('')) stored.set(key, bytes)
  const findings: ExpectedFinding[] = [...(await prunedRows(instance.databaseUrl))]
  const claimed = await keptForGood(instance.databaseUrl)
  for await (const claim of keysInDatabase(instance.databaseUrl, instance.version)) {
    claimed.add(claim.key)
    const code = codeOf(claim, stored.get(claim.key), instance.isShut)
    if (code !== null) findings.push({ code, kind: claim.file.kind, id: claim.file.id, key: claim.key })
  }
  for (const key of stored.keys()) {
    if (claimed.has(key)) continue
    const kind = kindOfKey(key)
    findings.push({ code: kind === null ? 'stray' : 'orphan', kind, id: null, key })
  }
  return findings
}

function codeOf(
  { key, style, file }: ClaimedKey,
  bytes: number | undefined,
  isShut: Scanned['isShut'],
): 'missing' | 'unreadable' | 'mismatched' | null {
  if (bytes === undefined) return 'missing'
  if (isShut?.(key) === true && !file.closed) return 'unreadable'
  return style === 'original' && file.bytes !== null && file.bytes !== bytes ? 'mismatched' : null
}

async function prunedRows(databaseUrl: string): Promise<readonly ExpectedFinding[]> {
  const blank = (column: string) => `coalesce(${column}, '') = ''`
  const pruned = (kind: LabKind, table: string, file: string, url: string, remote: string) =>
    `SELECT '${kind}' AS kind, id::text AS id FROM ${table} WHERE ${remote} AND ${blank(file)} AND NOT ${blank(url)}`
  const remoteMedia = `remote_url <> ''`
  const remoteRow = 'domain IS NOT NULL'
  const { rows } = await withClient(databaseUrl, (client) =>
    client.query<{ kind: LabKind; id: string }>(
      [
        pruned('avatar', 'accounts', 'avatar_file_name', 'avatar_remote_url', remoteRow),
        pruned('header', 'accounts', 'header_file_name', 'header_remote_url', remoteRow),
        pruned('attachment', 'media_attachments', 'file_file_name', 'remote_url', remoteMedia),
        pruned('thumbnail', 'media_attachments', 'thumbnail_file_name', 'thumbnail_remote_url', remoteMedia),
        pruned('emoji', 'custom_emojis', 'image_file_name', 'image_remote_url', remoteRow),
      ].join(' UNION ALL '),
    ),
  )
  return rows.map((row) => ({ code: 'pruned', ...row, key: null }))
}

/** Keys of site uploads and backups: counted, never touched. */
async function keptForGood(databaseUrl: string): Promise<Set<string>> {
  const { rows } = await withClient(databaseUrl, (client) =>
    client.query<{ kind: LabKind; id: string; fileName: string; contentType: string; siteVar?: string }>(
      `SELECT 'site-upload' AS kind, id::text AS id, file_file_name AS "fileName", file_content_type AS "contentType",
              var AS "siteVar" FROM site_uploads
       UNION ALL SELECT 'backup', id::text, dump_file_name, dump_content_type, NULL FROM backups`,
    ),
  )
  const placed = rows.map((row) => ({ ...row, remote: false, version: null }))
  return new Set(placed.flatMap((row) => stylesOf(row).map((style) => keyOf(row, style))))
}

const STYLES: Readonly<Partial<Record<LabKind, readonly string[]>>> = {
  avatar: ['original', 'static'],
  header: ['original', 'static'],
  attachment: ['original', 'small'],
  thumbnail: ['original'],
  emoji: ['original', 'static'],
  card: ['original'],
}

/** The kind whose key this could be; null for a stray. */
function kindOfKey(key: string): LabKind | null {
  const path = key.startsWith('cache/') ? key.slice('cache/'.length) : key
  for (const kind of REMOTE_KINDS) {
    if (!path.startsWith(`${FOLDERS[kind]}/`)) continue
    const parts = path.slice(FOLDERS[kind].length + 1).split('/')
    const [style = '', ...name] = parts.slice(-2)
    const folders = parts.slice(0, -2)
    const whole = folders.length >= 2 && folders.every((folder) => /^\d{3}$/.test(folder))
    if (whole && name.length === 1 && STYLES[kind]?.includes(style) === true) return kind
  }
  return null
}

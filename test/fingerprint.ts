/** Everything a verb could have changed, as one text: equal before and after means that nothing was written. */
import { createHash } from 'node:crypto'
import { withClient } from '../lab/instance/database.ts'
import type { MediaSink } from '../lab/instance/media/media-sink.ts'
import { inParallel } from '../lab/instance/media/write-media.ts'

export interface Fingerprint {
  /** `key hash` of every stored file, sorted. */
  readonly files: readonly string[]
  /** `table hash` of every table's rows, sorted. */
  readonly tables: readonly string[]
}

/** Reads all rows of all of Mastodon's tables (Cornac's own are no part of it) and all files: for small lab instances. */
export async function fingerprintOf(databaseUrl: string, media: MediaSink): Promise<Fingerprint> {
  return { files: await hashFiles(media), tables: await hashTables(databaseUrl) }
}

async function hashFiles(media: MediaSink): Promise<string[]> {
  const files: string[] = []
  await inParallel(media.list(''), media.concurrency, async ({ key }) => {
    const bytes = await media.get(key)
    files.push(`${key} ${bytes === null ? 'gone' : createHash('sha256').update(bytes).digest('hex')}`)
  })
  return files.sort()
}

function hashTables(databaseUrl: string): Promise<string[]> {
  return withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT quote_ident(nspname) || '.' || quote_ident(relname) AS name
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE relkind IN ('r', 'p') AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'cornac') ORDER BY 1`,
    )
    const tables: string[] = []
    for (const { name } of rows) {
      const { rows: found } = await client.query<{ hash: string | null }>(
        `SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) AS hash FROM ${name} t`,
      )
      tables.push(`${name} ${found[0]?.hash ?? 'empty'}`)
    }
    return tables
  })
}

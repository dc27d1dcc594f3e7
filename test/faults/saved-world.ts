/** A world that was saved, rows and files, and is put back as it was: for many runs on the same meaningful work. */
import type pg from 'pg'
import { inParallel } from '../../lab/instance/media/write-media.ts'
import { FILE_TABLES, type FileTable } from './file-tables.ts'
import type { LabWithMedia } from './truth.ts'

export interface SavedWorld {
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Files that are gone are there again, then rows that changed are as they were. Objects that came to be stay. */
  restore(database: pg.Client): Promise<void>
}

/** Keeps the files in memory and the rows in the schema `saved`. */
export async function saveWorld(lab: LabWithMedia, database: pg.Client): Promise<SavedWorld> {
  await copyRows(database, 'saved')
  const files = new Map<string, Uint8Array>()
  await inParallel(lab.media.list(''), lab.media.concurrency, async ({ key }) => {
    files.set(key, (await lab.media.get(key)) ?? new Uint8Array())
  })
  return {
    files,
    async restore(client) {
      const there = new Set<string>()
      for await (const { key } of lab.media.list('')) there.add(key)
      const gone = [...files].filter(([key]) => !there.has(key))
      await inParallel(gone, lab.media.concurrency, ([key, bytes]) =>
        lab.media.put(key, bytes, 'application/octet-stream'),
      )
      for (const table of FILE_TABLES) await restoreRows(client, table)
    },
  }
}

/** The rows as they are now, in a schema of this name; in place of one that is there. */
export async function copyRows(database: pg.Client, schema: string): Promise<void> {
  await database.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
  await database.query(`CREATE SCHEMA ${schema}`)
  for (const table of FILE_TABLES) {
    await database.query(`CREATE TABLE ${schema}.${table} AS TABLE public.${table}`)
    await database.query(`ALTER TABLE ${schema}.${table} ADD PRIMARY KEY (id)`)
  }
}

async function restoreRows(database: pg.Client, table: FileTable): Promise<void> {
  const { rows } = await database.query<{ column: string }>(
    `SELECT quote_ident(attname) AS column FROM pg_attribute
      WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'id' AND attgenerated = ''`,
    [`public.${table}`],
  )
  const columns = rows.map(({ column }) => column)
  await database.query(
    `UPDATE public.${table} r SET (${columns.join(', ')}) = ROW(${columns.map((column) => `s.${column}`).join(', ')})
      FROM saved.${table} s WHERE s.id = r.id AND s::text IS DISTINCT FROM r::text`,
  )
}

/** Ids of rows that are, letter by letter, not as in any of the schemas: one line for each. */
export async function rowsUnlike(
  database: pg.Client,
  schema: string,
  ...others: readonly string[]
): Promise<readonly string[]> {
  const unlike: string[] = []
  for (const table of FILE_TABLES) {
    const nor = others.map(
      (other) => `AND NOT EXISTS (SELECT 1 FROM ${other}.${table} o WHERE o.id = r.id AND o::text = r::text)`,
    )
    const { rows } = await database.query<{ line: string }>(
      `SELECT concat_ws(' ', '${table}', id, 'should be', e::text, 'and is', r::text) AS line
        FROM public.${table} r FULL JOIN ${schema}.${table} e USING (id)
        WHERE e::text IS DISTINCT FROM r::text ${nor.join(' ')}`,
    )
    unlike.push(...rows.map(({ line }) => line))
  }
  return unlike
}

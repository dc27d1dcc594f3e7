/**
 * A program of its own: every avatar record through the real adapter, and the same columns by COPY, in turn. Mastodon's
 * variables are its environment; prints rows per second of each round as JSON.
 */
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { openInstance } from '../../src/compose.ts'
import { loadConfig } from '../../src/config/load.ts'
import { processSurroundings } from '../../src/config/surroundings.ts'
import { idRangesOf, LAST_POSITION } from '../../src/core/model/id-position.ts'
import { rootsOf } from '../../src/core/model/storage-key.ts'

/** What the program prints. */
export interface RowSpeeds {
  readonly rows: number
  readonly records: readonly number[]
  readonly copy: readonly number[]
}

const ROUNDS = 3

const COLUMNS = `id, avatar_file_name, avatar_content_type, avatar_file_size, avatar_updated_at,
  avatar_storage_schema_version, avatar_remote_url, domain, suspended_at`

const config = await loadConfig({}, processSurroundings())
const instance = openInstance(config, 'bench')
const database = await instance.database()
const { host, port, user, password, database: name } = config.database.connection
const client = new pg.Client({ host, port, user, database: name, password: password?.reveal() })
await client.connect()

async function readRecords(): Promise<number> {
  let rows = 0
  for (const root of rootsOf('avatar'))
    for (const range of idRangesOf(0, LAST_POSITION))
      for await (const page of database.records({ kind: 'avatar', root, ...range })) rows += page.length
  return rows
}

/** As text, the rows themselves are not looked at: this is what PostgreSQL can hand out. */
async function copyRows(): Promise<number> {
  const where = "avatar_file_name <> '' OR avatar_remote_url <> ''"
  const stream = client.query(copyTo(`COPY (SELECT ${COLUMNS} FROM accounts WHERE ${where}) TO STDOUT`))
  let rows = 0
  for await (const piece of stream as AsyncIterable<Buffer>)
    for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) rows++
  return rows
}

async function speedOf(read: () => Promise<number>): Promise<[speed: number, rows: number]> {
  const startedAt = performance.now()
  const rows = await read()
  return [(rows / (performance.now() - startedAt)) * 1000, rows]
}

const [records, copy]: [number[], number[]] = [[], []]
let rows = 0
for (let round = 0; round < ROUNDS; round++) {
  const [copySpeed, copied] = await speedOf(copyRows)
  const [recordSpeed, read] = await speedOf(readRecords)
  if (copied !== read) throw new Error(`COPY gave ${copied} rows, the adapter ${read}`)
  copy.push(copySpeed)
  records.push(recordSpeed)
  rows = read
}
await client.end()
await instance.close()
process.stdout.write(JSON.stringify({ rows, records, copy } satisfies RowSpeeds))

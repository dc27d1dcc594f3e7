/** Records as sorted pages, straight from Mastodon's tables. */
import type { Pool } from 'pg'
import { KINDS, type Kind } from '../../core/model/media.ts'
import type { MediaRecord } from '../../core/model/record.ts'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { RecordRun, RecordSource } from '../../core/ports/records.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask, type Row } from '../postgres/ask.ts'
import { recordPage, recordsById } from './queries/select-records.ts'

/** Measured: larger pages gain no speed and cost memory in every shard at work. */
const PAGE_ROWS = 500

export function openRecords(pool: Pool, schema: SchemaFacts): RecordSource {
  return {
    records: (run, options) => readRun(pool, schema, run, options),
    async reread(kind, ids, options) {
      const rows = await ask(pool, recordsById(kind, schema), [ids], options)
      return new Map(rows.map((row) => [String(row[0]), toRecord(kind, row)]))
    },
    async estimate(kind, options) {
      const [row] = await ask(
        pool,
        'SELECT greatest(reltuples, 0)::float8 FROM pg_catalog.pg_class WHERE oid = to_regclass($1)',
        [KINDS[kind].table],
        options,
      )
      return Number(row?.[0] ?? 0)
    },
    async cuts(kind, rows, options) {
      const cuts = await ask(
        pool,
        `SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM ${KINDS[kind].table}) ids
          WHERE n % $1 = 0 ORDER BY id`,
        [rows],
        options,
      )
      return cuts.map(([id]) => BigInt(String(id)))
    },
  }
}

async function* readRun(
  pool: Pool,
  schema: SchemaFacts,
  run: RecordRun,
  options: CallOptions | undefined,
): AsyncGenerator<readonly MediaRecord[]> {
  const { kind, root } = run
  const descending = run.to < 0n
  const text = recordPage(kind, root, descending, schema)
  let { from, to } = run
  while (from <= to) {
    const rows = await ask(pool, text, [from.toString(), to.toString(), PAGE_ROWS], options)
    const records = rows.map((row) => toRecord(kind, row))
    if (records.length > 0) yield records
    const last = records.at(-1)
    if (last === undefined || records.length < PAGE_ROWS) return
    if (descending) to = BigInt(last.id) - 1n
    else from = BigInt(last.id) + 1n
  }
}

/**
 * One row of `recordPage` or `recordsById` as a record; or eight columns of a longer row from `at` on, whose domain and
 * whether it is hidden stand elsewhere.
 */
export function toRecord(
  kind: Kind,
  row: Row,
  at = 0,
  domain: unknown = row[at + 8],
  hidden: unknown = row[at + 9],
): MediaRecord {
  return {
    kind,
    id: row[at] as string,
    fileName: row[at + 1] as string | null,
    contentType: row[at + 2] as string | null,
    bytes: row[at + 3] as number | null,
    assignedAtMs: row[at + 4] as number | null,
    storageVersion: row[at + 5] as number,
    remoteUrl: row[at + 6] as string | null,
    remote: row[at + 7] as boolean,
    domain: domain as string | null,
    hidden: hidden as boolean,
  }
}

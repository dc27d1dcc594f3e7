/** What Mastodon's own columns say is stored: one aggregate per kind, as `tootctl media usage` adds it up, but split by locality. */
import type { Pool } from 'pg'
import { ALL_KINDS, KINDS, type Kind } from '../../core/model/media.ts'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { BelievedUse, UsageSource } from '../../core/ports/records.ts'
import { ask } from '../postgres/ask.ts'
import { kindColumns } from './queries/record-columns.ts'

export function openBelievedUse(pool: Pool, schema: SchemaFacts): UsageSource {
  return {
    async believed(options) {
      const uses: BelievedUse[] = []
      for (const kind of ALL_KINDS) {
        const rows = await ask(pool, sumOf(kind, schema), [], options)
        for (const [remote, count, bytes] of rows)
          uses.push({ kind, remote: remote === true, count: Number(count), bytes: Number(bytes) })
      }
      return uses
    },
  }
}

/** Sums stay exact up to 2^53 bytes (8 PiB). */
function sumOf(kind: Kind, schema: SchemaFacts): string {
  const { table, columns } = KINDS[kind]
  return `SELECT (${kindColumns(kind, schema).remote}) AS remote, count(*)::float8,
      coalesce(sum(r.${columns}_file_size), 0)::float8
    FROM ${table} r WHERE r.${columns}_file_name <> '' GROUP BY 1 ORDER BY 1`
}

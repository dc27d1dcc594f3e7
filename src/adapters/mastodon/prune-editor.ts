/** Lets rows go of files in bulk where they still are what was seen, and takes that back. */
import type { Pool } from 'pg'
import type { Kind } from '../../core/model/media.ts'
import type { PruneCandidate } from '../../core/model/prune-candidate.ts'
import type { SchemaFacts } from '../../core/model/schema.ts'
import type { FileBack, PruneEditor } from '../../core/ports/prune.ts'
import type { CallOptions } from '../../core/ports/storage.ts'
import { ask, type Row } from '../postgres/ask.ts'
import { contested } from './contested.ts'
import type { Statement } from './queries/change-file.ts'
import { letGoStatement } from './queries/let-go.ts'
import { nameAgainStatement } from './queries/name-again.ts'
import { filesOf, type KindsOfTable } from './queries/prunable-rows.ts'
import type { SeenRow } from './queries/seen-rows.ts'
import { stripeRows } from './stripe-rows.ts'
import { pruneColumns, readOnlyInstance, refuseLackingRights } from './write-rights.ts'

type Table = PruneCandidate['table']

/** The words of `prune` for each table. */
const KINDS_OF: Readonly<Record<Table, KindsOfTable>> = {
  accounts: ['avatar', 'header'],
  media_attachments: ['attachment'],
  preview_cards: ['card'],
}

/** Transactions at once: most servers have more than one core. */
const LANES = 2
/** Rows that are not worth two transactions. */
const FEW_ROWS = 200

/** A call is one statement in one transaction, `letGo` of many rows some such; many calls may be under way. */
export function openPruneEditor(pool: Pool, schema: SchemaFacts): PruneEditor {
  return {
    refuseIfReadOnly: (kinds, options) =>
      refuseLackingRights(pool, schema, pruneColumns(kinds), 'pruned', options),
    async letGo(candidates, policy, touchedAtMs, fence, options) {
      refuse(schema)
      const table = tableOf(candidates)
      if (table === null) return new Set()
      const [first, ...more] = KINDS_OF[table].filter((kind) => policy.kinds.includes(kind))
      if (first === undefined) return new Set()
      const kinds: KindsOfTable = [first, ...more]
      const named = filesOf(kinds)
      // A file the policy says nothing of keeps its row.
      const rows = candidates.filter(({ files }) => files.every(({ record }) => named.includes(record.kind)))
      options?.signal?.throwIfAborted()
      const changed = new Set<string>()
      // Once begun, it is done with all of them: whoever gives up meanwhile still learns what took effect.
      for (const some of stripeRows(rows)) {
        const ends = await Promise.allSettled(
          lanes(some).map((part) =>
            run(pool, letGoStatement(kinds, part, policy, touchedAtMs, fence, schema), undefined),
          ),
        )
        // Nothing is under way any more when it rejects.
        for (const end of ends) {
          if (end.status === 'rejected') throw end.reason
          for (const id of idsIn(end.value)) changed.add(id)
        }
      }
      return changed
    },
    async nameAgain(files, { touchedAtMs, rowUpdatedAt }, fence, options) {
      refuse(schema)
      const rows = rowsOf(files, rowUpdatedAt)
      const table = tableOf(rows)
      if (table === null) return new Set()
      const kinds = everyFileOf(table)
      const statement = nameAgainStatement(kinds, rows, touchedAtMs, fence, schema)
      const changed = await run(pool, statement, options)
      return new Set(
        changed.flatMap((row) => flagged(kinds, row).map((kind) => `${kind} ${row[0] as string}`)),
      )
    },
  }
}

/**
 * The first rows and the last ones side by side, on different pages. Both have to be over before the next stripe begins: what a
 * page can forget is decided by the oldest transaction under way.
 */
function lanes<Row>(rows: readonly Row[]): readonly (readonly Row[])[] {
  if (rows.length <= FEW_ROWS) return [rows]
  const half = Math.ceil(rows.length / LANES)
  return Array.from({ length: LANES }, (_, lane) => rows.slice(lane * half, (lane + 1) * half))
}

function refuse({ readOnlyBecause }: SchemaFacts): void {
  if (readOnlyBecause !== null) throw readOnlyInstance(readOnlyBecause, 'pruned')
}

function run(
  pool: Pool,
  { text, values }: Statement,
  options: CallOptions | undefined,
): Promise<readonly Row[]> {
  return contested(pool, (client) => ask(client, text, values, undefined), options)
}

/** The answer to `letGoStatement`. */
function idsIn([row]: readonly Row[]): readonly string[] {
  const ids = row?.[0] as string | null
  return ids === null ? [] : ids.split(' ')
}

function everyFileOf(table: Table): readonly [Kind, ...Kind[]] {
  return filesOf(KINDS_OF[table]) as readonly [Kind, ...Kind[]]
}

/** The kinds whose flags are set in a row of an id and a flag for each of the kinds. */
function flagged(kinds: readonly Kind[], row: Row): Kind[] {
  return kinds.filter((_, at) => row[at + 1] === true)
}

interface TableRow extends SeenRow {
  readonly table: Table
}

/** One line for each row, with every file of it that comes back. */
function rowsOf(files: readonly FileBack[], rowUpdatedAt: ReadonlyMap<string, string>): readonly TableRow[] {
  const rows = new Map<string, TableRow>()
  for (const { table, id, file } of files) {
    const known = rows.get(`${table} ${id}`)
    rows.set(`${table} ${id}`, {
      table,
      id,
      rowUpdatedAt: rowUpdatedAt.get(id) ?? null,
      files: [...(known?.files ?? []), file],
    })
  }
  return [...rows.values()]
}

/**
 * The one table of these rows; null if there are none.
 * @throws Error for rows of several tables, files of another table's kinds, and files of rows that were local
 */
function tableOf(rows: readonly TableRow[]): Table | null {
  const [first] = rows
  if (first === undefined) return null
  const kinds = everyFileOf(first.table)
  for (const { table, id, files } of rows) {
    if (table !== first.table) throw new Error(`${table} ${id} stands among ${first.table}`)
    for (const { record } of files)
      if (!kinds.includes(record.kind) || record.id !== id || !record.remote)
        throw new Error(`${record.kind} ${record.id} of ${table} ${id} was to be changed`)
  }
  return first.table
}

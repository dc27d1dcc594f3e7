import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { Cell, TableRows } from './rows/table-rows.ts'

/** Characters collected before they are handed to the connection. */
const CHUNK = 1 << 17

/** Sends rows into their table by COPY, at the speed PostgreSQL takes them; returns how many. */
export async function loadRows(client: Client, table: TableRows): Promise<number> {
  const columns = table.columns.map((column) => `"${column}"`).join(', ')
  const copy = client.query(copyFrom(`COPY ${table.table} (${columns}) FROM STDIN`))
  await pipeline(Readable.from(textOf(table), { objectMode: true, highWaterMark: 2 }), copy)
  return copy.rowCount
}

function* textOf(table: TableRows): Generator<string> {
  let text = ''
  for (const row of table.rows) {
    if (row.length !== table.columns.length) {
      throw new Error(`${table.table}: ${row.length} values for ${table.columns.length} columns`)
    }
    text += `${cellText(row[0] ?? null)}`
    for (let at = 1; at < row.length; at++) text += `\t${cellText(row[at] ?? null)}`
    text += '\n'
    if (text.length > CHUNK) {
      yield text
      text = ''
    }
  }
  if (text !== '') yield text
}

const SPECIAL = /[\\\t\n\r]/
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/** COPY's text format. Source: PostgreSQL manual, COPY, "Text Format". */
function cellText(cell: Cell): string {
  if (cell === null) return '\\N'
  if (typeof cell === 'string') {
    return SPECIAL.test(cell) ? cell.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? '') : cell
  }
  if (cell instanceof Date) return cell.toISOString().slice(0, -1)
  return String(cell)
}

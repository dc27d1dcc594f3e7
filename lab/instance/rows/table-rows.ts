/** Rows on their way into one table. */

/** A value as COPY can send it. Times are milliseconds since the epoch inside a `Date`; arrays are PostgreSQL literals. */
export type Cell = string | number | bigint | boolean | Date | null

/** A table's columns in the order of the cells, and its rows, made one at a time. */
export interface TableRows {
  readonly table: string
  readonly columns: readonly string[]
  readonly rows: Iterable<readonly Cell[]>
}

/** Rows of the numbers 0 to `count` - 1; null leaves one out. */
export function* rowsFor<Row>(count: number, row: (index: number) => Row | null): Generator<Row> {
  for (let index = 0; index < count; index++) {
    const made = row(index)
    if (made !== null) yield made
  }
}

/** A time, or NULL. */
export function at(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms)
}

/** Fixed rows, for tables of a handful. */
export function fewRows(
  table: string,
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
): TableRows {
  return { table, columns, rows }
}

/**
 * The tables of Mastodon that Cornac reads or writes, and those that refer to them, for 4.3 to 4.6.
 *
 * `tables.json` is the project's own statement of them: per table its columns, indexes and foreign keys as SQL
 * fragments, each tagged with the versions that have it where not all have. Foreign keys to tables outside the
 * statement are left out. Source: Mastodon `db/schema.rb` of v4.3.23, v4.4.22, v4.5.15 and v4.6.5.
 */
import { readFileSync } from 'node:fs'

/** The versions the lab can build, oldest first. */
export const LAB_VERSIONS = ['4.3', '4.4', '4.5', '4.6'] as const

export type LabVersion = (typeof LAB_VERSIONS)[number]

/** The highest `schema_migrations.version` of each release. */
export const SCHEMA_VERSIONS: Readonly<Record<LabVersion, string>> = {
  '4.3': '20241007071624',
  '4.4': '20250627132728',
  '4.5': '20251023210145',
  '4.6': '20260611150940',
}

/** `4.4+`, `<=4.3`, `4.4-4.4`; absent where every version of the table has it. */
type Tag = string

/** One table as `tables.json` states it; order within a list carries no meaning. */
interface StatedTable {
  readonly in?: Tag
  /** Primary key columns where they are not `id`. */
  readonly key?: string
  /** Name, and what follows it in CREATE TABLE. */
  readonly columns: readonly (readonly [string, string, Tag?])[]
  /** Name, and `[UNIQUE ][USING method ](columns)[ WHERE ...]`. */
  readonly indexes?: readonly (readonly [string, string, Tag?])[]
  /** Column, and `table action[ constraint name]`. */
  readonly references?: readonly (readonly [string, string, Tag?])[]
}

/** A column of one version's table. */
export interface LabColumn {
  readonly name: string
  readonly definition: string
}

/** An index of one version's table. */
export interface LabIndex {
  readonly name: string
  readonly unique: boolean
  /** `(columns) WHERE ...`, with `USING method` before it where it is not a b-tree. */
  readonly definition: string
}

/** A foreign key of one version's table, onto `id` of another. */
export interface LabReference {
  readonly column: string
  readonly table: string
  readonly onDelete: 'cascade' | 'set null' | 'no action'
  readonly name: string | null
}

/** A table as one version has it. */
export interface LabTable {
  readonly name: string
  readonly primaryKey: string
  readonly columns: readonly LabColumn[]
  readonly indexes: readonly LabIndex[]
  readonly references: readonly LabReference[]
}

/** Every stated table of one version, in the order of the statement. Reads a file that ships beside this one. */
export function tablesOf(version: LabVersion): readonly LabTable[] {
  const stated = JSON.parse(readFileSync(new URL('tables.json', import.meta.url), 'utf8')) as Record<
    string,
    StatedTable
  >
  return Object.entries(stated)
    .filter(([, table]) => holdsIn(table.in, version))
    .map(([name, table]) => tableIn(version, name, table))
}

function tableIn(version: LabVersion, name: string, table: StatedTable): LabTable {
  const here = (lines: StatedTable['indexes']) => (lines ?? []).filter(([, , tag]) => holdsIn(tag, version))
  return {
    name,
    primaryKey: table.key ?? 'id',
    columns: here(table.columns).map(([column, definition]) => ({ name: column, definition })),
    indexes: here(table.indexes).map(([index, text]) => indexFrom(index, text)),
    references: here(table.references).map(([column, text]) => referenceFrom(column, text)),
  }
}

function indexFrom(name: string, text: string): LabIndex {
  const unique = text.startsWith('UNIQUE ')
  return { name, unique, definition: unique ? text.slice('UNIQUE '.length) : text }
}

function referenceFrom(column: string, text: string): LabReference {
  const match = /^(\w+) (cascade|set null|no action)(?: (\w+))?$/.exec(text)
  if (match === null) throw new Error(`tables.json states an unreadable foreign key: ${column} ${text}`)
  const [, table = '', onDelete, constraint] = match
  return { column, table, onDelete: onDelete as LabReference['onDelete'], name: constraint ?? null }
}

function holdsIn(tag: Tag | undefined, version: LabVersion): boolean {
  if (tag === undefined) return true
  const at = LAB_VERSIONS.indexOf(version)
  const rank = (text: string) => LAB_VERSIONS.indexOf(text as LabVersion)
  if (tag.startsWith('<=')) return at <= rank(tag.slice(2))
  if (tag.endsWith('+')) return at >= rank(tag.slice(0, -1))
  const [first = '', last = ''] = tag.split('-')
  return at >= rank(first) && at <= rank(last)
}

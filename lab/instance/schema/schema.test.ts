import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import pg from 'pg'
import { needs } from '../../../test/needs.ts'
import { freshName, sharedPostgres } from '../../../test/shared-servers.ts'
import { LAB_VERSIONS, SCHEMA_VERSIONS, tablesOf, type LabVersion } from './schema.ts'
import { constraintStatements, tableStatements } from './statements.ts'

const database = needs('postgres')

/** Where a checkout of the reference schemas (every table of every version, from Mastodon's own dumps) may lie. */
const REFERENCE = new URL('../../../../shared/mastodon-schema/', import.meta.url)

interface CatalogTable {
  readonly columns: Readonly<Record<string, string>>
  readonly indexes: Readonly<Record<string, string>>
  readonly references: readonly string[]
  readonly primaryKey: string
}

type Catalog = Record<string, CatalogTable>

for (const version of LAB_VERSIONS) {
  test(`the tables of ${version} are made as stated, with the version's own mark`, database, async () => {
    const client = await made(version)
    try {
      const found = await catalogOf(client)
      const stated = tablesOf(version)
      assert.deepEqual(Object.keys(found).sort(), stated.map((table) => table.name).sort())
      for (const table of stated) {
        const is = found[table.name]
        assert.deepEqual(Object.keys(is?.columns ?? {}).sort(), table.columns.map((c) => c.name).sort())
        assert.deepEqual(Object.keys(is?.indexes ?? {}).sort(), table.indexes.map((i) => i.name).sort())
        assert.equal(is?.references.length, table.references.length, table.name)
      }
      const { rows } = await client.query('SELECT max(version) AS version FROM schema_migrations')
      assert.deepEqual(rows, [{ version: SCHEMA_VERSIONS[version] }])
    } finally {
      await client.end()
    }
  })
}

test('an id made by the database holds the time of its making', database, async () => {
  const client = await made('4.5')
  try {
    const { rows } = await client.query<{ id: string; now: string }>(
      `SELECT timestamp_id('accounts')::text AS id, (extract(epoch FROM now()) * 1000)::bigint::text AS now`,
    )
    const ms = Number(BigInt(rows[0]?.id ?? 0) >> 16n)
    assert.ok(Math.abs(ms - Number(rows[0]?.now)) <= 1, `${ms} is not ${rows[0]?.now}`)
  } finally {
    await client.end()
  }
})

if (existsSync(REFERENCE)) {
  for (const version of LAB_VERSIONS) {
    test(`every stated table of ${version} is what Mastodon's own schema says`, database, async () => {
      const client = await made(version)
      try {
        const reference = referenceOf(version)
        const names = new Set(tablesOf(version).map((table) => table.name))
        const found = await catalogOf(client)
        for (const name of names) {
          const told = reference.tables[name]
          assert.ok(told !== undefined, `${version} has no table ${name}`)
          assert.deepEqual(found[name], asCatalog(told, names), name)
        }
        assert.equal(SCHEMA_VERSIONS[version], reference.schema_version)
        assert.deepEqual(await viewIndexes(client), asIndexes(reference.view_indexes['instances'] ?? []))
      } finally {
        await client.end()
      }
    })
  }
}

async function made(version: LabVersion): Promise<pg.Client> {
  const postgres = await sharedPostgres()
  const name = freshName('schema')
  await postgres.createDatabase(name)
  const client = new pg.Client({ connectionString: postgres.url(name) })
  await client.connect()
  const tables = tablesOf(version)
  await client.query(tableStatements(version, tables).join(';\n'))
  await client.query(constraintStatements(tables).join(';\n'))
  return client
}

// What the database says of itself, as plain text per column, index and foreign key.

async function catalogOf(client: pg.Client): Promise<Catalog> {
  const { rows } = await client.query<{
    name: string
    columns: CatalogTable['columns']
    primaryKey: string
  }>(`
    SELECT t.relname AS name, (
        SELECT string_agg(a.attname, ', ' ORDER BY k.place) FROM pg_index i
          CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, place)
          JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
         WHERE i.indrelid = t.oid AND i.indisprimary) AS "primaryKey",
      (SELECT jsonb_object_agg(a.attname, format_type(a.atttypid, a.atttypmod)
           || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
           || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), ''))
         FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = t.oid AND a.attnum > 0) AS columns
      FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
     WHERE n.nspname = 'public' AND t.relkind = 'r'
       AND t.relname NOT IN ('schema_migrations', 'ar_internal_metadata')`)
  const catalog: Catalog = {}
  for (const { name, columns, primaryKey } of rows) {
    catalog[name] = {
      columns: Object.fromEntries(Object.entries(columns).map(([c, text]) => [c, withoutCast(text)])),
      primaryKey,
      indexes: await indexesOf(client, name),
      references: await referencesOf(client, name),
    }
  }
  return catalog
}

/** `''::character varying` is `''`; what a function is given keeps its cast; `0.0` is `0`. */
function withoutCast(text: string): string {
  return text.replace(/('[^']*')::[a-z ]+(\[\])?$/, '$1').replace(/(default \d+)\.0$/, '$1')
}

async function indexesOf(client: pg.Client, table: string): Promise<Readonly<Record<string, string>>> {
  const { rows } = await client.query<{ name: string; text: string }>(
    `SELECT c.relname AS name, concat_ws(' ', CASE WHEN i.indisunique THEN 'unique' END, m.amname, '(' || (
         SELECT string_agg(pg_get_indexdef(i.indexrelid, k, false)
             || CASE WHEN o.opcdefault THEN '' ELSE ' ' || o.opcname END
             || CASE WHEN i.indoption[k - 1] = 0 THEN '' WHEN i.indoption[k - 1] = 3 THEN ' desc'
                     WHEN i.indoption[k - 1] = 1 THEN ' desc nulls last' ELSE ' odd order' END, ', ' ORDER BY k)
           FROM generate_series(1, i.indnkeyatts::int) AS k JOIN pg_opclass o ON o.oid = i.indclass[k - 1]
       ) || ')', 'where ' || pg_get_expr(i.indpred, i.indrelid)) AS text
       FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
      WHERE i.indrelid = $1::regclass AND NOT i.indisprimary`,
    [table],
  )
  return Object.fromEntries(rows.map((row) => [row.name, row.text]))
}

async function viewIndexes(client: pg.Client): Promise<Readonly<Record<string, string>>> {
  return indexesOf(client, 'instances')
}

async function referencesOf(client: pg.Client, table: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ text: string }>(
    `SELECT a.attname || ' ' || f.relname || ' ' || c.confdeltype::text || ' ' || c.conname AS text
       FROM pg_constraint c JOIN pg_class f ON f.oid = c.confrelid
       JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
      WHERE c.conrelid = $1::regclass AND c.contype = 'f' AND f.relkind = 'r'`,
    [table],
  )
  // A name that PostgreSQL made up says nothing.
  return rows.map(({ text }) => text.replace(/ \w+_fkey\d*$/, '')).sort()
}

// What the reference says, put the same way.

interface ReferenceIndex {
  readonly name: string
  readonly columns: readonly string[]
  readonly unique: boolean
  readonly using?: string
  readonly where?: string
  readonly opclass?: string
  readonly order?: string
}

interface ReferenceTable {
  readonly columns: readonly {
    readonly name: string
    readonly type: string
    readonly array?: boolean
    readonly null: boolean
    readonly default: unknown
  }[]
  readonly primary_key: string | readonly string[]
  readonly indexes: readonly ReferenceIndex[]
  readonly foreign_keys: readonly {
    readonly column: string
    readonly to_table: string
    readonly on_delete: string
    readonly name?: string
  }[]
}

interface Reference {
  readonly schema_version: string
  readonly tables: Readonly<Record<string, ReferenceTable>>
  readonly view_indexes: Readonly<Record<string, readonly ReferenceIndex[]>>
}

function referenceOf(version: LabVersion): Reference {
  return JSON.parse(readFileSync(new URL(`${version}.json`, REFERENCE), 'utf8')) as Reference
}

function asCatalog(table: ReferenceTable, included: ReadonlySet<string>): CatalogTable {
  return {
    columns: Object.fromEntries(
      table.columns.map((column) => [
        column.name,
        `${column.type}${column.array === true ? '[]' : ''}${column.null ? '' : ' not null'}${asDefault(column.default)}`,
      ]),
    ),
    primaryKey: [table.primary_key].flat().join(', '),
    indexes: asIndexes(table.indexes),
    references: table.foreign_keys
      .filter((key) => included.has(key.to_table))
      .map((key) => [key.column, key.to_table, ACTIONS[key.on_delete], key.name].filter(Boolean).join(' '))
      .sort(),
  }
}

/** `pg_constraint.confdeltype`. */
const ACTIONS: Readonly<Record<string, string>> = { cascade: 'c', 'set null': 'n', 'no action': 'a' }

function asDefault(value: unknown): string {
  if (value === null) return ''
  if (Array.isArray(value)) return ` default '{}'`
  if (typeof value === 'object') return ` default ${String((value as { sql: string }).sql)}`
  return typeof value === 'string' ? ` default '${value}'` : ` default ${JSON.stringify(value)}`
}

function asIndexes(indexes: readonly ReferenceIndex[]): Readonly<Record<string, string>> {
  return Object.fromEntries(indexes.map((index) => [index.name, asIndex(index)]))
}

function asIndex(index: ReferenceIndex): string {
  const order = /\{ (\w+): :?"?([\w ]+)"? \}/.exec(index.order ?? '')
  const columns = index.columns.map((column) =>
    [column, index.opclass, column === order?.[1] ? order[2]?.toLowerCase() : undefined]
      .filter(Boolean)
      .join(' '),
  )
  return [
    ...(index.unique ? ['unique'] : []),
    index.using ?? 'btree',
    `(${columns.join(', ')})`,
    ...(index.where === undefined ? [] : [`where ${index.where}`]),
  ].join(' ')
}

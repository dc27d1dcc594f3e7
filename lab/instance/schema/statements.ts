/** The SQL that makes one version's tables, in three steps so that rows can be loaded before indexes exist. */
import { SCHEMA_VERSIONS, type LabTable, type LabVersion } from './schema.ts'

/**
 * Mastodon's id function: milliseconds since the epoch in the high bits, 16 bits of table, salt and sequence below.
 * Every server has its own salt. Source: Mastodon `lib/mastodon/snowflake.rb`.
 */
const TIMESTAMP_ID = `
  CREATE FUNCTION timestamp_id(table_name text) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $id$
  DECLARE
    moment bigint := floor(date_part('epoch', now()) * 1000)::bigint << 16;
    start bigint := ('x' || left(md5(table_name || 'the salt of the lab' || moment), 4))::bit(16)::bigint;
  BEGIN
    RETURN moment | ((start + nextval(table_name || '_id_seq')) & 65535);
  END
  $id$`

/** Domains known to the server, with the accounts known of each. Source: Mastodon `db/views/instances_v01.sql`. */
const INSTANCES = `
  CREATE MATERIALIZED VIEW instances AS
    WITH known AS (SELECT domain, count(*) AS accounts_count FROM accounts WHERE domain IS NOT NULL GROUP BY domain)
    SELECT domain, accounts_count FROM known
    UNION SELECT b.domain, coalesce(known.accounts_count, 0) FROM domain_blocks b LEFT JOIN known USING (domain)
    UNION SELECT a.domain, coalesce(known.accounts_count, 0) FROM domain_allows a LEFT JOIN known USING (domain)
  WITH NO DATA`

/** Tables, sequences and the id function; without indexes except primary keys, without foreign keys. */
export function tableStatements(version: LabVersion, tables: readonly LabTable[]): readonly string[] {
  return [
    TIMESTAMP_ID,
    ...tables.flatMap((table) => tableStatement(table)),
    'CREATE TABLE schema_migrations (version character varying NOT NULL PRIMARY KEY)',
    `CREATE TABLE ar_internal_metadata (key character varying NOT NULL PRIMARY KEY, value character varying,
       created_at timestamp(6) without time zone NOT NULL, updated_at timestamp(6) without time zone NOT NULL)`,
    `INSERT INTO schema_migrations VALUES ('${SCHEMA_VERSIONS[version]}')`,
    `INSERT INTO ar_internal_metadata VALUES ('environment', 'production', '2017-05-01', '2017-05-01')`,
  ]
}

function tableStatement(table: LabTable): readonly string[] {
  const lines = table.columns.map((column) => `"${column.name}" ${column.definition}`)
  const sequenced = table.primaryKey === 'id'
  return [
    ...(sequenced ? [`CREATE SEQUENCE ${table.name}_id_seq`] : []),
    `CREATE TABLE ${table.name} (${lines.join(', ')}, PRIMARY KEY (${table.primaryKey}))`,
    ...(sequenced ? [`ALTER SEQUENCE ${table.name}_id_seq OWNED BY ${table.name}.id`] : []),
  ]
}

/** Indexes, foreign keys, the `instances` view with its indexes; sequences set past the highest small id. */
export function constraintStatements(tables: readonly LabTable[]): readonly string[] {
  return [
    ...tables.flatMap((table) =>
      table.indexes.map(
        (index) =>
          `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX "${index.name}" ON ${table.name} ${index.definition}`,
      ),
    ),
    ...tables.flatMap((table) => foreignKeyStatements(table)),
    ...tables.filter((table) => isCounted(table)).map((table) => sequenceStatement(table)),
    INSTANCES,
    'CREATE UNIQUE INDEX index_instances_on_domain ON instances (domain)',
    `CREATE INDEX index_instances_on_reverse_domain ON instances (reverse('.' || domain::text), domain)`,
    'REFRESH MATERIALIZED VIEW instances',
  ]
}

function foreignKeyStatements(table: LabTable): readonly string[] {
  return table.references.map(
    (reference) =>
      `ALTER TABLE ${table.name} ADD ${reference.name === null ? '' : `CONSTRAINT ${reference.name} `}` +
      `FOREIGN KEY (${reference.column}) REFERENCES ${reference.table} (id) ON DELETE ${reference.onDelete}`,
  )
}

/** True where ids are counted by a sequence, not made from the time. */
function isCounted(table: LabTable): boolean {
  const id = table.columns.find((column) => column.name === 'id')
  return id?.definition.includes('nextval') ?? false
}

function sequenceStatement(table: LabTable): string {
  return `SELECT setval('${table.name}_id_seq', greatest((SELECT max(id) FROM ${table.name}), 1))`
}

import assert from 'node:assert/strict'
import { test, after, before, describe } from 'node:test'
import pg from 'pg'
import { startPostgres, type OwnPostgres } from '../../lab/servers/postgres.ts'

describe('a PostgreSQL of the lab', () => {
  let postgres: OwnPostgres
  before(async () => {
    postgres = await startPostgres()
  })
  after(() => postgres.stop())

  async function query(url: string, sql: string): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      return (await client.query(sql)).rows
    } finally {
      await client.end()
    }
  }

  test('the owner creates schemas and tables, and is no superuser', async () => {
    await postgres.createDatabase('owned')
    await query(postgres.url('owned'), 'CREATE SCHEMA cornac; CREATE TABLE public.accounts (id bigint)')
    await assert.rejects(
      query(postgres.url('owned'), 'SET session_replication_role = replica'),
      /permission denied/,
    )
    await query(postgres.adminUrl('owned'), 'SET session_replication_role = replica')
  })

  test('a database created from a template holds its rows, and changes do not flow back', async () => {
    await postgres.createDatabase('original')
    await query(postgres.url('original'), 'CREATE TABLE t AS SELECT generate_series(1, 3) AS id')
    await postgres.createDatabase('copy', { template: 'original' })
    await query(postgres.url('copy'), 'DELETE FROM t WHERE id = 1')
    assert.deepEqual(await query(postgres.url('copy'), 'SELECT count(*)::int AS n FROM t'), [{ n: 2 }])
    assert.deepEqual(await query(postgres.url('original'), 'SELECT count(*)::int AS n FROM t'), [{ n: 3 }])
    await postgres.dropDatabase('copy')
    await assert.rejects(query(postgres.url('copy'), 'SELECT 1'), /does not exist/)
  })

  test('a read-only role reads every table and writes none, also when it is made twice', async () => {
    await postgres.createDatabase('guarded')
    await query(postgres.url('guarded'), 'CREATE TABLE t AS SELECT 1 AS id')
    for (let round = 0; round < 2; round++)
      await postgres.createRole('reader', 'r%/:@', { readOnly: 'guarded' })
    const url = postgres.urlAs('reader', 'r%/:@', 'guarded')
    assert.deepEqual(await query(url, 'SELECT id FROM t'), [{ id: 1 }])
    await assert.rejects(query(url, 'UPDATE t SET id = 2'), /permission denied/)
    await assert.rejects(query(url, 'CREATE SCHEMA cornac'), /permission denied/)
  })

  test('text sorts by language, not by bytes, as on most servers of the field', async () => {
    await postgres.createDatabase('sorted')
    const rows = await query(
      postgres.url('sorted'),
      "SELECT t FROM (VALUES ('B'), ('a'), ('_')) AS v(t) ORDER BY t",
    )
    assert.deepEqual(rows, [{ t: '_' }, { t: 'a' }, { t: 'B' }])
  })

  test('after a crash it answers at the same address, with what was committed to disk', async () => {
    await postgres.createDatabase('crashed')
    const client = new pg.Client({ connectionString: postgres.url('crashed') })
    client.on('error', () => {})
    await client.connect()
    await client.query('CREATE TABLE t (id int)')
    await client.query('SET synchronous_commit = on')
    await client.query('INSERT INTO t VALUES (1)')
    await client.query('BEGIN')
    await client.query('INSERT INTO t VALUES (2)')
    await postgres.crash()
    await assert.rejects(client.query('COMMIT'))
    assert.deepEqual(await query(postgres.url('crashed'), 'SELECT id FROM t'), [{ id: 1 }])
  })
})

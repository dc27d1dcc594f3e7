/** Rows let go of files exactly if they are still what was seen and nothing keeps them by then; and name them again. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { buildInstance } from '../../lab/instance/build-instance.ts'
import { drawPictures } from '../../lab/instance/pictures.ts'
import type { LabVersion } from '../../lab/instance/schema/schema.ts'
import { startPgbouncer } from '../../lab/servers/pgbouncer.ts'
import { probeSchema } from '../../src/adapters/mastodon/probe-schema.ts'
import { openPruneEditor } from '../../src/adapters/mastodon/prune-editor.ts'
import { openPruneSource } from '../../src/adapters/mastodon/prune-source.ts'
import { KnownError } from '../../src/core/errors.ts'
import type { SeenCandidate } from '../../src/core/model/prune-candidate.ts'
import {
  cutoffOf,
  PRUNE_KINDS,
  type PruneKind,
  type PrunePolicy,
  type PrunePreset,
} from '../../src/core/model/prune-policy.ts'
import type { SchemaFacts } from '../../src/core/model/schema.ts'
import type { FileBack, PruneEditor, PruneSource } from '../../src/core/ports/prune.ts'
import { needs } from '../needs.ts'
import { freshName, sharedPostgres } from '../shared-servers.ts'
import { shuffleForPrune } from './prune-in-sql.ts'

const pictures = drawPictures(1, 'tiny')
const FENCE = { name: 'apply', token: '7' }
const TABLES = ['accounts', 'media_attachments', 'preview_cards'] as const
type Table = (typeof TABLES)[number]
type Json = Readonly<Record<string, unknown>>
/** A row as JSON, and as PostgreSQL writes it. */
interface RowText {
  readonly json: Json
  readonly text: string
}
type Rows = ReadonlyMap<string, RowText>

const PREFIXES: Readonly<Record<string, string>> = {
  avatar: 'avatar',
  header: 'header',
  attachment: 'file',
  thumbnail: 'thumbnail',
  card: 'image',
}
/** Said once more: what letting a file go empties. */
const emptied = (kind: string): string[] =>
  ['file_name', 'content_type', 'file_size', 'updated_at'].map((column) => `${PREFIXES[kind]}_${column}`)

for (const version of ['4.3', '4.4', '4.5', '4.6'] as const)
  describe(`rows that a prune lets go on ${version}`, needs('postgres'), () => {
    let stage: Stage
    before(async () => {
      stage = await built(version)
    })
    after(() => stage.close())

    for (const [preset, touches] of [
      ['tootctl', true],
      ['cornac', false],
    ] as const)
      test(`${preset}: four columns of each file that goes become NULL, ${touches ? 'the time of the row is set, ' : ''}no other byte of the tables changes, and all of it comes back`, async () => {
        const policy = policyOf(stage, preset)
        const touchedAtMs = touches ? stage.nowMs + 5 : null
        const before_ = await everyRow(stage)
        const candidates = await told(stage.source, policy)
        for (const batch of batches(candidates)) {
          const gone = await stage.editor.letGo(batch, policy, touchedAtMs, FENCE)
          assert.deepEqual([...gone].sort(), batch.map(({ id }) => id).sort())
        }
        const between = await everyRow(stage)
        const touched = touches ? new Date(stage.nowMs + 5).toISOString().replace('Z', '') : null
        for (const [table, rows] of between) {
          const goes = new Map(candidates.filter((one) => one.table === table).map((one) => [one.id, one]))
          assert.ok(goes.size > 50, `${table}: ${goes.size}`)
          for (const [id, { json }] of rows) {
            const was = before_.get(table)?.get(id)?.json as Json
            const expected: Record<string, unknown> = { ...was }
            for (const { record } of goes.get(id)?.files ?? [])
              for (const column of emptied(record.kind)) expected[column] = null
            if (goes.has(id) && touched !== null) expected['updated_at'] = touched
            assert.deepEqual(json, expected, `${table} ${id}`)
          }
        }
        // Names what it names no more: nothing is told twice.
        if (!touches) assert.deepEqual(await told(stage.source, policy), [])

        for (const batch of batches(candidates)) {
          const files = filesBack(batch)
          const rowUpdatedAt = new Map(batch.map((one) => [one.id, one.rowUpdatedAt]))
          const back = await stage.editor.nameAgain(files, { touchedAtMs, rowUpdatedAt }, FENCE)
          assert.deepEqual([...back].sort(), files.map(labelOf).sort())
          // A second time nothing is missing, so nothing changes.
          assert.equal((await stage.editor.nameAgain(files, { touchedAtMs, rowUpdatedAt }, FENCE)).size, 0)
        }
        assert.deepEqual(await everyRow(stage), before_)
      })

    test('whatever changed since it was seen keeps the row, and only that row', async () => {
      for (const preset of ['tootctl', 'cornac'] as const)
        for (const change of changes(version, preset)) {
          const policy = policyOf(stage, preset, change.kinds)
          await stage.undone(async (editor, source, client) => {
            const candidates = (await told(source, policy)).filter((one) => change.fits(one))
            const batch = candidates.slice(0, 5)
            const what = `${change.name}, ${preset} ${change.kinds.join(' ')}`
            assert.equal(batch.length, 5, what)
            const changed = batch[2] as SeenCandidate
            for (const sql of change.sql(changed.table)) {
              const { rowCount } = await client.query(sql, [changed.id])
              assert.ok((rowCount ?? 0) > 0, what)
            }
            const was = await bytesOf(client, changed.table, changed.id)
            const gone = await editor.letGo(batch, policy, stage.nowMs, FENCE)
            assert.deepEqual(
              [...gone].sort(),
              batch
                .filter((one) => one !== changed)
                .map(({ id }) => id)
                .sort(),
              what,
            )
            assert.deepEqual(await bytesOf(client, changed.table, changed.id), was, what)
          })
        }
    })

    test('what nothing was decided upon may change around a row: it goes', async () => {
      for (const preset of ['tootctl', 'cornac'] as const)
        for (const change of indifferent(preset))
          await stage.undone(async (editor, source, client) => {
            const batch = (await told(source, policyOf(stage, preset, change.kinds))).slice(0, 3)
            const changed = batch[1] as SeenCandidate
            for (const sql of change.sql(changed.table)) await client.query(sql, [changed.id])
            const gone = await editor.letGo(batch, policyOf(stage, preset, change.kinds), null, FENCE)
            assert.deepEqual([...gone].sort(), batch.map(({ id }) => id).sort(), `${change.name}, ${preset}`)
          })
    })

    test('under a lease that was lost, taken over or never was, nothing changes, either way', async () => {
      const policy = policyOf(stage, 'cornac')
      for (const sql of [
        'UPDATE cornac.leases SET token = 8 WHERE name = $1',
        'DELETE FROM cornac.leases WHERE name = $1',
      ])
        await stage.undone(async (editor, source, client) => {
          const [batch = []] = batches(await told(source, policy))
          await client.query(sql, [FENCE.name])
          const was = await everyRow({ client })
          assert.equal((await editor.letGo(batch, policy, 1, FENCE)).size, 0)
          assert.equal((await editor.letGo(batch, policy, 1, { ...FENCE, name: 'nobody' })).size, 0)
          assert.deepEqual(await everyRow({ client }), was)
          assert.equal((await editor.letGo(batch, policy, 1, null)).size, batch.length)
          const gone = await everyRow({ client })
          const back = { touchedAtMs: 1, rowUpdatedAt: new Map() }
          assert.equal((await editor.nameAgain(filesBack(batch), back, FENCE)).size, 0)
          assert.deepEqual(await everyRow({ client }), gone)
          assert.notEqual((await editor.nameAgain(filesBack(batch), back, null)).size, 0)
        })
    })

    test('a local row is neither let go nor named, however it is smuggled in', async () => {
      const policy = policyOf(stage, 'tootctl')
      await stage.undone(async (editor, source, client) => {
        const all = await told(source, policy)
        for (const table of TABLES) {
          if (table === 'preview_cards') continue
          const remote = all.find((one) => one.table === table && one.files.length === 2) as SeenCandidate
          const local = await client.query<{ id: string }>(
            table === 'accounts'
              ? `SELECT id FROM accounts WHERE domain IS NULL AND id > 0 ORDER BY id LIMIT 1`
              : `SELECT id FROM media_attachments WHERE remote_url = '' ORDER BY id LIMIT 1`,
          )
          const id = local.rows[0]?.id as string
          // Everything about it is as of the remote row, but that it is local.
          const shared =
            table === 'accounts'
              ? `last_webfingered_at = o.last_webfingered_at, avatar_remote_url = o.avatar_remote_url,
                 header_remote_url = o.header_remote_url`
              : 'thumbnail_remote_url = o.thumbnail_remote_url, created_at = o.created_at'
          const names = remote.files.flatMap(({ record }) => emptied(record.kind))
          await client.query(
            `UPDATE ${table} l SET updated_at = o.updated_at, ${shared}, ${names.map((name) => `${name} = o.${name}`).join(', ')}
              FROM ${table} o WHERE o.id = $2 AND l.id = $1`,
            [id, remote.id],
          )
          await client.query('DELETE FROM follows')
          const { rows: versions } = await client.query<{ xmin: string; ctid: string }>(
            `SELECT xmin::text, ctid::text FROM ${table} WHERE id = $1`,
            [id],
          )
          const smuggled: SeenCandidate = {
            ...remote,
            id,
            version: versions[0] as SeenCandidate['version'],
            files: remote.files.map((file) => ({
              ...file,
              record: { ...file.record, id, ...(table === 'accounts' ? {} : { remoteUrl: null }) },
            })),
          }
          const was = await bytesOf(client, table, id)
          assert.equal((await editor.letGo([smuggled], policy, 1, null)).size, 0)
          assert.deepEqual(await bytesOf(client, table, id), was)
          const nothing = names.map((name) => `${name} = NULL`).join(', ')
          await client.query(`UPDATE ${table} SET ${nothing} WHERE id = $1`, [id])
          const bare = await bytesOf(client, table, id)
          const back = { touchedAtMs: null, rowUpdatedAt: new Map<string, string>() }
          assert.equal((await editor.nameAgain(filesBack([smuggled]), back, null)).size, 0)
          assert.deepEqual(await bytesOf(client, table, id), bare)
          // A remote row with the same files would have gone: nothing else held it.
          assert.equal((await editor.letGo([remote], policy, 1, null)).size, 1)
          const honest = {
            ...smuggled,
            files: smuggled.files.map((file) => ({ ...file, record: { ...file.record, remote: false } })),
          }
          await assert.rejects(editor.letGo([honest], policy, 1, null), /was to be changed/)
        }
        const [account] = all as [SeenCandidate]
        const card = all.find(({ table }) => table === 'preview_cards') as SeenCandidate
        await assert.rejects(editor.letGo([account, card], policy, 1, null), /stands among accounts/)
        const emoji = {
          ...account,
          files: account.files.map((file) => ({
            ...file,
            record: { ...file.record, kind: 'emoji' as const },
          })),
        }
        await assert.rejects(editor.letGo([emoji], policy, 1, null), /emoji .* was to be changed/)
        assert.equal((await editor.letGo([], policy, 1, null)).size, 0)
      })
    })

    test('a row that somebody holds is passed over without waiting, whatever they do with it later', async () => {
      const policy = policyOf(stage, 'cornac')
      const all = await told(stage.source, policy)
      const was = await everyRow(stage)
      const holder = new pg.Client({ connectionString: stage.databaseUrl })
      await holder.connect()
      try {
        for (const table of TABLES) {
          const batch = all.filter((one) => one.table === table).slice(0, 12)
          const held = batch.slice(3, 6).map(({ id }) => id)
          const others = batch
            .map(({ id }) => id)
            .filter((id) => !held.includes(id))
            .sort()
          await holder.query('BEGIN')
          await holder.query(`SELECT id FROM ${table} WHERE id = ANY($1) FOR UPDATE`, [held])
          const begun = performance.now()
          const gone = await stage.editor.letGo(batch, policy, null, FENCE)
          assert.deepEqual([...gone].sort(), others)
          const back = { touchedAtMs: null, rowUpdatedAt: new Map<string, string>() }
          // The holder wants a row that was just changed, and is not kept waiting either.
          await holder.query(`SELECT id FROM ${table} WHERE id = ANY($1) FOR UPDATE NOWAIT`, [
            others.slice(0, 1),
          ])
          await stage.editor.nameAgain(filesBack(batch), back, FENCE)
          assert.ok(performance.now() - begun < 4_000, `waited ${performance.now() - begun} ms`)
          await holder.query('ROLLBACK')
          await stage.editor.nameAgain(filesBack(batch), back, FENCE)
        }
      } finally {
        await holder.end()
      }
      assert.deepEqual(await everyRow(stage), was)
    })

    test('a reference to a row, as Mastodon holds while it saves a post, keeps nothing', async () => {
      const policy = policyOf(stage, 'cornac', ['avatar'])
      const [one] = (await told(stage.source, policy)) as [SeenCandidate]
      const holder = new pg.Client({ connectionString: stage.databaseUrl })
      await holder.connect()
      try {
        await holder.query('BEGIN')
        await holder.query('SELECT id FROM accounts WHERE id = $1 FOR KEY SHARE', [one.id])
        assert.equal((await stage.editor.letGo([one], policy, null, FENCE)).size, 1)
      } finally {
        await holder.end()
      }
      const back = { touchedAtMs: null, rowUpdatedAt: new Map<string, string>() }
      assert.equal((await stage.editor.nameAgain(filesBack([one]), back, FENCE)).size, 1)
    })

    test('names of any letters go and come back', async () => {
      const names = [
        'ünï ☃.png',
        `it's "quoted", {braced}.gif`,
        '\\back\\slash.jpg',
        'NULL',
        '$1',
        '%s _x.png',
        ' ',
        '🐘'.repeat(40),
      ]
      const policy = policyOf(stage, 'tootctl', ['avatar'])
      await stage.undone(async (editor, source, client) => {
        const some = (await told(source, policy)).slice(0, names.length)
        for (const [at, { id }] of some.entries())
          await client.query(
            'UPDATE accounts SET avatar_file_name = $2, avatar_remote_url = $3 WHERE id = $1',
            [id, names[at], `https://x.example/${names[at]}`],
          )
        const ids = some.map(({ id }) => id)
        const batch = (await told(source, policy)).filter(({ id }) => ids.includes(id))
        assert.deepEqual(batch.map(({ files }) => files[0]?.record.fileName ?? '').sort(), names.toSorted())
        const was = await everyRow({ client })
        assert.equal((await editor.letGo(batch, policy, 9, null)).size, names.length)
        const rowUpdatedAt = new Map(batch.map((one) => [one.id, one.rowUpdatedAt]))
        assert.equal(
          (await editor.nameAgain(filesBack(batch), { touchedAtMs: 9, rowUpdatedAt }, null)).size,
          names.length,
        )
        assert.deepEqual(await everyRow({ client }), was)
      })
    })

    test('a row that got another file, address or time meanwhile is not named again over it', async () => {
      const policy = policyOf(stage, 'cornac', ['avatar', 'header'])
      await stage.undone(async (editor, source, client) => {
        const batch = (await told(source, policy)).filter(({ files }) => files.length === 2).slice(0, 4)
        const [fetched, moved, saved, gone] = batch as [
          SeenCandidate,
          SeenCandidate,
          SeenCandidate,
          SeenCandidate,
        ]
        const rowUpdatedAt = new Map(batch.map((one) => [one.id, one.rowUpdatedAt]))
        await editor.letGo(batch, policy, 12_345, null)
        await client.query(`UPDATE accounts SET avatar_file_name = 'new.png' WHERE id = $1`, [fetched.id])
        await client.query(`UPDATE accounts SET header_remote_url = 'https://x.example/new' WHERE id = $1`, [
          moved.id,
        ])
        await client.query(`UPDATE accounts SET updated_at = '2021-01-01' WHERE id = $1`, [saved.id])
        await client.query('DELETE FROM accounts WHERE id = $1', [gone.id])
        const back = await editor.nameAgain(filesBack(batch), { touchedAtMs: 12_345, rowUpdatedAt }, null)
        assert.deepEqual(
          [...back].sort(),
          [`avatar ${moved.id}`, `header ${fetched.id}`, `avatar ${saved.id}`, `header ${saved.id}`].sort(),
        )
        const rows = (await everyRow({ client })).get('accounts') as Rows
        assert.equal(rows.get(fetched.id)?.json['avatar_file_name'], 'new.png')
        assert.equal(rows.get(fetched.id)?.json['header_file_name'], fetched.files[1]?.record.fileName)
        assert.equal(rows.get(moved.id)?.json['header_file_name'], null)
        assert.match(String(rows.get(saved.id)?.json['updated_at']), /^2021-01-01/)
      })
    })

    test('two at once share the rows between them, and nobody waits for ever', async () => {
      const policy = policyOf(stage, 'cornac', ['avatar', 'header'])
      const batch = (await told(stage.source, policy)).slice(0, 200)
      const was = await everyRow(stage)
      const gone = await Promise.all([
        stage.editor.letGo(batch, policy, null, FENCE),
        stage.editor.letGo(batch.toReversed(), policy, null, FENCE),
        stage.editor.letGo(batch, policy, null, FENCE),
      ])
      const ids = gone.flatMap((some) => [...some])
      assert.equal(new Set(ids).size, ids.length)
      const back = { touchedAtMs: null, rowUpdatedAt: new Map<string, string>() }
      const again = await stage.editor.nameAgain(filesBack(batch), back, FENCE)
      assert.equal(again.size, filesBack(batch.filter(({ id }) => ids.includes(id))).length)
      assert.deepEqual(await everyRow(stage), was)
    })
  })

describe('a prune’s right to change rows', needs('postgres'), () => {
  test('is asked for before any work, column by column, and changes nothing', async () => {
    const stage = await built('4.6')
    try {
      const { postgres, database, schema } = stage
      await stage.editor.refuseIfReadOnly(PRUNE_KINDS)
      const role = `reader_${database.replaceAll('-', '_')}`
      await postgres.createRole(role, 'reads', { readOnly: database })
      const pool = new pg.Pool({ connectionString: postgres.urlAs(role, 'reads', database), max: 1 })
      try {
        const editor = openPruneEditor(pool, schema)
        await assert.rejects(editor.refuseIfReadOnly(PRUNE_KINDS), (error) => {
          assert.ok(error instanceof KnownError)
          assert.equal(error.code, 'database-permission')
          assert.match(error.what, /nothing was pruned.*accounts.*media_attachments.*preview_cards/)
          return true
        })
        await stage.client.query(
          `GRANT UPDATE (${[...emptied('card'), 'updated_at'].join(', ')}) ON preview_cards TO ${role}`,
        )
        await editor.refuseIfReadOnly(['card'])
        await assert.rejects(editor.refuseIfReadOnly(['card', 'header']), /accounts/)
      } finally {
        await pool.end()
      }
      const unknown = openPruneEditor(stage.pool, { ...schema, readOnlyBecause: 'this Mastodon is new' })
      const policy = policyOf(stage, 'cornac')
      const [batch = []] = batches(await told(stage.source, policy))
      for (const attempt of [
        unknown.refuseIfReadOnly(['avatar']),
        unknown.letGo(batch, policy, null, null),
        unknown.nameAgain(filesBack(batch), { touchedAtMs: null, rowUpdatedAt: new Map() }, null),
      ])
        await assert.rejects(attempt, {
          code: 'read-only-instance',
          what: 'nothing was pruned: this Mastodon is new',
        })
    } finally {
      await stage.close()
    }
  })
})

describe('a prune’s rows through pgbouncer', needs('postgres', 'pgbouncer'), () => {
  test('many batches at once let go, are found, and come back, over fewer connections than batches', async () => {
    const stage = await built('4.5')
    const pgbouncer = await startPgbouncer(stage.postgres.address, { poolSize: 2 })
    const pool = new pg.Pool({ connectionString: pgbouncer.url(stage.database), max: 8 })
    try {
      const editor = openPruneEditor(pool, stage.schema)
      const source = openPruneSource(pool, stage.schema)
      const policy = policyOf(stage, 'cornac')
      const was = await everyRow(stage)
      const all = await told(source, policy)
      const some = TABLES.flatMap((table) => {
        const rows = all.filter((one) => one.table === table)
        return Array.from({ length: Math.ceil(rows.length / 40) }, (_, at) =>
          rows.slice(at * 40, at * 40 + 40),
        )
      })
      assert.ok(some.length > 8)
      const gone = await Promise.all(some.map((batch) => editor.letGo(batch, policy, 7, FENCE)))
      assert.equal(
        gone.reduce((sum, { size }) => sum + size, 0),
        all.length,
      )
      await Promise.all(
        some.map((batch) =>
          editor.nameAgain(
            filesBack(batch),
            { touchedAtMs: 7, rowUpdatedAt: new Map(batch.map((one) => [one.id, one.rowUpdatedAt])) },
            FENCE,
          ),
        ),
      )
      assert.deepEqual(await everyRow(stage), was)
    } finally {
      await pool.end()
      await pgbouncer.stop()
      await stage.close()
    }
  })
})

describe('a prune whose rows others want', needs('postgres'), () => {
  test('waits for disk where the server would not, and sees what was committed before each statement, whatever the role is set to', async () => {
    const stage = await built('4.4')
    try {
      const policy = policyOf(stage, 'cornac', ['avatar'])
      for (const [asked, expected] of [
        ['off', 'local'],
        ['on', 'on'],
        ['local', 'local'],
      ] as const) {
        const pool = new pg.Pool({
          connectionString: stage.databaseUrl,
          max: 1,
          options: `-c synchronous_commit=${asked} -c default_transaction_isolation=serializable`,
        })
        const seen: string[] = []
        await stage.client
          .query(`CREATE OR REPLACE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          RAISE NOTICE '% % %', current_setting('synchronous_commit'), current_setting('transaction_isolation'), current_setting('jit');
          RETURN NULL; END $$;
          CREATE OR REPLACE TRIGGER note AFTER UPDATE ON accounts EXECUTE FUNCTION note()`)
        pool.on('connect', (client) => client.on('notice', ({ message }) => seen.push(String(message))))
        try {
          const editor = openPruneEditor(pool, stage.schema)
          const [one] = (await told(stage.source, policy)) as [SeenCandidate]
          assert.equal((await editor.letGo([one], policy, null, FENCE)).size, 1)
          await editor.nameAgain(filesBack([one]), { touchedAtMs: null, rowUpdatedAt: new Map() }, FENCE)
          assert.deepEqual(seen, [`${expected} read committed off`, `${expected} read committed off`])
          const { rows } = await pool.query('SHOW synchronous_commit')
          assert.deepEqual(rows, [{ synchronous_commit: asked }])
        } finally {
          await pool.end()
        }
      }
    } finally {
      await stage.close()
    }
  })

  test('tries again where a transaction failed for others’ sake, and says so when it never comes through', async () => {
    const stage = await built('4.3')
    try {
      const policy = policyOf(stage, 'cornac', ['avatar'])
      const first = async (): Promise<SeenCandidate> =>
        ((await told(stage.source, policy)) as [SeenCandidate])[0]
      const failing = (times: number, code: string): Promise<unknown> =>
        stage.client.query(`DROP SEQUENCE IF EXISTS tries; CREATE SEQUENCE tries;
          CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('tries') <= ${times} THEN RAISE EXCEPTION 'in the way' USING ERRCODE = '${code}'; END IF;
            RETURN NULL; END $$;
          CREATE OR REPLACE TRIGGER fail BEFORE UPDATE ON accounts EXECUTE FUNCTION fail()`)
      for (const code of ['40001', '40P01', '55P03']) {
        await failing(99, code)
        const one = await first()
        await assert.rejects(stage.editor.letGo([one], policy, null, FENCE), (error) => {
          assert.ok(error instanceof KnownError)
          assert.equal(error.code, 'database-contested')
          assert.match(error.what, /in the way/)
          return true
        })
        await failing(2, code)
        assert.equal((await stage.editor.letGo([one], policy, null, FENCE)).size, 1)
        await failing(2, code)
        assert.equal(
          (
            await stage.editor.nameAgain(
              filesBack([one]),
              { touchedAtMs: null, rowUpdatedAt: new Map() },
              FENCE,
            )
          ).size,
          1,
        )
      }
      await failing(99, '22012')
      await assert.rejects(stage.editor.letGo([await first()], policy, null, FENCE), { code: '22012' })
      assert.equal(
        (await stage.client.query<{ n: string }>('SELECT last_value AS n FROM tries')).rows[0]?.n,
        '1',
      )
    } finally {
      await stage.close()
    }
  })
})

/** One thing that changed since the rows were seen: statements about the row `$1`. */
interface Change {
  readonly name: string
  readonly kinds: readonly PruneKind[]
  readonly fits: (candidate: SeenCandidate) => boolean
  readonly sql: (table: Table) => readonly string[]
}

const always = (): boolean => true

/** Every way in which a row can come to be another, or to be kept, between being read and being let go. */
function* changes(version: LabVersion, preset: PrunePreset): Generator<Change> {
  const of = (kind: PruneKind): Table =>
    kind === 'attachment' ? 'media_attachments' : kind === 'card' ? 'preview_cards' : 'accounts'
  for (const kind of PRUNE_KINDS) {
    const prefix = PREFIXES[kind]
    const set = (assignment: string) => (table: Table) => [`UPDATE ${table} SET ${assignment} WHERE id = $1`]
    const one = (name: string, sql: Change['sql'], fits: Change['fits'] = always): Change => ({
      name,
      kinds: [kind],
      fits,
      sql,
    })
    yield one('another file', set(`${prefix}_file_name = 'other.png'`))
    yield one('no file', set(`${prefix}_file_name = NULL`))
    yield one('a file without a name', set(`${prefix}_file_name = ''`))
    yield one('saved a microsecond later', set(`updated_at = updated_at + interval '1 microsecond'`))
    yield one(
      'its file assigned a microsecond earlier',
      set(`${prefix}_updated_at = ${prefix}_updated_at - interval '1 microsecond'`),
      ({ files }) => files[0]?.assignedAt !== null,
    )
    yield one(
      'its file assigned without saying when',
      set(`${prefix}_updated_at = NULL`),
      ({ files }) => files[0]?.assignedAt !== null,
    )
    const url = {
      avatar: 'avatar_remote_url',
      header: 'header_remote_url',
      attachment: 'remote_url',
      card: null,
    }[kind]
    // Nothing was decided upon these; but whoever writes the row deals with it.
    yield one('another size', set(`${prefix}_file_size = 1`))
    yield one('written without any change', set(`updated_at = updated_at`))
    if (kind === 'attachment') yield one('attached to a new post', () => [freshPost('false', 0), ATTACHED])
    if (kind === 'avatar') yield one('another header', set(`header_file_name = 'other.png'`))
    if (url !== null) yield one('another address', set(`${url} = 'https://other.example/x'`))
    yield one('the row gone', (table) => [
      ...(table === 'accounts'
        ? ['DELETE FROM account_stats WHERE account_id = $1 OR $1::bigint IS NOT NULL']
        : []),
      `DELETE FROM ${of(kind)} WHERE id = $1`,
    ])
    if (kind === 'avatar' || kind === 'header') {
      yield one('local', set(`domain = NULL, username = 'ours_now'`))
      yield one('looked up', set(`last_webfingered_at = now()`))
      const follows = (table: string, ours: string, theirs: string) => () => [
        `INSERT INTO ${table} (${theirs}, ${ours}, created_at, updated_at)
          SELECT $1::bigint, min(id), now(), now() FROM accounts WHERE domain IS NULL AND id > 0`,
      ]
      yield one('followed', follows('follows', 'account_id', 'target_account_id'))
      yield one('a follower', follows('follows', 'target_account_id', 'account_id'))
      if (preset === 'cornac') {
        yield one('asked to be followed', follows('follow_requests', 'account_id', 'target_account_id'))
        yield one('asks to follow', follows('follow_requests', 'target_account_id', 'account_id'))
        yield one('suspended', set('suspended_at = now()'))
        yield one('has posted', () => [
          `INSERT INTO account_stats (account_id, last_status_at, created_at, updated_at) VALUES ($1::bigint, now(), now(), now())
            ON CONFLICT (account_id) DO UPDATE SET last_status_at = now()`,
        ])
      }
    }
    if (kind === 'attachment') {
      yield one('local', set(`remote_url = ''`))
      yield one('fetched again by the media proxy', set('created_at = now()'))
      yield one(
        'another thumbnail',
        set(`thumbnail_file_name = 'other.png'`),
        ({ files }) => files.length === 2,
      )
      yield one(
        'a thumbnail where there was none',
        set(`thumbnail_file_name = 'first.png'`),
        ({ files }) => files[0]?.record.kind === 'attachment' && files.length === 1,
      )
      if (preset === 'cornac')
        for (const [name, sql] of doings(version))
          yield one(name, () => [freshPost('false', 0), ATTACHED, sql.replace('STATUS', FRESH)])
    }
    if (kind === 'card' && preset === 'cornac') {
      yield one('linked here', () => [freshPost('true', 0), LINKED])
      // Of a post made after the policy, or an hour before it by another clock.
      for (const [name, sql] of doings(version))
        yield one(`${name}: a new post`, () => [freshPost('false', -1), LINKED, sql.replace('STATUS', FRESH)])
    }
  }
}

/** What may happen around a row, which itself stays as it is, without keeping it. */
function* indifferent(preset: PrunePreset): Generator<Change> {
  const one = (name: string, kind: PruneKind, ...sql: readonly string[]): Change => ({
    name,
    kinds: [kind],
    fits: always,
    sql: () => sql,
  })
  yield one(
    'followed by a stranger, who asks a stranger',
    'header',
    ...(preset === 'tootctl' ? [] : [strangers('follows')]),
    strangers('follow_requests'),
  )
  yield one('linked by a stranger', 'card', freshPost('false', 0), LINKED)
}

const strangers = (table: string): string =>
  `INSERT INTO ${table} (account_id, target_account_id, created_at, updated_at)
    SELECT min(id), $1::bigint, now(), now() FROM accounts WHERE domain IS NOT NULL AND id <> $1 ON CONFLICT DO NOTHING`

/** A post of somebody, made so many hours from now. */
const freshPost = (local: string, hours: number): string =>
  `INSERT INTO statuses (id, account_id, uri, local, created_at, updated_at)
    SELECT ((extract(epoch FROM now()) + ${hours} * 3600) * 1000)::bigint << 16, min(id), 'https://x.example/fresh', ${local}, now(), now()
    FROM accounts WHERE $1::bigint IS NOT NULL`
const FRESH = `(SELECT id FROM statuses WHERE uri = 'https://x.example/fresh' AND $1::bigint IS NOT NULL)`
const LINKED = `INSERT INTO preview_cards_statuses (preview_card_id, status_id) SELECT $1, ${FRESH}`
const ATTACHED = `UPDATE media_attachments SET status_id = ${FRESH} WHERE id = $1`

/** What people here may do with the post STATUS. */
function doings(version: LabVersion): readonly (readonly [string, string])[] {
  const us = `(SELECT min(id) FROM accounts WHERE domain IS NULL AND id > 0)`
  const ours = (column: string): string =>
    `INSERT INTO statuses (account_id, uri, local, ${column}, created_at, updated_at) VALUES (${us}, NULL, true, STATUS, now(), now())`
  const with_ = (table: string): string =>
    `INSERT INTO ${table} (account_id, status_id, created_at, updated_at) VALUES (${us}, STATUS, now(), now())`
  return [
    ['favourited', with_('favourites')],
    ['bookmarked', with_('bookmarks')],
    ['answered', ours('in_reply_to_id')],
    ['boosted', ours('reblog_of_id')],
    ['addressed to us', with_('mentions')],
    ...(version === '4.3'
      ? []
      : ([
          [
            'quoted',
            `INSERT INTO quotes (account_id, status_id, quoted_status_id, created_at, updated_at)
              SELECT account_id, id, STATUS, now(), now() FROM statuses
              WHERE local AND deleted_at IS NULL AND id NOT IN (SELECT status_id FROM quotes) LIMIT 1`,
          ],
        ] as const)),
  ]
}

interface Stage {
  readonly postgres: Awaited<ReturnType<typeof sharedPostgres>>
  readonly database: string
  readonly databaseUrl: string
  readonly nowMs: number
  readonly schema: SchemaFacts
  readonly pool: pg.Pool
  readonly client: pg.Client
  readonly source: PruneSource
  readonly editor: PruneEditor
  /** Plays in a transaction that is taken back. */
  undone(play: (editor: PruneEditor, source: PruneSource, client: pg.Client) => Promise<void>): Promise<void>
  close(): Promise<void>
}

async function built(version: LabVersion): Promise<Stage> {
  const postgres = await sharedPostgres()
  const database = freshName('letgo')
  await postgres.createDatabase(database)
  const databaseUrl = postgres.url(database)
  const nowMs = Math.floor(Date.now() / 1000) * 1000
  await buildInstance({
    version,
    databaseUrl,
    accounts: 300,
    attachments: 800,
    seed: 23,
    pictures: await pictures,
  })
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await shuffleForPrune(client, 23, [cutoffOf(7, nowMs)], version !== '4.3')
  await client.query(
    `CREATE SCHEMA cornac; CREATE TABLE cornac.leases (name text PRIMARY KEY, token bigint NOT NULL);
     INSERT INTO cornac.leases VALUES ('heal', 7), ('apply', 7)`,
  )
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4 })
  const schema = await probeSchema(pool)
  return {
    postgres,
    database,
    databaseUrl,
    nowMs,
    schema,
    pool,
    client,
    source: openPruneSource(pool, schema),
    editor: openPruneEditor(pool, schema),
    async undone(play) {
      const nested = await nestedPool(client)
      await client.query('BEGIN')
      try {
        await play(openPruneEditor(nested, schema), openPruneSource(nested, schema), client)
      } finally {
        await client.query('ROLLBACK')
      }
    },
    async close() {
      await Promise.all([client.end(), pool.end()])
      await postgres.dropDatabase(database)
    },
  }
}

/**
 * A pool of this one connection, whose transactions are savepoints in one that is under way. One user at a time, as on any
 * connection.
 */
async function nestedPool(client: pg.Client): Promise<pg.Pool> {
  const words: Readonly<Record<string, string>> = {
    COMMIT: 'RELEASE SAVEPOINT nested',
    ROLLBACK: 'ROLLBACK TO SAVEPOINT nested',
  }
  let free: Promise<void> = Promise.resolve()
  const query = (text: unknown, values?: unknown): unknown => {
    if (typeof text !== 'string') return client.query(text as string)
    // The level is that of the transaction around all of them.
    const said = (words[text] ?? text).replace(
      /^BEGIN(?: ISOLATION LEVEL READ COMMITTED)?;/,
      'SAVEPOINT nested;',
    )
    return client.query(said, values as unknown[])
  }
  const connect = async (): Promise<unknown> => {
    const before_ = free
    let release = (): void => {}
    free = new Promise((resolve) => {
      release = resolve
    })
    await before_
    return { query, on: () => {}, off: () => {}, release }
  }
  const asked = async (text: unknown, values?: unknown): Promise<unknown> => {
    await free
    return query(text, values)
  }
  return { connect, query: asked } as unknown as pg.Pool
}

function policyOf(
  { nowMs }: Stage,
  preset: PrunePreset,
  kinds: readonly PruneKind[] = PRUNE_KINDS,
): PrunePolicy {
  return {
    preset,
    kinds,
    cutoffMs: cutoffOf(7, nowMs),
    madeAtMs: nowMs,
    includeFollows: false,
    keepInteracted: false,
    linkOnly: false,
    domain: null,
  }
}

async function told(source: PruneSource, policy: PrunePolicy): Promise<SeenCandidate[]> {
  const all: SeenCandidate[] = []
  for await (const { candidates } of source.candidates(policy)) all.push(...candidates)
  return all
}

/** By table. */
function batches(candidates: readonly SeenCandidate[]): SeenCandidate[][] {
  return TABLES.map((table) => candidates.filter((one) => one.table === table)).filter(
    (some) => some.length > 0,
  )
}

function filesBack(candidates: readonly SeenCandidate[]): FileBack[] {
  return candidates.flatMap(({ table, id, files }) => files.map((file) => ({ table, id, file })))
}

function labelOf({ id, file }: FileBack): string {
  return `${file.record.kind} ${id}`
}

async function everyRow({ client }: { readonly client: pg.Client }): Promise<Map<Table, Rows>> {
  const tables = new Map<Table, Rows>()
  for (const table of TABLES) {
    const { rows } = await client.query<{ id: string; json: Json; text: string }>(
      `SELECT id, to_jsonb(r) AS json, r::text AS text FROM ${table} r`,
    )
    tables.set(table, new Map(rows.map(({ id, json, text }) => [id, { json, text }])))
  }
  return tables
}

/** The row as text, and where its newest version lies: a change that writes the same values shows too. */
async function bytesOf(client: pg.Client, table: Table, id: string): Promise<unknown> {
  const { rows } = await client.query(
    `SELECT r::text AS row, r.ctid::text AS place FROM ${table} r WHERE id = $1`,
    [id],
  )
  return rows
}

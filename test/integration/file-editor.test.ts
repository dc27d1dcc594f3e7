/** A row names a new file, or nothing, exactly if it is still what was seen: every kind, every version, every way to differ. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { buildInstance } from '../../lab/instance/build-instance.ts'
import { drawPictures } from '../../lab/instance/pictures.ts'
import type { LabVersion } from '../../lab/instance/schema/schema.ts'
import { startPgbouncer } from '../../lab/servers/pgbouncer.ts'
import { openFileEditor } from '../../src/adapters/mastodon/file-editor.ts'
import { openHealSource } from '../../src/adapters/mastodon/heal-source.ts'
import { probeSchema } from '../../src/adapters/mastodon/probe-schema.ts'
import { KnownError } from '../../src/core/errors.ts'
import type { Kind } from '../../src/core/model/media.ts'
import type { MediaRecord } from '../../src/core/model/record.ts'
import type { SchemaFacts } from '../../src/core/model/schema.ts'
import type { FileChange, FileEditor } from '../../src/core/ports/mastodon.ts'
import { needs } from '../needs.ts'
import { freshName, sharedPostgres } from '../shared-servers.ts'

const pictures = drawPictures(1, 'tiny')
const FENCE = { name: 'heal', token: '7' }
const NEW = { fileName: '0123456789abcdef.png', contentType: 'image/png', bytes: 4711 }
const BLURHASH = 'L6PZfSi_.AyE_3t7t7R**0o#DgR4'
const META = { original: { width: 800, height: 600 }, small: { width: 400, height: 300 } }
const STORED_META = {
  original: { width: 800, height: 600, size: '800x600', aspect: 800 / 600 },
  small: { width: 400, height: 300, size: '400x300', aspect: 400 / 300 },
}

type HealableKind = Exclude<Kind, 'site-upload' | 'backup'>

/** What the kinds' rows look like, said once more. */
const ROWS: Readonly<Record<HealableKind, { table: string; prefix: string; url: string | null }>> = {
  avatar: { table: 'accounts', prefix: 'avatar', url: 'avatar_remote_url' },
  header: { table: 'accounts', prefix: 'header', url: 'header_remote_url' },
  attachment: { table: 'media_attachments', prefix: 'file', url: 'remote_url' },
  thumbnail: { table: 'media_attachments', prefix: 'thumbnail', url: 'thumbnail_remote_url' },
  emoji: { table: 'custom_emojis', prefix: 'image', url: 'image_remote_url' },
  card: { table: 'preview_cards', prefix: 'image', url: null },
}
const KINDS = Object.keys(ROWS) as readonly HealableKind[]
const ACCOUNTS: readonly HealableKind[] = ['avatar', 'header']
const MEDIA: readonly HealableKind[] = ['attachment', 'thumbnail']

/** One thing that changed since the row was seen: SQL for the row `$1`, and the kinds it is about. */
interface Difference {
  readonly name: string
  readonly kinds: readonly HealableKind[]
  readonly sql: (kind: HealableKind) => string
}

function set(kind: HealableKind, assignment: string): string {
  return `UPDATE ${ROWS[kind].table} SET ${assignment} WHERE id = $1`
}

const WITH_URL = KINDS.filter((kind) => kind !== 'card')
const ofOwner = (assignment: string): string =>
  `UPDATE accounts SET ${assignment} WHERE id = (SELECT account_id FROM media_attachments WHERE id = $1)`

const DIFFERENCES: readonly Difference[] = [
  {
    name: 'another file',
    kinds: KINDS,
    sql: (kind) => set(kind, `${ROWS[kind].prefix}_file_name = 'other.png'`),
  },
  { name: 'no file', kinds: KINDS, sql: (kind) => set(kind, `${ROWS[kind].prefix}_file_name = NULL`) },
  {
    name: 'a file without a name',
    kinds: KINDS,
    sql: (kind) => set(kind, `${ROWS[kind].prefix}_file_name = ''`),
  },
  {
    name: 'another URL',
    kinds: WITH_URL,
    sql: (kind) => set(kind, `${ROWS[kind].url} = 'https://other.example/x'`),
  },
  { name: 'no URL', kinds: WITH_URL, sql: (kind) => set(kind, `${ROWS[kind].url} = ''`) },
  {
    name: 'assigned again',
    kinds: ['card'],
    sql: (kind) => set(kind, "image_updated_at = image_updated_at + interval '1 microsecond'"),
  },
  { name: 'suspended', kinds: ACCOUNTS, sql: (kind) => set(kind, 'suspended_at = now()') },
  {
    name: 'local',
    kinds: [...ACCOUNTS, 'emoji'],
    sql: (kind) =>
      set(kind, 'domain = NULL, ' + (kind === 'emoji' ? "shortcode = 'ours_now'" : "username = 'ours_now'")),
  },
  { name: 'local', kinds: MEDIA, sql: (kind) => set(kind, "remote_url = ''") },
  { name: 'owner suspended', kinds: MEDIA, sql: () => ofOwner('suspended_at = now()') },
  {
    name: 'status deleted, kept for a report',
    kinds: MEDIA,
    sql: () =>
      'UPDATE statuses SET deleted_at = now() WHERE id = (SELECT status_id FROM media_attachments WHERE id = $1)',
  },
  ...[0, 1, 3].map((state): Difference => ({
    name: `processing ${state}`,
    kinds: MEDIA,
    sql: (kind) => set(kind, `processing = ${state}`),
  })),
  {
    name: 'the lease taken over',
    kinds: KINDS,
    sql: () => 'UPDATE cornac.leases SET token = token + 1 WHERE $1::bigint IS NOT NULL',
  },
  {
    name: 'the lease gone',
    kinds: KINDS,
    sql: () => 'DELETE FROM cornac.leases WHERE $1::bigint IS NOT NULL',
  },
]

/** What may differ: nothing of it was decided upon. */
const INDIFFERENT: readonly Difference[] = [
  {
    name: 'saved by somebody',
    kinds: KINDS,
    sql: (kind) => set(kind, "updated_at = updated_at + interval '1 day'"),
  },
  { name: 'another size', kinds: KINDS, sql: (kind) => set(kind, `${ROWS[kind].prefix}_file_size = 1`) },
  { name: 'never processed', kinds: MEDIA, sql: (kind) => set(kind, 'processing = NULL') },
  { name: 'without an owner', kinds: MEDIA, sql: (kind) => set(kind, 'account_id = NULL') },
  { name: 'without a status', kinds: MEDIA, sql: (kind) => set(kind, 'status_id = NULL') },
  {
    name: 'another lease taken over',
    kinds: KINDS,
    sql: () => "UPDATE cornac.leases SET token = 99 WHERE name = 'apply' AND $1::bigint IS NOT NULL",
  },
]

type Json = Record<string, unknown>

for (const version of ['4.3', '4.4', '4.5', '4.6'] as const)
  describe(`rows of files on ${version}`, needs('postgres'), () => {
    let stage: Stage
    before(async () => {
      stage = await built(version)
    })
    after(() => stage.close())

    for (const kind of KINDS) {
      test(`${kind}: the new file is named once, and nothing else of the row moves`, () =>
        stage.undone(async (editor, client) => {
          const seen = stage.seen(kind)
          const { prefix } = ROWS[kind]
          if (versioned(kind, version))
            await client.query(set(kind, `${prefix}_storage_schema_version = NULL`), [seen.id])
          const before_ = await rowOf(client, kind, seen.id)
          assert.equal(await editor.nameFile(changeOf(seen), FENCE), true)
          const row = await rowOf(client, kind, seen.id)
          assert.deepEqual(
            changedColumns(before_, row),
            [
              ...['file_name', 'file_size', 'updated_at', 'content_type'].map(
                (column) => `${prefix}_${column}`,
              ),
              'updated_at',
              ...(versioned(kind, version) ? [`${prefix}_storage_schema_version`] : []),
            ]
              .filter((column) => before_[column] !== row[column])
              .sort(),
          )
          assert.equal(row[`${prefix}_file_name`], NEW.fileName)
          assert.equal(row[`${prefix}_content_type`], NEW.contentType)
          assert.equal(row[`${prefix}_file_size`], NEW.bytes)
          if (versioned(kind, version)) assert.equal(row[`${prefix}_storage_schema_version`], 1)
          for (const column of [`${prefix}_updated_at`, 'updated_at'])
            assert.ok(
              Math.abs(Date.parse(`${String(row[column])}Z`) - Date.now()) < 60_000,
              String(row[column]),
            )
          assert.equal(await editor.nameFile(changeOf(seen), FENCE), false)
        }))

      test(`${kind}: cleared, its four columns are empty and nothing else of the row moves`, () =>
        stage.undone(async (editor, client) => {
          const seen = stage.seen(kind)
          if (kind === 'emoji') {
            await assert.rejects(editor.clearFile(seen, FENCE), /emoji/)
            return
          }
          const { prefix } = ROWS[kind]
          const columns = ['content_type', 'file_name', 'file_size', 'updated_at'].map(
            (name) => `${prefix}_${name}`,
          )
          const before_ = await rowOf(client, kind, seen.id)
          assert.equal(await editor.clearFile(seen, FENCE), true)
          const row = await rowOf(client, kind, seen.id)
          assert.deepEqual(row, { ...before_, ...Object.fromEntries(columns.map((name) => [name, null])) })
          assert.equal(await editor.clearFile(seen, FENCE), false)
        }))

      test(`${kind}: a new URL is recorded with the file, an empty one is not`, () =>
        stage.undone(async (editor, client) => {
          const { url } = ROWS[kind]
          const seen = stage.seen(kind)
          const newUrl = 'https://new.example/p.png'
          const before_ = await rowOf(client, kind, seen.id)
          assert.equal(await editor.nameFile({ ...changeOf(seen), newUrl: '' }, null), true)
          const [again] = await stage.source(client).targetsById(kind, [seen.id])
          assert.ok(again !== undefined)
          if (url !== null) assert.equal((await rowOf(client, kind, seen.id))[url], before_[url])
          assert.equal(await editor.nameFile({ ...changeOf(again.record), newUrl }, null), true)
          if (url !== null) assert.equal((await rowOf(client, kind, seen.id))[url], newUrl)
        }))

      for (const { name, sql } of DIFFERENCES.filter(({ kinds }) => kinds.includes(kind)))
        test(`${kind}: ${name}, and nothing is changed`, () =>
          stage.undone(async (editor, client) => {
            const seen = stage.seen(kind)
            assert.ok(((await client.query(sql(kind), [seen.id])).rowCount ?? 0) > 0)
            const before_ = await bytesOf(client, kind, seen.id)
            assert.equal(await editor.nameFile(changeOf(seen), FENCE), false)
            if (kind !== 'emoji') assert.equal(await editor.clearFile(seen, FENCE), false)
            assert.deepEqual(await bytesOf(client, kind, seen.id), before_)
          }))

      for (const { name, sql } of INDIFFERENT.filter(({ kinds }) => kinds.includes(kind)))
        test(`${kind}: ${name}, and the file is named all the same`, () =>
          stage.undone(async (editor, client) => {
            const seen = stage.seen(kind)
            assert.ok(((await client.query(sql(kind), [seen.id])).rowCount ?? 0) > 0)
            assert.equal(await editor.nameFile(changeOf(seen), FENCE), true)
          }))

      test(`${kind}: a row that names nothing, as NULL or as an empty text, gets a file`, () =>
        stage.undone(async (editor, client) => {
          const { prefix } = ROWS[kind]
          const seen = stage.seen(kind)
          for (const nothing of ['NULL', "''"]) {
            await client.query(set(kind, `${prefix}_file_name = ${nothing}, ${prefix}_updated_at = NULL`), [
              seen.id,
            ])
            const bare = { ...seen, fileName: null, assignedAtMs: null }
            assert.equal(await editor.nameFile(changeOf(bare), FENCE), true)
          }
        }))
    }

    test('a row that is gone cannot be changed', () =>
      stage.undone(async (editor) => {
        for (const kind of KINDS)
          assert.equal(await editor.nameFile(changeOf({ ...stage.seen(kind), id: '404404' }), FENCE), false)
      }))

    test('meta keeps what it had besides the sizes; without sizes it keeps every byte', () =>
      stage.undone(async (editor, client) => {
        const seen = stage.seen('attachment')
        const others = { focus: { x: 0.25, y: -0.5 }, colors: { background: '#000000' }, extra: [1, null] }
        const cases: readonly (readonly [string | null, Json])[] = [
          [
            JSON.stringify({ ...others, original: { width: 1, frame_rate: '30/1' } }),
            { ...others, ...STORED_META },
          ],
          ['{"small":null}', STORED_META],
          [null, STORED_META],
          ['null', STORED_META],
          ['[1]', STORED_META],
        ]
        for (const [before_, after_] of cases) {
          await client.query('SAVEPOINT meta')
          await client.query(set('attachment', 'file_meta = $2::json'), [seen.id, before_])
          assert.equal(await editor.nameFile({ ...changeOf(seen), meta: META }, FENCE), true)
          assert.deepEqual((await rowOf(client, 'attachment', seen.id))['file_meta'], after_)
          await client.query('ROLLBACK TO meta')
        }
        const odd = '{ "focus" : {"y":1,"x":2},  "focus":{} }'
        await client.query(set('attachment', 'file_meta = $2::json'), [seen.id, odd])
        assert.equal(await editor.nameFile(changeOf(seen), FENCE), true)
        const { rows } = await client.query(
          'SELECT file_meta::text AS meta FROM media_attachments WHERE id = $1',
          [seen.id],
        )
        assert.deepEqual(rows, [{ meta: odd }])
      }))

    for (const kind of ['attachment', 'card'] as const)
      test(`${kind}: a blurhash is written only where there is none`, () =>
        stage.undone(async (editor, client) => {
          const seen = stage.seen(kind)
          for (const [had, has] of [
            [null, BLURHASH],
            ['', BLURHASH],
            ['UBL_:rOp', 'UBL_:rOp'],
          ] as const) {
            await client.query('SAVEPOINT blurhash')
            await client.query(set(kind, 'blurhash = $2'), [seen.id, had])
            assert.equal(await editor.nameFile({ ...changeOf(seen), blurhash: BLURHASH }, FENCE), true)
            assert.equal((await rowOf(client, kind, seen.id))['blurhash'], has)
            await client.query('ROLLBACK TO blurhash')
          }
        }))

    test('an attachment of unknown type becomes an image with its image, others stay what they are', () =>
      stage.undone(async (editor, client) => {
        const seen = stage.seen('attachment')
        for (const [had, contentType, has] of [
          [3, 'image/png', 0],
          [3, 'video/mp4', 3],
          [1, 'image/png', 1],
        ] as const) {
          await client.query('SAVEPOINT type')
          await client.query(set('attachment', `type = ${had}`), [seen.id])
          assert.equal(await editor.nameFile({ ...changeOf(seen), contentType }, FENCE), true)
          assert.equal((await rowOf(client, 'attachment', seen.id))['type'], has)
          await client.query('ROLLBACK TO type')
        }
      }))
  })

describe('rows of files under way', needs('postgres'), () => {
  let stage: Stage
  before(async () => {
    stage = await built('4.5')
  })
  after(() => stage.close())

  test('of several who saw the same row, one names its file', async () => {
    const editors = [stage.editor(stage.pool), stage.editor(stage.otherPool)]
    for (const kind of KINDS)
      for (let round = 0; round < 10; round++) {
        const [now] = await stage.source(stage.pool).targetsById(kind, [stage.seen(kind).id])
        assert.ok(now !== undefined)
        const names = Array.from({ length: 6 }, (_, at) => `${round}${at}${'0'.repeat(14)}.png`)
        const named = await Promise.all(
          names.map((fileName, at) =>
            (editors[at % 2] as FileEditor).nameFile({ ...changeOf(now.record), fileName }, FENCE),
          ),
        )
        assert.equal(named.filter(Boolean).length, 1)
        const row = await rowOf(stage.client, kind, now.record.id)
        assert.equal(row[`${ROWS[kind].prefix}_file_name`], names[named.indexOf(true)])
      }
  })

  test('who changes the row first decides: we wait for Mastodon, then look again', async () => {
    const editor = stage.editor(stage.pool)
    for (const [end, expected] of [
      ['ROLLBACK', true],
      ['COMMIT', false],
    ] as const) {
      const [now] = await stage.source(stage.pool).targetsById('header', [stage.seen('header').id])
      assert.ok(now !== undefined)
      await stage.client.query('BEGIN')
      await stage.client.query("UPDATE accounts SET header_file_name = 'theirs.png' WHERE id = $1", [
        now.record.id,
      ])
      const naming = editor.nameFile(changeOf(now.record), FENCE)
      await waitingStatements(stage, 1)
      await stage.client.query(end)
      assert.equal(await naming, expected)
    }
  })

  test('a takeover waits for what is under way, and nothing follows it', async () => {
    const editor = stage.editor(stage.pool)
    const [now] = await stage.source(stage.pool).targetsById('avatar', [stage.seen('avatar').id])
    assert.ok(now !== undefined)
    await stage.client.query('BEGIN')
    await stage.client.query('UPDATE accounts SET updated_at = updated_at WHERE id = $1', [now.record.id])
    const naming = editor.nameFile(changeOf(now.record), FENCE)
    await waitingStatements(stage, 1)
    const takeover = stage.otherPool.query("UPDATE cornac.leases SET token = token + 1 WHERE name = 'heal'")
    await waitingStatements(stage, 2)
    await stage.client.query('COMMIT')
    assert.equal(await naming, true)
    await takeover
    const [later] = await stage.source(stage.pool).targetsById('avatar', [now.record.id])
    assert.ok(later !== undefined)
    assert.equal(await editor.nameFile(changeOf(later.record), FENCE), false)
    assert.equal(await editor.nameFile(changeOf(later.record), { ...FENCE, token: '8' }), true)
    await stage.otherPool.query("UPDATE cornac.leases SET token = 7 WHERE name = 'heal'")
  })

  test('a Mastodon that may only be read is not changed', async () => {
    const editor = openFileEditor(stage.pool, { ...stage.schema, readOnlyBecause: 'it is too new' })
    const seen = stage.seen('avatar')
    const refused = (error: unknown): boolean =>
      error instanceof KnownError && error.code === 'read-only-instance'
    await assert.rejects(editor.nameFile(changeOf(seen), null), refused)
    await assert.rejects(editor.clearFile(seen, null), refused)
    await assert.rejects(editor.refuseIfReadOnly(['avatar']), refused)
  })

  test('a user who may change some columns is told which others heal needs', async () => {
    const role = `partly_${stage.database.replaceAll('-', '_')}`
    await stage.postgres.createRole(role, 'partly', { readOnly: stage.database })
    await stage.client.query(`GRANT UPDATE ON custom_emojis TO ${role}`)
    await stage.client.query(
      `GRANT UPDATE (image_file_name, image_content_type, image_file_size, image_updated_at, updated_at) ON preview_cards TO ${role}`,
    )
    const pool = new pg.Pool({ connectionString: stage.postgres.urlAs(role, 'partly', stage.database) })
    try {
      const editor = openFileEditor(pool, stage.schema)
      await editor.refuseIfReadOnly(['emoji'])
      await assert.rejects(editor.refuseIfReadOnly(['emoji', 'card', 'avatar']), (error) => {
        assert.ok(error instanceof KnownError)
        assert.equal(error.code, 'database-permission')
        assert.match(
          error.what,
          /may not change preview_cards\.image_storage_schema_version, preview_cards\.blurhash, the table accounts$/,
        )
        return true
      })
    } finally {
      await pool.end()
    }
  })

  test('local files and backups are never changed', async () => {
    const editor = stage.editor(stage.pool)
    for (const kind of ['site-upload', 'backup'] as const) {
      const seen = { ...stage.seen('avatar'), kind }
      await assert.rejects(editor.nameFile(changeOf(seen), null), /was to be changed/)
      await assert.rejects(editor.clearFile(seen, null), /was to be changed/)
    }
  })

  test('through pgbouncer in transaction mode, many at a time', needs('pgbouncer'), async () => {
    await using bouncer = await startPgbouncer(stage.postgres)
    const pool = new pg.Pool({ connectionString: bouncer.url(stage.database), max: 16 })
    try {
      const editor = openFileEditor(pool, stage.schema)
      const source = openHealSource(pool, stage.schema)
      const targets = []
      for await (const page of source.targets({ by: 'all' }, ['avatar', 'attachment', 'emoji', 'card']))
        targets.push(...page.filter(({ record }) => !record.hidden && record.fileName !== null))
      assert.ok(targets.length > 100)
      const name = (record: MediaRecord): Promise<boolean> =>
        editor.nameFile({ ...changeOf(record), fileName: 'fedcba9876543210.png' }, FENCE)
      const named = await Promise.all(targets.map(({ record }) => name(record)))
      assert.deepEqual(new Set(named), new Set([true]))
      const again = await Promise.all(targets.map(({ record }) => name(record)))
      assert.deepEqual(new Set(again), new Set([false]))
    } finally {
      await pool.end()
    }
  })
})

interface Stage {
  readonly postgres: Awaited<ReturnType<typeof sharedPostgres>>
  readonly database: string
  readonly schema: SchemaFacts
  readonly pool: pg.Pool
  readonly otherPool: pg.Pool
  readonly client: pg.Client
  editor(pool: pg.Pool): FileEditor
  source(pool: pg.Pool | pg.Client): ReturnType<typeof openHealSource>
  /** A record whose row may be changed, as it was when the stage was set. */
  seen(kind: HealableKind): MediaRecord
  /** Plays in a transaction that is taken back. */
  undone(play: (editor: FileEditor, client: pg.Client) => Promise<void>): Promise<void>
  close(): Promise<void>
}

async function built(version: LabVersion): Promise<Stage> {
  const postgres = await sharedPostgres()
  const database = freshName('editor')
  await postgres.createDatabase(database)
  const connectionString = postgres.url(database)
  await buildInstance({
    version,
    databaseUrl: connectionString,
    accounts: 120,
    attachments: 400,
    seed: 17,
    pictures: await pictures,
  })
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query(
    `CREATE SCHEMA cornac; CREATE TABLE cornac.leases (name text PRIMARY KEY, token bigint NOT NULL);
     INSERT INTO cornac.leases VALUES ('heal', 7), ('apply', 7)`,
  )
  const pool = new pg.Pool({ connectionString, max: 4 })
  const otherPool = new pg.Pool({ connectionString, max: 4 })
  const schema = await probeSchema(pool)
  const source = (from: pg.Pool | pg.Client): ReturnType<typeof openHealSource> =>
    openHealSource(from as pg.Pool, schema)
  const records = await changeable(client, source(client))
  return {
    postgres,
    database,
    schema,
    pool,
    otherPool,
    client,
    source,
    editor: (from) => openFileEditor(from, schema),
    seen: (kind) => records.get(kind) as MediaRecord,
    async undone(play) {
      await client.query('BEGIN')
      try {
        await play(openFileEditor(client as unknown as pg.Pool, schema), client)
      } finally {
        await client.query('ROLLBACK')
      }
    },
    async close() {
      await Promise.all([client.end(), pool.end(), otherPool.end()])
      await postgres.dropDatabase(database)
    },
  }
}

/** One record of each kind that names a file, knows its URL, and is nobody's who is suspended. */
async function changeable(
  client: pg.Client,
  source: ReturnType<typeof openHealSource>,
): Promise<Map<Kind, MediaRecord>> {
  const { rows } = await client.query<{ id: string }>(
    'SELECT id FROM media_attachments WHERE processing = 2 AND status_id IS NOT NULL AND account_id IS NOT NULL',
  )
  const processed = new Set(rows.map(({ id }) => id))
  const records = new Map<Kind, MediaRecord>()
  for await (const page of source.targets({ by: 'all' }, ['avatar', 'header', 'attachment', 'emoji', 'card']))
    for (const { record } of page) {
      if (record.hidden || record.fileName === null) continue
      if (record.kind !== 'card' && record.remoteUrl === null) continue
      if (MEDIA.includes(record.kind as HealableKind) && !processed.has(record.id)) continue
      if (!records.has(record.kind)) records.set(record.kind, record)
    }
  assert.deepEqual([...records.keys()].sort(), [...KINDS].sort())
  return records
}

function changeOf(seen: MediaRecord): FileChange {
  return { seen, ...NEW, newUrl: null, blurhash: null, meta: null }
}

/** The column is there for every kind but thumbnails, which have it since 4.6. */
function versioned(kind: HealableKind, version: LabVersion): boolean {
  return kind !== 'thumbnail' || version === '4.6'
}

async function rowOf(client: pg.Client, kind: HealableKind, id: string): Promise<Json> {
  const { rows } = await client.query<{ row: Json }>(
    `SELECT to_jsonb(r) AS row FROM ${ROWS[kind].table} r WHERE id = $1`,
    [id],
  )
  return rows[0]?.row ?? {}
}

/** The row as text, and where its newest version lies: a change that writes the same values shows too. */
async function bytesOf(client: pg.Client, kind: HealableKind, id: string): Promise<unknown> {
  const { rows } = await client.query(
    `SELECT r::text AS row, r.ctid::text AS place FROM ${ROWS[kind].table} r WHERE id = $1`,
    [id],
  )
  assert.equal(rows.length, 1)
  return rows[0]
}

function changedColumns(before_: Json, after_: Json): string[] {
  return Object.keys(after_)
    .filter((column) => JSON.stringify(before_[column]) !== JSON.stringify(after_[column]))
    .sort()
}

/** Waits until so many statements of this database wait for a lock; asked outside any transaction, which would see no news. */
async function waitingStatements({ otherPool, database }: Stage, count: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const { rows } = await otherPool.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'`,
      [database],
    )
    if ((rows[0]?.n ?? 0) >= count) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.fail(`no ${count} statements waited`)
}

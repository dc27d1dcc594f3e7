/** Whom a scope of heal holds, in which order, on every version: compared with the same rules in plain SQL. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { buildInstance, type LabInstance } from '../../lab/instance/build-instance.ts'
import { drawPictures } from '../../lab/instance/pictures.ts'
import type { LabVersion } from '../../lab/instance/schema/schema.ts'
import { HEAL_SIZES, type HealSizes } from '../../src/adapters/mastodon/heal-reading.ts'
import { openFileEditor } from '../../src/adapters/mastodon/file-editor.ts'
import { openHealSource } from '../../src/adapters/mastodon/heal-source.ts'
import { readInstanceActorKey } from '../../src/adapters/mastodon/instance-actor-key.ts'
import { probeSchema } from '../../src/adapters/mastodon/probe-schema.ts'
import { KnownError } from '../../src/core/errors.ts'
import type { HealKind, HealScope, HealTarget } from '../../src/core/model/heal-target.ts'
import type { SchemaFacts } from '../../src/core/model/schema.ts'
import type { HealSource } from '../../src/core/ports/mastodon.ts'
import { needs } from '../needs.ts'
import { freshName, sharedPostgres } from '../shared-servers.ts'
import { ALIKE, shuffle, signalsOf, targetsInSql } from './targets-in-sql.ts'

/** Another world for every version. */
const SEEDS: Readonly<Record<LabVersion, number>> = { '4.3': 431, '4.4': 442, '4.5': 453, '4.6': 464 }
const pictures = drawPictures(1, 'tiny')
const ALL: readonly HealKind[] = ['avatar', 'header', 'attachment', 'emoji', 'card']
/** Seams everywhere: no page, no chunk and no list fits what is read. */
const SMALL: HealSizes = { targets: 7, ids: 23, accounts: 11, localAccounts: 2, attachmentsHeld: 30 }

interface Stage {
  readonly lab: LabInstance
  readonly client: pg.Client
  readonly pool: pg.Pool
  readonly schema: SchemaFacts
  readonly source: HealSource
  poolAs(name: string): pg.Pool
  close(): Promise<void>
}

type ScopeOf = (stage: Stage) => HealScope | Promise<HealScope>

const SCOPES: Readonly<Record<string, ScopeOf>> = {
  all: () => ({ by: 'all' }),
  'follows-of': ({ lab }) => ({ by: 'follows-of', accountId: lab.firstUser.id }),
  followed: () => ({ by: 'followed' }),
  followers: () => ({ by: 'followers' }),
  interacted: () => ({ by: 'interacted' }),
  domain: () => ({ by: 'domain', domain: ALIKE[0], subdomains: false }),
  subdomains: () => ({ by: 'domain', domain: ALIKE[0], subdomains: true }),
  accounts: async ({ client }) => {
    // Local ones, unknown ones and repetitions are no reason to stumble.
    const { rows } = await client.query<{ id: string }>(
      'SELECT id FROM accounts ORDER BY md5(id::text) LIMIT 60',
    )
    return { by: 'accounts', ids: [...rows.map(({ id }) => id), '1', '404', rows[0]?.id ?? '1'] }
  },
}

for (const version of ['4.3', '4.4', '4.5', '4.6'] as const)
  describe(`heal's targets on ${version}`, needs('postgres'), () => {
    let stage: Stage
    before(async () => {
      stage = await built(version)
    })
    after(() => stage.close())

    for (const [name, scopeOf] of Object.entries(SCOPES))
      test(`${name}: exactly the rows of the rule, in its order, whatever the pages`, async () => {
        const scope = await scopeOf(stage)
        const has = {
          quotes: version !== '4.3',
          thumbnailVersion: version === '4.6',
        }
        const expected = await targetsInSql(stage.client, scope, ALL, has)
        assert.ok(expected.length > 5, `only ${expected.length}`)
        for (const sizes of [SMALL, HEAL_SIZES]) {
          const pages = await pagesOf(openHealSource(stage.pool, stage.schema, sizes), scope, ALL)
          assert.ok(pages.every((page) => page.length > 0 && page.length <= sizes.targets))
          assert.deepEqual(lines(pages.flat()), lines(expected))
          assert.deepEqual(pages.flat(), expected)
        }
        // One kind alone is the same without the others.
        for (const kind of ['header', 'attachment', 'emoji'] as const) {
          const alone = (await pagesOf(openHealSource(stage.pool, stage.schema, SMALL), scope, [kind])).flat()
          const kinds = kind === 'attachment' ? ['attachment', 'thumbnail'] : [kind]
          assert.deepEqual(lines(alone), lines(expected.filter(({ record }) => kinds.includes(record.kind))))
        }
      })

    test('every sign of interaction has somebody who is known by it alone', async () => {
      const signals = Object.entries(signalsOf(version !== '4.3'))
      for (const [name, ids] of signals) {
        const others = signals.filter(([other]) => other !== name).map(([, text]) => text)
        const { rows } = await stage.client.query(
          `SELECT a.id FROM accounts a WHERE a.domain IS NOT NULL AND a.id IN (${ids})
             AND a.id NOT IN (${others.join(' UNION ')})`,
        )
        assert.ok(rows.length > 0, name)
      }
    })

    test('numbers of rows are exact for accounts named, followed or of a domain, and near for all', async () => {
      for (const name of ['follows-of', 'followed', 'followers', 'accounts', 'domain', 'subdomains']) {
        const scope = await (SCOPES[name] as ScopeOf)(stage)
        assert.equal(await stage.source.countTargets(scope, ALL), await countInSql(stage, scope), name)
      }
      const rows = Object.entries(stage.lab.counts)
      const all = rows
        .filter(([table]) =>
          ['accounts', 'media_attachments', 'custom_emojis', 'preview_cards'].includes(table),
        )
        .reduce((sum, [, count]) => sum + count, 0)
      const counted = await stage.source.countTargets({ by: 'all' }, ALL)
      assert.ok(Math.abs(counted - all) < all * 0.05, `${counted} for ${all}`)
      assert.ok((await stage.source.countTargets({ by: 'interacted' }, ALL)) > 0)
    })

    test('records named by id are told as they are now; what is gone or local is not told', async () => {
      const all = (await pagesOf(stage.source, { by: 'all' }, ALL)).flat()
      for (const kind of ['avatar', 'header', 'attachment', 'thumbnail', 'emoji', 'card'] as const) {
        const some = all.filter(({ record }) => record.kind === kind).slice(0, 20)
        const ids = some.map(({ record }) => record.id)
        const told = await stage.source.targetsById(kind, [
          ...ids,
          '1',
          '404',
          ...(await localIds(stage, kind)),
        ])
        const known = told.filter(({ record }) => ids.includes(record.id))
        assert.deepEqual(new Set(lines(known)), new Set(lines(some)))
        assert.ok(told.every(({ record }) => record.remote))
      }
      assert.deepEqual(await stage.source.targetsById('site-upload', ['1']), [])
      assert.deepEqual(await stage.source.targetsById('avatar', ['1']), [])
    })

    test('accounts are found by name in any case, local and remote apart', async () => {
      const { id, username, domain } = [...stage.lab.remoteAccounts()][40] as {
        id: string
        username: string
        domain: string
      }
      const { rows } = await stage.client.query<{ domain: string }>(
        'SELECT domain FROM accounts WHERE id = $1',
        [id],
      )
      const now = rows[0]?.domain ?? domain
      assert.equal(await stage.source.remoteAccount(`${username}@${now}`), id)
      assert.equal(await stage.source.remoteAccount(`@${username.toUpperCase()}@${now.toUpperCase()}`), id)
      assert.equal(await stage.source.localAccount('@ALICE'), '1')
      for (const handle of ['alice', 'alice@', '@alice@nowhere.example', `${username}@@${now}`])
        assert.equal(await stage.source.remoteAccount(handle), null, handle)
      assert.equal(await stage.source.localAccount(username), null)
    })

    test('a user who may only read sees the same, and is refused before any work', async () => {
      const pool = stage.poolAs('reader')
      try {
        const source = openHealSource(pool, stage.schema)
        for (const scope of [{ by: 'interacted' }, { by: 'all' }] as const)
          assert.deepEqual(
            lines((await pagesOf(source, scope, ALL)).flat()),
            lines((await pagesOf(stage.source, scope, ALL)).flat()),
          )
        await assert.rejects(
          openFileEditor(pool, stage.schema).refuseIfReadOnly(['card', 'attachment']),
          (error) => {
            assert.ok(error instanceof KnownError)
            assert.equal(error.code, 'database-permission')
            assert.match(error.what, /the table preview_cards, the table media_attachments/)
            return true
          },
        )
        await openFileEditor(stage.pool, stage.schema).refuseIfReadOnly(ALL)
      } finally {
        await pool.end()
      }
    })

    test('whoever leaves after a page, or gives up, leaves nothing under way', async () => {
      const source = openHealSource(stage.pool, stage.schema, SMALL)
      for await (const page of source.targets({ by: 'all' }, ALL)) {
        assert.equal(page.length > 0, true)
        break
      }
      assert.equal(stage.pool.idleCount, stage.pool.totalCount)
      const stop = new AbortController()
      const reason = new Error('enough')
      await assert.rejects(async () => {
        for await (const page of source.targets({ by: 'all' }, ALL, { signal: stop.signal }))
          if (page.length > 0) stop.abort(reason)
      }, reason)
      assert.equal(stage.pool.idleCount, stage.pool.totalCount)
    })

    test('the instance actor’s key is told only if it is there in the clear', async () => {
      assert.equal(await readInstanceActorKey(stage.pool), stage.lab.world.keys.privateKey)
      await stage.client.query('BEGIN')
      for (const value of [null, '', '{"p":"ZW5jcnlwdGVk","h":{"iv":"x"}}']) {
        await stage.client.query('UPDATE accounts SET private_key = $1 WHERE id = -99', [value])
        assert.equal(await readInstanceActorKey(stage.client as unknown as pg.Pool), null)
      }
      await stage.client.query('ROLLBACK')
    })
  })

async function built(version: LabVersion): Promise<Stage> {
  const postgres = await sharedPostgres()
  const database = freshName('targets')
  await postgres.createDatabase(database)
  const lab = await buildInstance({
    version,
    databaseUrl: postgres.url(database),
    accounts: 900,
    attachments: 1_200,
    seed: SEEDS[version],
    pictures: await pictures,
  })
  const client = new pg.Client({ connectionString: postgres.url(database) })
  await client.connect()
  await shuffle(client, SEEDS[version] / 1_000, version !== '4.3')
  const reader = `reader_${database.replaceAll('-', '_')}`
  await postgres.createRole(reader, 'reads', { readOnly: database })
  const pool = new pg.Pool({ connectionString: postgres.url(database), max: 8 })
  const schema = await probeSchema(pool)
  return {
    lab,
    client,
    pool,
    schema,
    source: openHealSource(pool, schema),
    poolAs: () => new pg.Pool({ connectionString: postgres.urlAs(reader, 'reads', database), max: 4 }),
    async close() {
      await client.end()
      await pool.end()
      await postgres.dropDatabase(database)
    },
  }
}

async function pagesOf(
  source: HealSource,
  scope: HealScope,
  kinds: readonly HealKind[],
): Promise<(readonly HealTarget[])[]> {
  const pages: (readonly HealTarget[])[] = []
  for await (const page of source.targets(scope, kinds)) pages.push(page)
  return pages
}

/** Short enough to see where two lists part. */
function lines(targets: readonly HealTarget[]): string[] {
  return targets.map(({ record, label }) => `${record.kind} ${record.id} ${label}`)
}

async function localIds({ client }: Stage, kind: string): Promise<string[]> {
  const table = {
    emoji: 'custom_emojis WHERE domain IS NULL',
    attachment: "media_attachments WHERE remote_url = ''",
  }[kind]
  if (table === undefined) return []
  const { rows } = await client.query<{ id: string }>(`SELECT id FROM ${table}`)
  assert.ok(rows.length > 0)
  return rows.map(({ id }) => id)
}

/** Rows of the tables, whether they name a file or not. */
async function countInSql(stage: Stage, scope: HealScope): Promise<number> {
  const { client } = stage
  const has = { quotes: stage.schema.has.quotes, thumbnailVersion: stage.schema.has.thumbnailStorageVersion }
  const seen = await targetsInSql(client, scope, ['attachment', 'emoji'], has)
  const rows = seen.filter(({ record }) => record.kind !== 'thumbnail').length
  const text =
    scope.by === 'accounts'
      ? `SELECT count(*)::int AS n FROM accounts WHERE domain IS NOT NULL AND id IN (${scope.ids.join(', ')})`
      : scope.by === 'domain'
        ? `SELECT count(*)::int AS n FROM accounts WHERE domain = '${scope.domain}'
            ${scope.subdomains ? `OR right(domain, ${scope.domain.length + 1}) = '.${scope.domain}'` : ''}`
        : scope.by === 'followers'
          ? `SELECT count(DISTINCT a.id)::int AS n FROM follows f, accounts a, accounts l
              WHERE a.id = f.account_id AND l.id = f.target_account_id AND a.domain IS NOT NULL AND l.domain IS NULL`
          : `SELECT count(DISTINCT a.id)::int AS n FROM follows f, accounts a, accounts l
              WHERE a.id = f.target_account_id AND l.id = f.account_id AND a.domain IS NOT NULL AND l.domain IS NULL
              ${scope.by === 'follows-of' ? `AND l.id = ${scope.accountId}` : ''}`
  const { rows: counted } = await client.query<{ n: number }>(text)
  return rows + (counted[0]?.n ?? 0)
}

import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { parse } from 'yaml'
import { compareKeys } from '../../src/core/model/key-order.ts'
import type { Kind } from '../../src/core/model/media.ts'
import { claimedKeys } from '../../src/core/model/storage-key.ts'
import { needs } from '../../test/needs.ts'
import { freshName, sharedPostgres } from '../../test/shared-servers.ts'
import { removeServerDirectory, serverDirectory } from '../servers/server-directory.ts'
import { ageInstance } from './age.ts'
import { buildInstance, type InstanceOptions, type LabInstance } from './build-instance.ts'
import { claimsOf, rowFilesOf } from './claims.ts'
import { withClient } from './database.ts'
import { findingLine, UNKNOWN_KINDS } from './expected-findings.ts'
import { diskMedia, type DiskMedia } from './media/disk-media.ts'
import { naiveScan } from './naive-scan.ts'
import { drawPictures } from './pictures.ts'
import { keysInDatabase, REMOTE_KINDS } from './rows-in-database.ts'
import { LAB_VERSIONS, type LabVersion } from './schema/schema.ts'
import { worldOf } from './world.ts'

const SEED = 20_260
const folder = await serverDirectory('lab-media', { inMemoryBytes: 2 ** 28 })
after(() => removeServerDirectory(folder))
const pictures = await drawPictures(SEED, 'real')
const database = needs('postgres')

async function built(version: LabVersion, options: Partial<InstanceOptions> = {}): Promise<LabInstance> {
  const postgres = await sharedPostgres()
  const name = freshName('instance')
  await postgres.createDatabase(name)
  const databaseUrl = postgres.url(name)
  return buildInstance({ version, databaseUrl, accounts: 300, seed: SEED, pictures, ...options })
}

async function rowsOf<Row>(instance: LabInstance, sql: string): Promise<readonly Row[]> {
  return withClient(instance.databaseUrl, async (client) => (await client.query(sql)).rows as Row[])
}

const lines = (findings: Iterable<Parameters<typeof findingLine>[0]>) => [...findings].map(findingLine).sort()
const shutOn = (media: DiskMedia) => (key: string) => (statSync(media.pathOf(key)).mode & 0o044) === 0

for (const version of LAB_VERSIONS) {
  test(
    `a ${version} on disk holds exactly what its rows claim, and nothing else is found (seed ${SEED})`,
    database,
    async () => {
      const media = diskMedia(join(folder, version))
      const instance = await built(version, { media })
      const claims = [...instance.claims()]
      const stored = new Map<string, number>()
      for await (const { key, bytes } of media.list('')) stored.set(key, bytes)
      assert.deepEqual(
        [...stored].sort(([a], [b]) => compareKeys(a, b)),
        claims.map(({ key, bytes }) => [key, bytes] as const).sort(([a], [b]) => compareKeys(a, b)),
      )
      const fromRows: string[] = []
      for await (const { key } of keysInDatabase(instance.databaseUrl, version)) fromRows.push(key)
      const touchable = claims.filter(({ kind }) => (REMOTE_KINDS as readonly string[]).includes(kind))
      assert.deepEqual(fromRows.sort(), touchable.map(({ key }) => key).sort())
      assert.deepEqual(
        lines(await naiveScan({ ...instance, media, isShut: shutOn(media) })),
        lines(instance.expectedFindings()),
      )
    },
  )

  test(`every key of a ${version} is the one core's own reading of Mastodon gives`, async () => {
    const world = worldOf({ version, accounts: 400, seed: SEED }, pictures)
    const ours = new Set([...claimsOf(world)].map(({ key }) => key))
    const theirs = new Set<string>()
    for (const row of rowFilesOf(world)) {
      if (UNKNOWN_KINDS.includes(row.kind)) continue
      const record = {
        ...row,
        kind: row.kind as Kind,
        fileName: row.file.fileName === '' ? null : row.file.fileName,
        contentType: row.file.contentType,
        bytes: row.file.bytes,
        assignedAtMs: row.file.assignedAtMs,
        storageVersion: row.file.version ?? 0,
        remoteUrl: row.file.remoteUrl,
        hidden: row.closed,
      }
      for (const { key } of claimedKeys(record)) theirs.add(key)
    }
    const beyond = (key: string) =>
      /^(site_uploads\/.*\/(@[12]x|16|32|48)\/|preview_card_providers|imports)/.test(key)
    assert.deepEqual(
      [...theirs].filter((key) => !ours.has(key)),
      [],
    )
    assert.deepEqual(
      [...ours].filter((key) => !theirs.has(key) && !beyond(key)),
      [],
    )
  })
}

test('the same seed gives the same keys, another seed others', () => {
  const keys = (seed: number) =>
    [...claimsOf(worldOf({ version: '4.5', accounts: 100, seed }, pictures))].map(({ key }) => key)
  assert.deepEqual(keys(1), keys(1))
  assert.notDeepEqual(keys(1), keys(2))
})

test('versions share their media, but for what a version cannot know', () => {
  const keys = (version: LabVersion) =>
    [...claimsOf(worldOf({ version, accounts: 400, seed: SEED }, pictures))].map(({ key }) => key)
  const ordinary = (key: string) => !key.startsWith('imports/')
  assert.deepEqual(keys('4.3').filter(ordinary), keys('4.4'))
  assert.deepEqual(keys('4.4'), keys('4.5'))
  const before = new Set(keys('4.5'))
  const moved = keys('4.6').filter((key) => !before.has(key))
  assert.ok(moved.length > 0)
  for (const key of moved) {
    assert.match(key, /^cache\/media_attachments\/thumbnails\//)
    assert.ok(before.has(key.slice('cache/'.length)), key)
  }
})

test('no row is younger than the instance, and ids stay apart', database, async () => {
  const now = new Date('2026-05-01T00:00:00Z')
  const instance = await built('4.6', { now, accounts: 1000 })
  const columns = await rowsOf<{ table: string; column: string }>(
    instance,
    `SELECT table_name AS table, column_name AS column FROM information_schema.columns
      WHERE table_schema = 'public' AND data_type LIKE 'timestamp%' AND column_name <> 'expires_at'`,
  )
  for (const { table, column } of columns) {
    const late = await rowsOf(
      instance,
      `SELECT id FROM ${table} WHERE ${column} > '2026-05-01' LIMIT 1`,
    ).catch((error: unknown) =>
      table === 'instances' || /column "id"/.test(String(error)) ? [] : Promise.reject(error),
    )
    assert.deepEqual(late, [], `${table}.${column}`)
  }
})

test('the first user is the owner and follows as many as asked', database, async () => {
  const instance = await built('4.3', { followsOfFirstUser: 37 })
  assert.deepEqual(instance.firstUser, { id: '1', username: 'alice' })
  const [row] = await rowsOf<{ follows: string; owner: boolean }>(
    instance,
    `SELECT (SELECT count(*) FROM follows WHERE account_id = 1) AS follows, r.permissions & 1 = 1 AS owner
       FROM users u JOIN user_roles r ON r.id = u.role_id WHERE u.account_id = 1`,
  )
  assert.deepEqual(row, { follows: '37', owner: true })
})

test('the caller says where origins serve actors and pictures', database, async () => {
  const instance = await built('4.5', {
    pictureUrl: (owner, which, extension, id) =>
      `http://127.0.0.1:1/${owner.domain}/${which}/${id}.${extension}`,
    actorUrl: (owner) => `http://127.0.0.1:1/${owner.domain}/${owner.username}`,
  })
  const [elsewhere] = await rowsOf<{ count: string }>(
    instance,
    `SELECT count(*) FROM accounts WHERE domain IS NOT NULL AND (uri NOT LIKE 'http://127.0.0.1:1/%'
       OR avatar_remote_url NOT SIMILAR TO '(http://127.0.0.1:1/%)?')`,
  )
  assert.equal(elsewhere?.count, '0')
})

test('peculiar accounts are there: shared folders, legacy names, blank files', database, async () => {
  const instance = await built('4.4')
  const keys = [...claimsOf(instance.world, ['avatar'])].map(({ key }) => key)
  const shared = keys.filter((key) => key.startsWith('cache/accounts/avatars/123/456/789/012/original/'))
  assert.equal(shared.length, 3)
  assert.ok(
    keys.some((key) => key.startsWith('accounts/avatars/') && key.endsWith('/original/me at the sea.jpg')),
  )
  const names = [...instance.remoteAccounts()].slice(0, 28).map((account) => account.username)
  assert.ok(names.includes('suspended_here') && names.includes('ostatus'))
  const [actor] = await rowsOf<{ key: string; domain: null }>(
    instance,
    `SELECT private_key AS key, domain FROM accounts WHERE id = -99`,
  )
  assert.ok(actor !== undefined && actor.key.startsWith('-----BEGIN RSA PRIVATE KEY-----'))
  assert.equal(actor.domain, null)
  const publicKey = createPublicKey(actor.key).export({ type: 'spki', format: 'pem' })
  assert.equal(instance.instanceActorPublicKey, publicKey)
})

test('settings are YAML that Ruby would read as the value meant', database, async () => {
  const instance = await built('4.3')
  const rows = await rowsOf<{ var: string; value: string }>(instance, 'SELECT var, value FROM settings')
  const value = (name: string): unknown => parse(rows.find((row) => row.var === name)?.value ?? '')
  assert.equal(value('media_cache_retention_period'), 30)
  assert.equal(value('content_cache_retention_period'), '')
})

test('pictures are what their names say', async () => {
  const formats: Readonly<Record<string, string>> = {
    jpg: 'jpeg',
    jpeg: 'jpeg',
    png: 'png',
    webp: 'webp',
    gif: 'gif',
  }
  const seen = new Map<string, Buffer>()
  const world = worldOf({ version: '4.6', accounts: 400, seed: SEED }, pictures)
  for (const claim of claimsOf(world, ['avatar', 'header', 'emoji', 'site-upload'])) {
    const extension = /\.(\w+)$/.exec(claim.key)?.[1] ?? ''
    if (/^[0-9a-f]{16}\./.test(claim.key.split('/').at(-1) ?? ''))
      seen.set(`${claim.kind} ${extension}`, claim.content)
  }
  assert.ok(seen.size >= 12)
  for (const [what, content] of seen) {
    const { format } = await sharp(content).metadata()
    assert.equal(format, formats[what.split(' ')[1] ?? ''], what)
  }
})

test('days that pass make rows older and leave claims as they are', database, async () => {
  const instance = await built('4.6')
  const oldest = () =>
    rowsOf(instance, "SELECT count(*) FROM accounts WHERE updated_at > now() - interval '60 days'")
  assert.notDeepEqual(await oldest(), [{ count: '0' }])
  await ageInstance(instance, 60)
  assert.deepEqual(await oldest(), [{ count: '0' }])
})

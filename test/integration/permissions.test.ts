/** What may not be read, listed or written is said so: it is never called missing, never an orphan, and never "healed". */
import assert from 'node:assert/strict'
import { chmod, chown, mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { afterAccidents } from '../../lab/instance/break/breakage.ts'
import { closeFiles, closeFolder } from '../../lab/instance/break/close-files.ts'
import { deleteFiles } from '../../lab/instance/break/delete-files.ts'
import { leaveOrphans } from '../../lab/instance/break/leave-orphans.ts'
import { withClient } from '../../lab/instance/database.ts'
import { findingLine, type ExpectedFinding } from '../../lab/instance/expected-findings.ts'
import { diskMedia, type DiskMedia } from '../../lab/instance/media/disk-media.ts'
import { s3Media } from '../../lab/instance/media/s3-media.ts'
import { keysInDatabase } from '../../lab/instance/rows-in-database.ts'
import { startPgbouncer, type LabPgbouncer } from '../../lab/servers/pgbouncer.ts'
import { plainUser } from '../../lab/servers/plain-user.ts'
import { removeServerDirectory, serverDirectory } from '../../lab/servers/server-directory.ts'
import { assertNothingLeaks, assertSentence, secretsOf } from '../assert-sentence.ts'
import { brokenInstance, type BrokenInstance } from '../broken-instance.ts'
import { fingerprintOf, type Fingerprint } from '../fingerprint.ts'
import { needs } from '../needs.ts'
import {
  cornacHome,
  reachableCornac,
  runCornac,
  type CornacOptions,
  type CornacProgram,
  type CornacRun,
} from '../run-cornac.ts'
import { freshName, sharedPostgres, sharedRgw } from '../shared-servers.ts'
import { errorDocument, isListing, spoilS3, type SpoiledS3, type Vice } from './storage-s3-proxy.ts'

/** Root may read everything, so the command runs as somebody else; undefined where we are somebody else already. */
const user = plainUser()
const HEAL = ['heal', '--follows-of', 'alice']

let folder: string
let program: CornacProgram
before(async () => {
  folder = await serverDirectory('permissions', { inMemoryBytes: 2 ** 26 })
  await chmod(folder, 0o755)
  await mkdir(join(folder, 'program'))
  program = await reachableCornac(join(folder, 'program'))
})
after(() => removeServerDirectory(folder))

/** Runs it as the plain user. */
function cornac(argv: readonly string[], env: CornacOptions['env']): Promise<CornacRun> {
  return runCornac(argv, { env, user, program })
}

/** All findings of a scan, one line each, sorted. */
async function scanned(env: CornacOptions['env'], run = cornac): Promise<string[]> {
  const { code, stdout, stderr } = await run(['scan', '--json', '--min-age', '0s'], env)
  assert.equal(stderr, '')
  assert.ok(code === 3 || code === 0, `${code} ${stdout}`)
  const { findings } = JSON.parse(stdout) as { findings: ExpectedFinding[] }
  return findings.map(findingLine).sort()
}

function lines(findings: Iterable<ExpectedFinding>): string[] {
  return [...findings].map(findingLine).sort()
}

type OnDisk = BrokenInstance & { readonly lab: { readonly media: DiskMedia } }

describe('a media folder with closed parts', needs('postgres'), () => {
  let instance: Awaited<ReturnType<typeof onDisk>>
  const onDisk = (name: string) =>
    brokenInstance({ media: diskMedia(join(folder, name)), accounts: 80, followed: 40, whole: true })
  before(async () => {
    instance = await onDisk('closed')
  })
  after(() => instance[Symbol.asyncDispose]())

  /** Folders somewhere in the middle, with several claimed files below. */
  async function someFolder(below: string): Promise<string> {
    const [first] = (await readdir(instance.lab.media.pathOf(below))).sort()
    return `${below}/${first}`
  }

  test('as another user finds what root finds', async () => {
    assert.deepEqual(await scanned(instance.env), lines(instance.lab.expectedFindings()))
  })

  for (const [mode, why] of [
    [0o000, 'closed altogether'],
    [0o444, 'with names but no way in'],
    [0o311, 'that may be entered but not listed'],
  ] as const)
    test(`a folder ${why} is unreadable, and nothing in it is missing or an orphan`, async () => {
      const closed = await closeFolder(instance.lab, await someFolder('cache/accounts/avatars'))
      try {
        await chmod(instance.lab.media.pathOf(await someFolder('cache/accounts/avatars')), mode)
        assert.ok(closed.findings.length > 0)
        assert.deepEqual(
          await scanned(instance.env),
          lines(afterAccidents(instance.lab.expectedFindings(), closed)),
        )
      } finally {
        await closed.reopen()
      }
    })

  test('whole kinds behind closed folders are unreadable, the others are judged as ever', async () => {
    const orphans = await leaveOrphans(instance.lab, { share: 0.1, kinds: ['emoji'] })
    const closed = [
      await closeFolder(instance.lab, 'cache/accounts/headers'),
      await closeFolder(instance.lab, 'cache/media_attachments'),
    ]
    try {
      assert.ok(orphans.findings.length > 0)
      const found = await scanned(instance.env)
      // A closed part is told once by itself, too, where nothing that rows claim stands for it.
      const parts = found.filter((line) => line.startsWith('unreadable - - '))
      const told = ['cache/accounts/headers/', 'cache/media_attachments/'].map(
        (key) => `unreadable - - ${key}`,
      )
      assert.deepEqual(parts, [...new Set(parts)])
      assert.ok(
        parts.every((line) => told.includes(line)),
        parts.join(),
      )
      assert.deepEqual(
        found.filter((line) => !parts.includes(line)),
        lines(afterAccidents(instance.lab.expectedFindings(), ...closed, orphans)),
      )
    } finally {
      for (const part of closed) await part.reopen()
      await instance.lab.media.remove(orphans.findings.flatMap(({ key }) => key ?? []))
    }
  })

  test('files of somebody else that only he may read are unreadable', async () => {
    const closed = await closeFiles(instance.lab, { share: 0.2 })
    assert.ok(closed.findings.length > 10)
    assert.deepEqual(
      await scanned(instance.env),
      lines(afterAccidents(instance.lab.expectedFindings(), closed)),
    )
    for (const { key } of closed.findings) await chmod(instance.lab.media.pathOf(key!), 0o644)
  })

  test('a media folder that may not be entered ends every verb with a sentence', async () => {
    await chmod(instance.lab.media.root, 0o700)
    try {
      if (user === undefined) await chmod(instance.lab.media.root, 0o000)
      for (const argv of [['scan'], ['usage'], HEAL])
        assertSentence(await cornac(argv, instance.env), {
          code: 2,
          says: /media folder \/.*closed cannot be read: permission denied\. Run Cornac as the user that owns it/,
        })
    } finally {
      await chmod(instance.lab.media.root, 0o755)
    }
  })

  test('heal of pictures that may not be written ends with a sentence, and nothing was written', async () => {
    await using broken = await brokenInstance({ media: diskMedia(join(folder, 'foreign')) })
    const accounts = join(folder, 'foreign/cache/accounts')
    if (user === undefined) await chmodFolders(accounts, 0o555)
    const before = await fingerprintOf(broken.lab.databaseUrl, broken.lab.media)
    const run = await cornac(HEAL, broken.env)
    assertSentence(run, {
      code: 1,
      says: /\/cache\/accounts\/.*permission denied.*\. Run Cornac as the user that owns the media folder/,
    })
    assert.deepEqual(await fingerprintOf(broken.lab.databaseUrl, broken.lab.media), before)
    if (user === undefined) await chmodFolders(accounts, 0o755)
  })

  test('heal leaves pictures alone whose folder does not say whether they are there', async () => {
    const name = 'uncertain'
    await using broken: OnDisk = await onDisk(name)
    const lost = await deleteFiles(broken.lab, { share: 0.2, kinds: ['avatar', 'header'] })
    if (user !== undefined) await giveTo(user, join(folder, name))
    const closed = await closeHeadersOfFollowed(broken)
    assert.ok(closed.length > 5 && lost.findings.length > 3)
    const rows = () =>
      withClient(broken.lab.databaseUrl, (client) =>
        client.query(
          'SELECT id, header_file_name, header_updated_at FROM accounts WHERE id = ANY($1) ORDER BY id',
          [closed.map(({ id }) => id)],
        ),
      )
    const before = (await rows()).rows
    const run = await cornac([...HEAL, '--json'], broken.env)
    assert.deepEqual([run.code, run.stderr], [6, ''], run.stdout)
    const told = JSON.parse(run.stdout) as { skipped: Record<string, number>; healed: number }
    assert.equal(told.skipped['storage-uncertain'], closed.length)
    assert.ok(told.healed > 0, 'the others were healed')
    assert.deepEqual((await rows()).rows, before)
    for (const { path, names } of closed) {
      await chmod(path, 0o755)
      assert.deepEqual(await readdir(path), names)
    }
  })
})

/** The innermost folder of each followed account's header, as far as there is one; its owner is shut out, too. */
async function closeHeadersOfFollowed({
  lab,
}: OnDisk): Promise<{ id: string; path: string; names: string[] }[]> {
  const { rows } = await withClient(lab.databaseUrl, (client) =>
    client.query<{ id: string }>(
      `SELECT a.id::text FROM accounts a JOIN follows f ON f.target_account_id = a.id
        WHERE f.account_id = $1 AND a.domain IS NOT NULL AND a.header_remote_url <> ''`,
      [lab.firstUser.id],
    ),
  )
  const followed = new Set(rows.map(({ id }) => id))
  const closed: { id: string; path: string; names: string[] }[] = []
  for await (const { key, file, style } of keysInDatabase(lab.databaseUrl, lab.version, ['header'])) {
    if (!followed.has(file.id) || style !== 'original') continue
    const path = dirname(lab.media.pathOf(key))
    const names = await readdir(path).catch(() => null)
    if (names === null) continue
    await chmod(path, 0o000)
    closed.push({ id: file.id, path, names })
  }
  return closed
}

async function giveTo({ uid, gid }: { uid: number; gid: number }, root: string): Promise<void> {
  await chown(root, uid, gid)
  for (const name of await readdir(root, { recursive: true })) await chown(join(root, name), uid, gid)
}

async function chmodFolders(root: string, mode: number): Promise<void> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory())
  for (const entry of folders.reverse()) await chmod(join(entry.parentPath, entry.name), mode)
  await chmod(root, mode)
}

describe('a bucket that refuses some requests', needs('postgres', 'ceph-rgw'), () => {
  let instance: BrokenInstance
  let s3: SpoiledS3
  let env: Record<string, string>
  let untouched: Fingerprint
  before(async () => {
    const rgw = await sharedRgw()
    instance = await brokenInstance({
      media: await s3Media({ ...rgw.address, bucket: freshName('refusing') }),
      followed: 20,
    })
    s3 = await spoilS3(rgw.address)
    env = { ...instance.env, S3_ENDPOINT: s3.address.endpoint }
    untouched = await fingerprintOf(instance.lab.databaseUrl, instance.lab.media!)
  })
  after(async () => {
    await s3[Symbol.asyncDispose]()
    await instance.lab.media?.close()
    await instance[Symbol.asyncDispose]()
  })

  /** Runs it while the service has the vice; nothing may be written meanwhile. */
  async function under(vice: Vice, argv: readonly string[]): Promise<CornacRun> {
    s3.vice = vice
    try {
      const run = await runCornac(argv, { env })
      assertNothingLeaks(run, secretsOf(env))
      return run
    } finally {
      s3.vice = {}
      assert.deepEqual(await fingerprintOf(instance.lab.databaseUrl, instance.lab.media!), untouched)
    }
  }

  const REFUSALS = [
    [403, 'AccessDenied', /refuses it to this access key \(AccessDenied\)\. Allow listing/],
    [500, 'InternalError', /failed \(InternalError, HTTP 500\)\. Try again when it has recovered/],
    [503, 'SlowDown', /failed \(SlowDown, HTTP 503\)\. Try again when it has recovered/],
  ] as const

  for (const [status, code, says] of REFUSALS) {
    test(`a listing that breaks off with ${status} ends a scan with a sentence, and nothing is missing`, async () => {
      let listings = 0
      const vice: Vice = {
        before: (request) =>
          isListing(request) && !request.url.includes('max-keys=1&') && ++listings > 8
            ? { status, body: errorDocument(code) }
            : undefined,
      }
      for (const argv of status === 403 ? [['scan', '--list'], ['usage']] : [['scan', '--list']]) {
        listings = 0
        assertSentence(await under(vice, argv), { code: 1, says })
      }
    })

    test(`heal leaves alone what the bucket answers ${status} about`, async () => {
      const run = await under(
        { before: ({ method }) => (method === 'HEAD' ? { status, body: '' } : undefined) },
        [...HEAL, '--json'],
      )
      assert.deepEqual([run.code, run.stderr], [6, ''], run.stdout)
      const { healed, skipped } = JSON.parse(run.stdout) as {
        healed: number
        skipped: Record<string, number>
      }
      assert.equal(healed, 0)
      assert.ok(skipped['storage-uncertain']! > 10, run.stdout)
    })
  }

  test('a key that may not write ends heal with a sentence, and nothing was written', async () => {
    const run = await under(
      {
        before: ({ method }) =>
          method === 'PUT' ? { status: 403, body: errorDocument('AccessDenied') } : undefined,
      },
      HEAL,
    )
    assertSentence(run, {
      code: 1,
      says: /Could not write cache\/.*refuses it to this access key.*\. Allow listing, reading, writing/,
    })
  })

  test('a scan that a listing ended goes on with --resume and finds the same', async () => {
    const whole = await scanned(env, (argv, variables) => runCornac(argv, { env: variables }))
    const home = await cornacHome()
    let listings = 0
    s3.vice = {
      before: (request) =>
        isListing(request) && !request.url.includes('max-keys=1&') && ++listings > 8
          ? { status: 403, body: errorDocument('AccessDenied') }
          : undefined,
    }
    const broken = await runCornac(['scan', '--min-age', '0s'], { env, home })
    s3.vice = {}
    assert.equal(broken.code, 1)
    const resumed = await runCornac(['scan', '--resume', '--json', '--min-age', '0s'], { env, home })
    const told = JSON.parse(resumed.stdout) as { resumed_parts: number; findings: ExpectedFinding[] }
    assert.ok(told.resumed_parts > 0, 'parts were taken over')
    assert.deepEqual(lines(told.findings), whole)
    await removeServerDirectory(home)
  })
})

describe('a database that may only be read', needs('postgres', 'pgbouncer'), () => {
  let instance: BrokenInstance
  let bouncer: LabPgbouncer
  const reader = freshName('reader')
  const meek = freshName('meek')
  before(async () => {
    const postgres = await sharedPostgres()
    instance = await brokenInstance({ media: diskMedia(join(folder, 'read-only')) })
    await postgres.createRole(reader, 'reader-password', { readOnly: instance.database })
    await postgres.createRole(meek, 'meek-password')
    await asSuperuser(
      instance.database,
      `GRANT ${postgres.user} TO "${meek}"; ALTER ROLE "${meek}" SET default_transaction_read_only = on`,
    )
    bouncer = await startPgbouncer(postgres.address, { roles: { [reader]: 'reader-password' } })
  })
  after(async () => {
    await bouncer.stop()
    await instance[Symbol.asyncDispose]()
  })

  async function asSuperuser(database: string, sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: (await sharedPostgres()).adminUrl(database) })
    await client.connect()
    try {
      await client.query(sql)
    } finally {
      await client.end()
    }
  }

  const asRoot = (argv: readonly string[], env: CornacOptions['env']) => runCornac(argv, { env })
  const readerEnv = () => ({ ...instance.env, DB_USER: reader, DB_PASS: 'reader-password' })
  const pooledEnv = () => ({ ...instance.env, ...bouncer.env(instance.database) })
  const pooledReaderEnv = () => ({ ...pooledEnv(), DB_USER: reader, DB_PASS: 'reader-password' })

  test('gives a scan the same findings, through pgbouncer in transaction mode too', async () => {
    const direct = await scanned(instance.env, asRoot)
    assert.ok(direct.some((line) => line.startsWith('missing')))
    for (const env of [readerEnv(), pooledEnv(), pooledReaderEnv()])
      assert.deepEqual(await scanned(env, asRoot), direct)
  })

  test('gives usage the same figures, and doctor says what it cannot do', async () => {
    const [direct, pooled] = await Promise.all(
      [instance.env, pooledReaderEnv()].map(async (env) => {
        const run = await asRoot(['usage', '--json'], env)
        assert.deepEqual([run.code, run.stderr], [0, ''])
        return JSON.parse(run.stdout) as unknown
      }),
    )
    assert.deepEqual(pooled, direct)
    const { stdout, stderr, code } = await asRoot(['doctor'], pooledReaderEnv())
    assert.deepEqual([stderr, code], ['', 3])
    assert.match(stdout, /note +database +this database user may read but not write/)
    assert.match(stdout, /good +database +Mastodon 4\.6/)
  })

  test('heal through pgbouncer works as without', async () => {
    await using other = await brokenInstance({ media: diskMedia(join(folder, 'pooled')) })
    const run = await asRoot([...HEAL, '--json'], { ...other.env, ...bouncer.env(other.database) })
    assert.deepEqual([run.code, run.stderr], [0, ''], run.stdout)
    assert.ok((JSON.parse(run.stdout) as { healed: number }).healed > 5, run.stdout)
  })

  test('heal ends with one sentence before it fetches, and nothing is written', async () => {
    const before = await fingerprintOf(instance.lab.databaseUrl, instance.lab.media!)
    const says =
      /nothing was healed: the database user reader-\w+ may not change the table accounts\. Use the database user Mastodon itself uses/
    for (const env of [readerEnv(), pooledReaderEnv()])
      assertSentence(await asRoot(HEAL, env), { code: 1, says })
    assertSentence(await asRoot(HEAL, { ...instance.env, DB_USER: meek, DB_PASS: 'meek-password' }), {
      code: 1,
      says: /nothing was healed: everything the database user meek-\w+ does is read-only .*\. Use the database user/,
    })
    assert.deepEqual(await fingerprintOf(instance.lab.databaseUrl, instance.lab.media!), before)
  })
})

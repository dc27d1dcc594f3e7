/** Every verb with everything an admin can get wrong: one sentence, the right code, and nothing written anywhere. */
import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { withClient } from '../../lab/instance/database.ts'
import { diskMedia, type DiskMedia } from '../../lab/instance/media/disk-media.ts'
import { freePort } from '../../lab/servers/free-ports.ts'
import { removeServerDirectory, serverDirectory } from '../../lab/servers/server-directory.ts'
import {
  assertErrorObject,
  assertNoState,
  assertNothingLeaks,
  assertSentence,
  secretsOf,
} from '../assert-sentence.ts'
import { brokenInstance, type BrokenInstance } from '../broken-instance.ts'
import { fingerprintOf, type Fingerprint } from '../fingerprint.ts'
import { needs } from '../needs.ts'
import { cornacHome, runCornac, type CornacRun } from '../run-cornac.ts'
import { freshName, sharedPostgres, sharedRgw } from '../shared-servers.ts'

type Env = Readonly<Record<string, string>>

const HEAL = ['heal', '--follows-of', 'alice']
/** Every verb that opens things and ends when they cannot be opened. */
const VERBS = [['usage'], ['scan'], HEAL]

interface Wrong {
  readonly env: Env
  readonly says: RegExp
  /** Default 2: the settings are wrong. */
  readonly code?: number
}

let folder: string
let instance: BrokenInstance
let media: DiskMedia
let untouched: Fingerprint
const databases: string[] = []

/** Runs one command in a home of its own, which is looked through afterwards. */
async function tried(argv: readonly string[], env: Env): Promise<CornacRun> {
  const home = await cornacHome()
  try {
    const run = await runCornac(argv, { env, home })
    assertNothingLeaks(run, secretsOf(env))
    if (argv[0] !== 'doctor') assertNoState(home)
    return run
  } finally {
    await rm(home, { recursive: true })
  }
}

// A process takes a third of a second, so the JSON of each case is asked of one verb, in turn.
let turn = 0

async function assertSaid(
  verbs: readonly (readonly string[])[],
  env: Env,
  { says, code = 2 }: Omit<Wrong, 'env'>,
) {
  const spoken = verbs[turn++ % verbs.length]!
  const [json, ...texts] = await Promise.all([
    tried([...spoken, '--json'], env),
    ...verbs.map((argv) => tried(argv, env)),
  ])
  for (const text of texts) assertSentence(text, { code, says })
  assertErrorObject(json!, { code, says, verb: spoken[0]! })
}

/** The verbs end with the sentence, in text and JSON; doctor goes on and tells it as one check among others. */
async function assertRefused(env: Env, expected: Omit<Wrong, 'env'>, about: string): Promise<void> {
  await Promise.all([assertSaid(VERBS, env, expected), assertDoctorTells(env, expected.says, about)])
  await assertUntouched()
}

async function assertDoctorTells(env: Env, says: RegExp, about: string): Promise<void> {
  const run = await tried(['doctor', '--json'], env)
  assert.deepEqual([run.code, run.stderr], [3, ''])
  const { checks, healthy } = JSON.parse(run.stdout) as {
    checks: { about: string; state: string; says: string; remedy: string | null }[]
    healthy: boolean
  }
  assert.equal(healthy, false)
  const told = checks.filter((check) => says.test(`cornac: ${check.says}. ${check.remedy}.\n`))
  assert.deepEqual(
    told.map(({ about: topic, state }) => [topic, state]),
    [[about, 'bad']],
    run.stdout,
  )
  // The other parts were looked at all the same.
  const other = about === 'database' ? 'storage' : 'database'
  assert.ok(
    checks.some((check) => check.about === other && check.state === 'good'),
    run.stdout,
  )
}

async function assertUntouched(): Promise<void> {
  assert.deepEqual(await fingerprintOf(instance.lab.databaseUrl, media), untouched)
}

/** A copy of the instance's database, changed. */
async function copied(sql: string): Promise<string> {
  const postgres = await sharedPostgres()
  const name = freshName('changed')
  databases.push(name)
  await postgres.createDatabase(name, { template: instance.database })
  await withClient(postgres.url(name), (client) => client.query(sql))
  return name
}

describe('bad input', needs('postgres'), () => {
  before(async () => {
    folder = await serverDirectory('bad-input', { inMemoryBytes: 2 ** 26 })
    media = diskMedia(join(folder, 'system'))
    instance = await brokenInstance({ media })
    untouched = await fingerprintOf(instance.lab.databaseUrl, media)
  })
  after(async () => {
    const postgres = await sharedPostgres()
    for (const name of databases) await postgres.dropDatabase(name)
    await instance[Symbol.asyncDispose]()
    await removeServerDirectory(folder)
  })

  describe('a database that cannot be used', () => {
    const cases: Record<string, () => Promise<Wrong>> = {
      'does not listen': async () => ({
        env: { DB_PORT: String(await freePort()) },
        says: /PostgreSQL at 127\.0\.0\.1:\d+ does not answer \(ECONNREFUSED\)\. Check that PostgreSQL runs, .*DB_PORT/,
        code: 1,
      }),
      'has no socket where it should be': async () => ({
        env: { DB_HOST: folder },
        says: /no PostgreSQL socket in \/.* for port \d+\. Check that PostgreSQL runs and that DB_HOST/,
        code: 1,
      }),
      'refuses the password': async () => ({
        env: { DB_PASS: 'not-the-password' },
        says: /refused the login of user mastodon\. Check DB_USER and DB_PASS/,
      }),
      'is not there': async () => ({
        env: { DB_NAME: 'no_such_database' },
        says: /no database named no_such_database\. Check DB_NAME/,
      }),
      'is empty': async () => {
        const name = freshName('empty')
        databases.push(name)
        await (await sharedPostgres()).createDatabase(name)
        return { env: { DB_NAME: name }, says: /database holds no Mastodon: .*\. Check DB_NAME/ }
      },
      'lacks a column every known Mastodon has': async () => ({
        env: { DB_NAME: await copied('ALTER TABLE accounts DROP COLUMN header_remote_url') },
        says: /schema \d+.*lacks accounts\.header_remote_url\. Cornac knows Mastodon 4\.3 to 4\.6/,
      }),
    }
    for (const [name, wrong] of Object.entries(cases))
      test(`that ${name}`, async () => {
        const { env, ...expected } = await wrong()
        await assertRefused({ ...instance.env, ...env }, expected, 'database')
      })

    test('that a DATABASE_URL with a password names: the password is not shown', async () => {
      const url = `postgresql://mastodon:swordfish@127.0.0.1:${await freePort()}/mastodon`
      const env = { ...instance.env, DATABASE_URL: url }
      const calls = [['scan', '--verbose'], ['usage', '--verbose', '--json'], ['doctor', '--verbose'], HEAL]
      for (const run of await Promise.all(calls.map((argv) => tried(argv, env)))) {
        assertNothingLeaks(run, ['swordfish'])
        assert.match(run.stdout + run.stderr, /does not answer/)
      }
    })

    test('that is of a newer Mastodon is read, and not healed', async () => {
      const name = await copied('ALTER TABLE accounts ADD COLUMN requested_deletion_at timestamp')
      const env = { ...instance.env, DB_NAME: name }
      const before = await fingerprintOf((await sharedPostgres()).url(name), media)
      const says =
        /nothing was healed: this Mastodon is newer than 4\.6 \(schema \d+\).*\. Look for a newer Cornac/
      assertSentence(await tried(HEAL, env), { code: 1, says })
      assertErrorObject(await tried([...HEAL, '--json'], env), { code: 1, says, verb: 'heal' })
      assert.deepEqual(await fingerprintOf((await sharedPostgres()).url(name), media), before)
      const [newer, known] = await Promise.all([
        runCornac(['scan', '--list'], { env }),
        runCornac(['scan', '--list'], { env: instance.env }),
      ])
      assert.equal(newer.code, 3)
      const found = (run: CornacRun): string[] =>
        run.stdout.split('\n').filter((line) => line.includes(' cache/'))
      assert.deepEqual(found(newer), found(known))
      assert.equal((await runCornac(['usage'], { env })).code, 0)
      assert.match(
        (await runCornac(['doctor'], { env })).stdout,
        /note +database +reading only: this Mastodon is newer/,
      )
    })
  })

  describe('a media folder that cannot be used', () => {
    const cases: Record<string, () => Promise<Wrong>> = {
      'is not there': async () => ({
        env: { PAPERCLIP_ROOT_PATH: join(folder, 'nowhere') },
        says: /media folder \/.*nowhere does not exist\. Check that its disk is mounted, or set PAPERCLIP_ROOT_PATH/,
      }),
      'is a file': async () => {
        await writeFile(join(folder, 'a-file'), 'not a folder')
        return {
          env: { PAPERCLIP_ROOT_PATH: join(folder, 'a-file') },
          says: /a-file is not a folder\. Set PAPERCLIP_ROOT_PATH to the folder that holds accounts, cache/,
        }
      },
      'is some other folder': async () => {
        const path = join(folder, 'etc')
        await mkdir(join(path, 'ssl'), { recursive: true })
        for (const name of ['passwd', 'hosts', 'ssl/openssl.cnf']) await writeFile(join(path, name), name)
        return {
          env: { PAPERCLIP_ROOT_PATH: path },
          says: /etc is not Mastodon['’]s media folder: it holds none of accounts, cache.*set PAPERCLIP_ROOT_PATH/,
        }
      },
      'is empty': async () => {
        await mkdir(join(folder, 'unmounted'))
        return {
          env: { PAPERCLIP_ROOT_PATH: join(folder, 'unmounted') },
          says: /unmounted is empty.*Check that its disk is mounted/,
        }
      },
    }
    for (const [name, wrong] of Object.entries(cases))
      test(`because it ${name}`, async () => {
        const { env, ...expected } = await wrong()
        await assertRefused({ ...instance.env, ...env }, expected, 'storage')
      })
  })

  describe('a bucket that cannot be used', needs('ceph-rgw'), () => {
    const cases: Record<string, (s3: Env) => Promise<Wrong>> = {
      'does not exist': async (s3) => ({
        env: { ...s3, S3_BUCKET: 'nobody-made-this' },
        says: /has no bucket nobody-made-this \(NoSuchBucket\)\. Correct S3_BUCKET/,
      }),
      'is empty, so it is another one': async (s3) => ({
        env: s3,
        says: /S3 bucket bad-input-\w+ at http.* is empty.*\. Check S3_BUCKET, S3_KEY_PREFIX/,
      }),
      'knows no such access key': async (s3) => ({
        env: { ...s3, AWS_ACCESS_KEY_ID: 'unknown-key' },
        says: /does not know the access key \(InvalidAccessKeyId\)\. Correct AWS_ACCESS_KEY_ID/,
      }),
      'refuses the secret key': async (s3) => ({
        env: { ...s3, AWS_SECRET_ACCESS_KEY: 'not-the-secret' },
        says: /signature wrong \(SignatureDoesNotMatch\)\. Correct AWS_SECRET_ACCESS_KEY/,
      }),
      'does not listen': async (s3) => ({
        env: { ...s3, S3_ENDPOINT: `http://127.0.0.1:${await freePort()}` },
        says: /http:\/\/127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)\. Check S3_ENDPOINT/,
        code: 1,
      }),
    }
    for (const [name, wrong] of Object.entries(cases))
      test(`because it ${name}`, async () => {
        const rgw = await sharedRgw()
        const bucket = freshName('bad-input')
        await rgw.createBucket(bucket)
        const { env, ...expected } = await wrong(rgw.env(bucket))
        await assertRefused({ ...instance.env, ...env }, expected, 'storage')
      })
  })

  describe('settings that cannot be used', () => {
    /** Whatever the verb: it ends before anything is opened. */
    function assertStopped(more: readonly string[], env: Env, says: RegExp): Promise<void> {
      return assertSaid(
        [['doctor'], ...VERBS].map((argv) => [...argv, ...more]),
        env,
        { says },
      )
    }

    test('none at all', () =>
      assertStopped(
        [],
        {},
        /The settings of Mastodon were not found\. Name Mastodon’s \.env\.production with --env-file/,
      ))

    test('an empty file', async () => {
      const path = join(folder, 'empty.env')
      await writeFile(path, '')
      await assertStopped(
        ['--env-file', path],
        {},
        /empty\.env: This file holds no settings\. Name Mastodon’s own/,
      )
    })

    test('half a file', async () => {
      const path = join(folder, 'half.env')
      await writeFile(path, 'LOCAL_DOMAIN=lab.example\nDB_PASS=swordfish\nS3_ENABLED=true\nS3_BUC')
      await assertStopped(
        ['--env-file', path],
        {},
        /half\.env: S3_BUCKET is not set, although S3_ENABLED is true\. Set it to the value Mastodon uses/,
      )
    })

    test('half a file in which several things are wrong: all of them at once', async () => {
      const path = join(folder, 'worse.env')
      await writeFile(path, 'DB_PORT=five\nDB_PASS=swordfish\nS3_ENABLED=true\nAWS_ACCESS_KEY_ID=id\n')
      const run = await tried(['scan', '--env-file', path], {})
      assert.deepEqual([run.code, run.stdout], [2, ''])
      assert.match(run.stderr, /^cornac: The configuration has 4 problems:\n/)
      for (const setting of ['LOCAL_DOMAIN', 'DB_PORT', 'S3_BUCKET', 'AWS_SECRET_ACCESS_KEY'])
        assert.ok(run.stderr.includes(setting), run.stderr)
      assertNothingLeaks(run, ['swordfish'])
      const { error } = JSON.parse((await tried(['scan', '--env-file', path, '--json'], {})).stdout)
      assert.equal(error.problems.length, 4)
    })

    test('a file that is not there', () =>
      assertStopped(
        ['--env-file', join(folder, 'nothing.env')],
        {},
        /nothing\.env: There is no such file\. Correct the path given with --env-file/,
      ))

    test('a folder', () =>
      assertStopped(['--env-file', folder], {}, /: This is a folder, not a file\. Name the file inside it/))
  })

  describe('words that cannot be understood', () => {
    after(assertUntouched)

    const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
      [
        'heal of whom',
        ['heal'],
        /heal was not told whose pictures to heal\. Give one of --follows-of USER, .*--all/,
      ],
      [
        'a user nobody is',
        ['heal', '--follows-of', 'nobody'],
        /no local account named nobody\. Give the name/,
      ],
      [
        'a user without a name',
        ['heal', '--follows-of', ''],
        /--follows-of cannot be ""\. Give the name of a local user/,
      ],
      [
        'an unknown kind',
        ['scan', 'avatar', 'avatras'],
        /avatras is no kind of media\. Name some of: avatars headers/,
      ],
      [
        'an unknown option of scan',
        ['scan', '--resum'],
        /no option --resum for cornac scan\. Did you mean --resume\?/,
      ],
      [
        'an unknown option of usage',
        ['usage', '--days', '7'],
        /no option --days for cornac usage\. .*cornac usage --help/,
      ],
      ['an unknown option of heal', ['heal', '--days', '7'], /no option --days for cornac heal\. /],
      ['a heal of two', ['heal', '--followed', '--all'], /--followed and --all cannot be combined\. /],
      [
        'a heal of subdomains of nothing',
        ['heal', '--followed', '--subdomains'],
        /--subdomains belongs to --domain\. Give a domain/,
      ],
      [
        'an account nobody has',
        ['heal', '--account', 'nobody@nowhere.example'],
        /knows no remote account nobody@nowhere\.example\. Give it as/,
      ],
      [
        'an account without its domain',
        ['heal', '--account', 'nobody'],
        /--account cannot be "nobody"\. Give a remote account such as user@example\.org/,
      ],
      [
        'a domain that is an address',
        ['heal', '--domain', 'https://example.org/'],
        /--domain cannot be "https:.*Give a domain such as example\.org/,
      ],
      [
        'the findings of a scan that never was',
        ['heal', '--findings', 'yesterday'],
        /there is no completed scan yesterday\. Run cornac scan first/,
      ],
      [
        'the findings of the latest of no scans',
        ['heal', '--findings', 'last'],
        /there is no completed scan yet\. Run cornac scan first/,
      ],
      [
        'a limit of nothing',
        ['heal', '--all', '--limit', '0'],
        /--limit cannot be "0"\. Give a whole number above zero/,
      ],
      [
        'a time that is none',
        ['heal', '--all', '--max-duration', 'soon'],
        /--max-duration cannot be "soon"\. Give a duration such as 2h or 45m/,
      ],
      [
        'a size that is none',
        ['heal', '--all', '--max-bytes', '2 cups'],
        /--max-bytes cannot be "2 cups"\. Give a size such as 500MB or 2GB/,
      ],
      [
        'cards of people',
        ['heal', 'cards', '--followed'],
        /cards belong to no account\. Heal them with --all or --findings/,
      ],
      [
        'emoji by workers that do not exist',
        ['heal', 'emoji', '--all', '--via', 'sidekiq'],
        /Mastodon has no worker that fetches emoji again\. Leave --via out/,
      ],
      [
        'a driver nobody knows',
        ['heal', '--all', '--via', 'magic'],
        /--via cannot be "magic"\. Give native or sidekiq/,
      ],
      [
        'a kind that cannot be healed alone',
        ['heal', 'thumbnails', '--all'],
        /thumbnails cannot be healed on their own\. Name some of: avatars headers attachments emoji cards/,
      ],
      [
        'more requests to one origin than any may get',
        ['heal', '--all', '--per-host', '3'],
        /--per-host: .*Give 1 or 2: no origin is asked more at once/,
      ],
      ['an unknown option of doctor', ['doctor', '--fix'], /no option --fix for cornac doctor\. /],
      [
        'an option without its value',
        ['heal', '--follows-of'],
        /option --follows-of.* lacks its value\. See cornac heal/,
      ],
      [
        'a number that is none',
        ['usage', '--domains', 'many'],
        /--domains cannot be "many"\. Give a whole number/,
      ],
      ['a setting out of bounds', ['scan', '--concurrency', '0'], /--concurrency.*from 1 to 64/],
      ['too many words', ['doctor', 'now'], /too many words after cornac doctor\. See cornac doctor --help/],
    ]
    for (const [name, argv, says] of cases)
      test(name, async () => {
        const [text, json] = await Promise.all([
          tried(argv, instance.env),
          tried([...argv, '--json'], instance.env),
        ])
        assertSentence(text, { code: 2, says })
        assertErrorObject(json, { code: 2, says, verb: argv[0]! })
      })
  })
})

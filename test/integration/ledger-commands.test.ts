/** `cornac setup` and `cornac ledger` as people and scripts use them, and with everything an admin can get wrong. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { assertDocumented } from '../assert-documented.ts'
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
import { fingerprintOf } from '../fingerprint.ts'
import { needs } from '../needs.ts'
import { cornacHome, runCornac, type CornacRun } from '../run-cornac.ts'
import { freshName, sharedPostgres } from '../shared-servers.ts'

type Env = Readonly<Record<string, string>>

interface ListedRecord {
  readonly kind: string
  readonly id: string
  readonly label: string
  readonly host: string
  readonly outcome: string
  readonly tries: number
  readonly next_try: string
  readonly due: boolean
}

interface LedgerAnswer {
  readonly hosts: readonly { readonly host: string; readonly rests_until: string | null }[]
  readonly outcomes: readonly { readonly outcome: string; readonly records: number; readonly due: number }[]
  readonly records: readonly ListedRecord[]
  readonly more: boolean
}

/** Runs it in a home of its own, which has to stay empty. */
async function cornac(argv: readonly string[], env: Env): Promise<CornacRun> {
  const home = await cornacHome()
  try {
    const run = await runCornac(argv, { env, home })
    assertNothingLeaks(run, secretsOf(env))
    assertNoState(home)
    return run
  } finally {
    await rm(home, { recursive: true })
  }
}

/** A run in words that ends well and says nothing besides. */
async function told(argv: readonly string[], env: Env): Promise<string> {
  const run = await cornac(argv, env)
  assert.deepEqual([run.code, run.stderr], [0, ''], run.stdout)
  assert.doesNotMatch(run.stdout, /undefined|NaN|\[object|\bnull\b| \n|Invalid/)
  return run.stdout
}

async function asked<Answer>(argv: readonly string[], env: Env): Promise<Answer & { readonly verb: string }> {
  const run = await cornac([...argv, '--json'], env)
  assert.deepEqual([run.code, run.stderr], [0, ''], run.stdout)
  const answer = JSON.parse(run.stdout) as Answer & { verb: string }
  assertDocumented(answer)
  return answer
}

describe('setup and ledger', needs('postgres'), () => {
  let folder: string
  let media: DiskMedia
  let instance: BrokenInstance
  const databases: string[] = []
  before(async () => {
    folder = await serverDirectory('ledger', { inMemoryBytes: 2 ** 26 })
    media = diskMedia(join(folder, 'system'))
    instance = await brokenInstance({ media })
  })
  after(async () => {
    const postgres = await sharedPostgres()
    for (const name of databases) await postgres.dropDatabase(name)
    await instance[Symbol.asyncDispose]()
    await removeServerDirectory(folder)
  })

  /** A copy of the instance's database, without our tables, and the variables that lead to it. */
  async function freshCopy(): Promise<{ name: string; url: string; env: Env }> {
    const postgres = await sharedPostgres()
    const name = freshName('ledger')
    databases.push(name)
    await postgres.createDatabase(name, { template: instance.database })
    return { name, url: postgres.url(name), env: { ...instance.env, ...postgres.env(name) } }
  }

  /** Variables of a role that may read Mastodon's tables, and nothing more. */
  async function readerOf(name: string, env: Env): Promise<Env> {
    const postgres = await sharedPostgres()
    const role = freshName('reader')
    await postgres.createRole(role, 'reader-password', { readOnly: name })
    return { ...env, DB_USER: role, DB_PASS: 'reader-password' }
  }

  test('setup makes the tables once, and says so; then all is up to date', async () => {
    const { env } = await freshCopy()
    assert.match(
      await told(['setup'], env),
      /^Made: the schema cornac in .*\.\n3 steps applied: 0001\.sql, 0002\.sql, 0003\.sql\.\n$/,
    )
    assert.match(await told(['setup'], env), /^All is up to date: the schema cornac in .* \(step 3\)\.\n$/)
    const answer = await asked<{ applied: string[]; version: number; tables: string }>(['setup'], env)
    assert.deepEqual([answer.verb, answer.applied, answer.version], ['setup', [], 3])
    assert.equal(await told(['setup', '--quiet'], env), '')
  })

  test('before any set-up the ledger is empty, for a role that may only read too; looking makes nothing', async () => {
    const { name, url, env } = await freshCopy()
    const before = await fingerprintOf(url, media)
    for (const who of [env, await readerOf(name, env)]) {
      assert.match(await told(['ledger'], who), /^The ledger is empty/)
      const { hosts, outcomes, records } = await asked<LedgerAnswer>(['ledger'], who)
      assert.deepEqual([hosts, outcomes, records], [[], [], []])
      assert.match(await told(['ledger', 'explain', 'a.example'], who), /knows nothing of a\.example/)
      assert.match(await told(['ledger', 'forget', '--all'], who), /nothing was forgotten/)
    }
    assert.deepEqual(await fingerprintOf(url, media), before)
  })

  test('a role that may make no schema is told what to grant, and the grant helps', async () => {
    const { name, env } = await freshCopy()
    const reader = await readerOf(name, env)
    const says = /may not make the schema cornac.*GRANT CREATE ON DATABASE/
    const run = await cornac(['setup'], reader)
    assertSentence(run, { code: 2, says })
    assertErrorObject(await cornac(['setup', '--json'], reader), { code: 2, says, verb: 'setup' })
    const [grant] = /GRANT CREATE ON DATABASE "?[^ ]+ TO "[^"]+"/.exec(run.stderr) ?? []
    await withClient((await sharedPostgres()).url(name), (client) => client.query(grant ?? 'no grant'))
    assert.match(await told(['setup'], reader), /^Made: /)
  })

  test('in a database that is not Mastodon’s nothing is made', async () => {
    const postgres = await sharedPostgres()
    const name = freshName('other')
    databases.push(name)
    await postgres.createDatabase(name)
    const env = { ...instance.env, ...postgres.env(name) }
    assertSentence(await cornac(['setup'], env), { code: 2, says: /holds no Mastodon/ })
    await withClient(postgres.url(name), async (client) => {
      const { rows } = await client.query(`SELECT 1 FROM pg_namespace WHERE nspname = 'cornac'`)
      assert.deepEqual(rows, [])
    })
  })

  test('the tables may lie in a database of their own; a wrong address is told as Cornac’s own setting', async () => {
    const postgres = await sharedPostgres()
    const { url, env } = await freshCopy()
    const name = freshName('own')
    databases.push(name)
    await postgres.createDatabase(name)
    const before = await fingerprintOf(url, media)
    const own = { ...env, CORNAC_STATE_DATABASE_URL: postgres.url(name) }
    assert.match(await told(['setup'], own), new RegExp(`^Made: the schema cornac in the database ${name} `))
    assert.match(
      await told(['setup'], { ...env, CORNAC_DATABASE_URL: postgres.url(name) }),
      /^All is up to date/,
    )
    assert.match(await told(['ledger'], own), /^The ledger is empty/)
    assert.deepEqual(await fingerprintOf(url, media), before)
    const wrong = `postgresql://cornac:swordfish@127.0.0.1:${await freePort()}/cornac`
    for (const argv of [['setup'], ['ledger']]) {
      const run = await cornac(argv, { ...env, CORNAC_STATE_DATABASE_URL: wrong })
      assertSentence(run, { code: 1, says: /own tables are, PostgreSQL .*Check state\.database_url/ })
      assertNothingLeaks(run, ['swordfish'])
    }
  })

  describe('after a heal whose origins had trouble', () => {
    let env: Env
    let url: string
    let name: string
    let records: readonly ListedRecord[]
    before(async () => {
      ;({ env, url, name } = await freshCopy())
      const { fediverse } = instance
      const [first, second, third] = fediverse.hosts
      fediverse.setVice(first!.origin, { kind: 'status', status: 404 })
      for (const { origin } of [second!, third!]) fediverse.setVice(origin, { kind: 'status', status: 503 })
      await runCornac(['heal', '--followed'], { env })
      fediverse.clearVice()
      await withClient(url, (client) =>
        client.query(
          `INSERT INTO cornac.ledger VALUES ('avatar', 42, 'gone@gone.example', 'https://gone.example/42.png', 'gone.example',
             'gone', 'HTTP 410', 3, now() - interval '200 days', now(), now() + interval '118 days')`,
        ),
      )
      ;({ records } = await asked<LedgerAnswer>(['ledger', '--limit', '1000'], env))
      assert.ok(records.length > 6, 'the heal had failures')
    })

    test('the ledger counts by outcome, and lists hosts in trouble and records, those due next first', async () => {
      const answer = await asked<LedgerAnswer>(['ledger', '--limit', '5'], env)
      assert.equal(answer.verb, 'ledger')
      assert.deepEqual([answer.records, answer.more], [records.slice(0, 5), true])
      assert.ok(answer.hosts.length > 0)
      assert.equal(
        answer.outcomes.reduce((sum, { records: some }) => sum + some, 0),
        records.length,
      )
      assert.deepEqual(
        new Set(answer.outcomes.map(({ outcome }) => outcome)),
        new Set(records.map((one) => one.outcome)),
      )
      const times = records.map((one) => one.next_try)
      assert.deepEqual(times, times.toSorted())
      assert.ok(records.every(({ due }) => !due))
      const text = await told(['ledger', '--limit', '5'], env)
      assert.match(text, /^host in trouble +failures +left in peace until +because\n/)
      assert.match(text, /^ +\d+ +0 +unavailable +the origin is having trouble/m)
      assert.equal(text.match(/^.*(?:avatar|header):\d+ .*$/gm)?.length, 5)
      assert.match(text, /… and more; --limit shows more/)
      assert.equal(await told(['ledger', '--quiet'], env), '')
    })

    test('each filter narrows what is listed', async () => {
      const [one] = records
      const filters: readonly (readonly [readonly string[], (record: ListedRecord) => boolean])[] = [
        [['--host', one!.host.toUpperCase()], ({ host }) => host === one!.host],
        [['--account', `@${one!.label}`], ({ label }) => label === one!.label],
        [['--outcome', 'unavailable'], ({ outcome }) => outcome === 'unavailable'],
        [['--kind', 'headers'], ({ kind }) => kind === 'header'],
        [
          ['--kind', one!.kind, '--host', one!.host],
          ({ kind, host }) => kind === one!.kind && host === one!.host,
        ],
      ]
      for (const [argv, fits] of filters) {
        const answer = await asked<LedgerAnswer>(['ledger', '--limit', '1000', ...argv], env)
        assert.deepEqual(answer.records, records.filter(fits), argv.join(' '))
        assert.ok(answer.records.length > 0, argv.join(' '))
      }
      assert.deepEqual((await asked<LedgerAnswer>(['ledger', '--limit', '0'], env)).records, [])
    })

    test('explain tells of an account, a host and a record what was tried, how it ended, and when and why again', async () => {
      const gone = records.find(({ outcome }) => outcome === 'gone')!
      const account = await told(['ledger', 'explain', gone.label], env)
      assert.match(
        account,
        new RegExp(`^The ${gone.kind} of ${gone.label} \\(${gone.kind}:${gone.id}\\)$`, 'm'),
      )
      assert.match(account, /^Tried 3 times in a row, first on .*\d{4}.*, last on .*\d{4}.*: https:/m)
      assert.match(account, /^It ended like this: the origin has it no more \(404 or 410\); HTTP 410\.$/m)
      assert.match(account, /^A heal tries it again after .*\d{4}.*, in \d+ d/m)
      assert.match(
        account,
        /^That is 118 d after .* a first failure like this waits about 30 d, each further one twice .* than about 180 d\.$/m,
      )
      assert.match(account, /nothing to give/)
      const record = await told(['ledger', 'explain', `${gone.kind}:${gone.id}`], env)
      assert.ok(account.includes(record.trim()))
      const { hosts } = await asked<LedgerAnswer>(['ledger'], env)
      const resting = hosts.find(({ rests_until }) => rests_until !== null)!
      const host = await told(['ledger', 'explain', resting.host], env)
      assert.match(
        host,
        /^The host \S+ failed \d+ times in a row, last on .*: the origin (?:is having trouble|could not be reached)/,
      )
      assert.match(host, /^Nobody asks it before .*\d{4}/m)
      const answer = await asked<{ host: { host: string }; records: { wait_seconds: number }[] }>(
        ['ledger', 'explain', resting.host],
        env,
      )
      assert.deepEqual([answer.verb, answer.host.host], ['ledger explain', resting.host])
      assert.ok(answer.records.every(({ wait_seconds: wait }) => wait > 1_000))
      assert.match(
        await told(['ledger', 'explain', 'avatar:1'], env),
        /^The ledger knows nothing of avatar:1/,
      )
    })

    test('a pause that the origin asked for is told as such, and what it wrote cannot move the cursor', async () => {
      const copy = await freshCopy()
      await told(['setup'], copy.env)
      await withClient(copy.url, (client) =>
        client.query(
          `INSERT INTO cornac.ledger VALUES ('avatar', 7, 'bob@a.example', 'https://a.example/1.png', 'a.example', 'unavailable',
             $1, 1, now(), now(), now() + interval '3 days')`,
          ['\u001b[2J\u001b]0;title\u0007 \u202eno\u0000'.replace('\0', '')],
        ),
      )
      const text = await told(['ledger', 'explain', 'bob@a.example'], copy.env)
      assert.match(
        text,
        /^That is 3 d after the last try: its origin asked for a pause \(Retry-After\), or is being left in peace\.$/m,
      )
      // oxlint-disable-next-line no-control-regex -- what a terminal would obey
      assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u202e]/)
    })

    test('a role that may only read sees all of it, and may forget nothing', async () => {
      const reader = await readerOf(name, env)
      const role = reader['DB_USER']
      assertSentence(await cornac(['ledger'], reader), {
        code: 2,
        says: /may not use Cornac’s own tables.*GRANT USAGE ON SCHEMA cornac/,
      })
      await withClient(url, async (client) => {
        await client.query(`GRANT USAGE ON SCHEMA cornac TO "${role}"`)
        await client.query(`GRANT SELECT ON ALL TABLES IN SCHEMA cornac TO "${role}"`)
      })
      assert.deepEqual((await asked<LedgerAnswer>(['ledger', '--limit', '1000'], reader)).records, records)
      const says = /may not use Cornac’s own tables.*GRANT SELECT, INSERT, UPDATE, DELETE/
      assertSentence(await cornac(['ledger', 'forget', '--all'], reader), { code: 2, says })
      assert.deepEqual((await asked<LedgerAnswer>(['ledger', '--limit', '1000'], env)).records, records)
    })

    test('words that cannot be understood: a sentence, 2, and nothing is forgotten', async () => {
      const before = await fingerprintOf(url, media)
      const cases: readonly (readonly [readonly string[], RegExp])[] = [
        [['ledger', 'forget'], /not told what to forget\. Give some of --host HOST/],
        [['ledger', 'forget', '--all', '--host', 'a.example'], /--all and --host cannot be combined/],
        [
          ['ledger', '--host', 'a.example', 'forget', '--all'],
          /--host stands before the command it is meant for/,
        ],
        [['ledger', 'forget', '--host', ''], /--host cannot be ""\. Give a host such as/],
        [
          ['ledger', 'forget', '--host', 'https://a.example/'],
          /--host cannot be "https:.*Give a host such as/,
        ],
        [['ledger', 'forget', '--account', 'bob'], /--account cannot be "bob"\. Give a remote account/],
        [['ledger', 'forget', '--outcome', 'gon'], /--outcome cannot be "gon"\. Give one of gone, none/],
        [
          ['ledger', 'forget', '--kind', 'backups'],
          /--kind cannot be "backups"\. Give one of avatars, headers/,
        ],
        [['ledger', 'forget', '--limit', '1'], /no option --limit for cornac ledger forget/],
        [['ledger', 'forget', 'everything'], /too many words after cornac ledger forget/],
        [['ledger', '--limit', 'many'], /--limit cannot be "many"\. Give a whole number/],
        [['ledger', '--al'], /no option --al for cornac ledger\. /],
        [['ledger', 'forgt'], /no such command below cornac ledger\. There are cornac ledger explain, /],
        [['ledger', 'explain'], /thing is missing after cornac ledger explain/],
        [['ledger', 'explain', 'avatra:12'], /"avatra:12" is no account, no host and no record\. Give user@/],
        [['ledger', 'explain', 'avatar:99999999999999999999'], /is no account, no host and no record/],
        [['ledger', 'explain', 'a', 'b'], /too many words after cornac ledger explain/],
        [['setup', 'now'], /too many words after cornac setup/],
        [['setup', '--force'], /no option --force for cornac setup/],
      ]
      for (const [argv, says] of cases) {
        const [text, json] = await Promise.all([cornac(argv, env), cornac([...argv, '--json'], env)])
        assertSentence(text, { code: 2, says })
        const verb = argv[1] === 'explain' || argv[1] === 'forget' ? `ledger ${argv[1]}` : argv[0]!
        assertErrorObject(json, { code: 2, says, verb })
      }
      assert.deepEqual(await fingerprintOf(url, media), before)
    })

    test('forgetting takes what was named and says how much; then the next heal asks again', async () => {
      const left = async (): Promise<number> =>
        (await asked<LedgerAnswer>(['ledger', '--limit', '1000'], env)).records.length
      const [one] = records
      const ofAccount = records.filter(({ label }) => label === one!.label).length
      assert.match(
        await told(['ledger', 'forget', '--account', one!.label], env),
        new RegExp(`^Forgot ${ofAccount} records? and 0 hosts\\.$`, 'm'),
      )
      assert.equal(await left(), records.length - ofAccount)
      assert.match(await told(['ledger', 'forget', '--account', one!.label], env), /nothing was forgotten/)
      const headers = await asked<{ records: number; hosts: number }>(
        ['ledger', 'forget', '--kind', 'header'],
        env,
      )
      assert.equal(headers.verb, 'ledger forget')
      assert.equal(await left(), records.length - ofAccount - headers.records)
      const { hosts } = await asked<LedgerAnswer>(['ledger'], env)
      const host = hosts[0]!.host
      assert.match(
        await told(['ledger', 'forget', '--host', host], env),
        /^Forgot \d+ records? and 1 host\.$/m,
      )
      const rest = await asked<LedgerAnswer>(['ledger', '--host', host], env)
      assert.deepEqual([rest.hosts, rest.records], [[], []])
      await told(['ledger', 'forget', '--all'], env)
      assert.match(await told(['ledger'], env), /^The ledger is empty/)
      const healed = await runCornac(['heal', '--followed', '--json'], { env })
      assert.ok((JSON.parse(healed.stdout) as { healed: number }).healed > 0)
      assert.match(await told(['ledger', 'explain', one!.label], env), /knows nothing/)
    })
  })
})

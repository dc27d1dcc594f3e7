/** `cornac heal` as an admin calls it: every scope heals exactly its people, plans write nothing, exit codes are as promised. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { after, before, beforeEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { deleteFiles } from '../../lab/instance/break/delete-files.ts'
import { pruneProfiles } from '../../lab/instance/break/prune-profiles.ts'
import { diskMedia } from '../../lab/instance/media/disk-media.ts'
import { removeServerDirectory, serverDirectory } from '../../lab/servers/server-directory.ts'
import { EXIT_CODES } from '../../src/apps/cli/exit-codes.ts'
import { assertNothingLeaks, assertSentence, secretsOf } from '../assert-sentence.ts'
import { brokenInstance, type BrokenInstance } from '../broken-instance.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { needs } from '../needs.ts'
import { cornacHome, runCornac, startCornac, type CornacRun } from '../run-cornac.ts'
import { sharedPostgres } from '../shared-servers.ts'
import { signalsOf } from './targets-in-sql.ts'

interface Answer {
  readonly scope: Readonly<Record<string, unknown>>
  readonly plan: boolean
  readonly examined: number
  readonly fine: number
  readonly broken: { readonly pruned: number; readonly missing: number }
  readonly fixable: number
  readonly requests: number
  readonly without_request: number
  readonly healed: number
  readonly cleared: number
  readonly kinds: Readonly<Record<string, number>>
  readonly failed: Readonly<Record<string, number>>
  readonly skipped: Readonly<Record<string, number>>
  readonly stopped: string | null
}

/** Three accounts at the ends of one name: the domain, one below it, and one that only ends alike. */
const TREE = ['tree.example', 'leaf.tree.example', 'appletree.example'] as const

const FOLLOWS = (ours: string, theirs: string): string =>
  `SELECT f.${theirs} FROM follows f, accounts l WHERE l.id = f.${ours} AND l.domain IS NULL`

interface Scope {
  readonly argv: readonly string[]
  /** How many avatars, where that is known. */
  readonly heals?: number
  /** Ids, as the rule says in plain SQL. */
  readonly sql: string
  readonly told: Readonly<Record<string, unknown>>
}

const SCOPES: Readonly<Record<string, Scope>> = {
  '--follows-of': {
    argv: ['--follows-of', '@Alice'],
    sql: `${FOLLOWS('account_id', 'target_account_id')} AND l.username = 'alice'`,
    told: { follows_of: '@Alice' },
  },
  '--followed': {
    argv: ['--followed'],
    sql: FOLLOWS('account_id', 'target_account_id'),
    told: { followed: true },
  },
  '--followers': {
    argv: ['--followers'],
    sql: FOLLOWS('target_account_id', 'account_id'),
    told: { followers: true },
  },
  '--interacted': {
    argv: ['--interacted'],
    sql: Object.values(signalsOf(true)).join(' UNION '),
    told: { interacted: true },
  },
  '--domain': {
    argv: ['--domain', 'Tree.Example'],
    heals: 1,
    sql: `SELECT id FROM accounts WHERE domain = 'tree.example'`,
    told: { domain: 'tree.example' },
  },
  '--domain with --subdomains': {
    argv: ['--domain', 'tree.example', '--subdomains'],
    heals: 2,
    sql: `SELECT id FROM accounts WHERE domain IN ('tree.example', 'leaf.tree.example')`,
    told: { domain: 'tree.example', subdomains: true },
  },
  '--account, twice': {
    argv: ['--account', '@one@tree.example', '--account', 'TWO@leaf.tree.example'],
    heals: 2,
    sql: `SELECT id FROM accounts WHERE username IN ('one', 'two') AND domain LIKE '%tree.example'`,
    told: { accounts: ['@one@tree.example', 'TWO@leaf.tree.example'] },
  },
  '--all': { argv: ['--all'], sql: 'SELECT id FROM accounts', told: { all: true } },
}

describe('cornac heal', needs('postgres'), () => {
  let folder: string
  let home: string
  let instance: BrokenInstance
  let client: pg.Client
  before(async () => {
    folder = await serverDirectory('heal-scopes', { inMemoryBytes: 2 ** 27 })
    home = await cornacHome()
    instance = await brokenInstance({ media: diskMedia(folder) })
    client = new pg.Client({ connectionString: instance.lab.databaseUrl })
    await client.connect()
    await plantTree()
  })
  after(async () => {
    await client.end()
    await instance[Symbol.asyncDispose]()
    await rm(home, { recursive: true })
    await removeServerDirectory(folder)
  })
  beforeEach(() => instance.fediverse.clearVice())

  /** Three accounts nobody follows move to domains that are alike. */
  async function plantTree(): Promise<void> {
    const { rows } = await client.query<{ id: string }>(
      `SELECT id FROM accounts a WHERE domain LIKE '%-%.example' AND suspended_at IS NULL AND avatar_remote_url <> ''
         AND NOT EXISTS (SELECT FROM follows f WHERE a.id IN (f.account_id, f.target_account_id))
         AND domain NOT LIKE '%block%' AND domain NOT LIKE '%media%' ORDER BY id LIMIT 3`,
    )
    assert.equal(rows.length, 3)
    for (const [i, { id }] of rows.entries())
      await client.query('UPDATE accounts SET domain = $1, username = $2 WHERE id = $3', [
        TREE[i],
        ['one', 'two', 'three'][i],
        id,
      ])
  }

  async function healing(
    argv: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<CornacRun> {
    const all = { ...instance.env, ...env }
    const run = await runCornac(['heal', ...argv], { env: all, home })
    assertNothingLeaks(run, secretsOf(all))
    return run
  }

  async function asked(argv: readonly string[], code = 0, env = {}): Promise<Answer> {
    const run = await healing([...argv, '--json'], env)
    assert.deepEqual([run.code, run.stderr], [code, ''], run.stdout.slice(0, 2_000))
    return JSON.parse(run.stdout) as Answer
  }

  /** Everybody's pictures are pruned, and nothing is remembered. */
  async function breakAll(): Promise<void> {
    await pruneProfiles(instance.lab, { days: 0, includeFollows: true })
    await client.query(
      `DO $$ BEGIN IF to_regclass('cornac.ledger') IS NOT NULL THEN DELETE FROM cornac.ledger; END IF; END $$`,
    )
  }

  async function rowsNow(): Promise<Map<string, string>> {
    const { rows } = await client.query<{ id: string; row: string }>(
      'SELECT id::text, a::text AS row FROM accounts a',
    )
    return new Map(rows.map(({ id, row }) => [id, row]))
  }

  async function ids(sql: string): Promise<Set<string>> {
    const { rows } = await client.query<{ id: string }>({ text: `SELECT x.id::text FROM (${sql}) x(id)` })
    return new Set(rows.map(({ id }) => id))
  }

  describe('--plan', () => {
    test('looks and writes nothing: a user who may only read will do, and no schema is made', async () => {
      const postgres = await sharedPostgres()
      const reader = `reader_${instance.database.replaceAll('-', '_')}`
      await postgres.createRole(reader, 'only-reads', { readOnly: instance.database })
      const env = { DB_USER: reader, DB_PASS: 'only-reads' }
      const media = diskMedia(folder)
      const before = await fingerprintOf(instance.lab.databaseUrl, media)
      for (const { origin } of instance.fediverse.hosts)
        instance.fediverse.setVice(origin, { kind: 'status', status: 500 })
      const plan = await asked(['--followed', '--plan'], 0, env)
      assert.ok(plan.fixable > 5)
      assert.deepEqual([plan.plan, plan.requests + plan.without_request], [true, plan.fixable])
      assert.equal(plan.broken.pruned + plan.broken.missing + plan.fine, plan.examined)
      const text = await healing(['--all', '--plan'], env)
      assert.equal(text.code, 0)
      assert.match(text.stdout, /\d+ can be tried now: .*\n.*Nothing was changed\.\n/)
      assert.equal((await healing(['--followed', '--plan', '--exit-idle'], env)).code, 0)
      assert.deepEqual(await fingerprintOf(instance.lab.databaseUrl, media), before)
      const { rows } = await client.query("SELECT to_regnamespace('cornac') AS schema")
      assert.deepEqual(rows, [{ schema: null }])
      for (const host of instance.fediverse.hosts) assert.equal(host.visits().requests, 0)
      // The same user may not heal, and is told so before anything is fetched.
      assertSentence(await healing(['--followed'], env), {
        code: 1,
        says: /nothing was healed: the database user reader_\w+ may not change the table accounts\. Use the database user/,
      })
      for (const host of instance.fediverse.hosts) assert.equal(host.visits().requests, 0)
    })

    test('what it promises is what a heal then does', async () => {
      const plan = await asked(['--follows-of', 'alice', '--plan'])
      const done = await asked(['--follows-of', 'alice'])
      assert.deepEqual([done.healed, done.examined], [plan.fixable, plan.examined])
      assert.deepEqual([done.broken, done.kinds], [plan.broken, plan.kinds])
    })
  })

  describe('each scope heals its people and nobody else', () => {
    for (const [name, { argv, sql, told, heals }] of Object.entries(SCOPES))
      test(name, async () => {
        await breakAll()
        const inScope = await ids(sql)
        const before = await rowsNow()
        const answer = await asked(['avatars', ...argv])
        assert.deepEqual(answer.scope, told)
        assert.ok(answer.healed > 0)
        if (heals !== undefined) assert.equal(answer.healed, heals)
        const now = await rowsNow()
        const touched = [...now].filter(([id, row]) => row !== before.get(id)).map(([id]) => id)
        assert.equal(touched.length, answer.healed)
        for (const id of touched) assert.ok(inScope.has(id), `account ${id} is none of ${name}`)
        const again = await asked(['avatars', ...argv, '--plan'])
        assert.equal(again.fixable, 0, 'everybody in the scope was seen')
      })

    test('--findings: what the latest scan found, or the one that is named', async () => {
      const { lab } = instance
      await asked(['avatars', '--all'])
      const lost = await deleteFiles(lab, { share: 0.2, kinds: ['avatar', 'attachment'] })
      assert.ok(lost.findings.length > 10)
      const scanned = await runCornac(['scan', '--json', '--min-age', '0s'], { env: instance.env, home })
      assert.equal(scanned.code, 3, scanned.stderr)
      const { scan } = JSON.parse(scanned.stdout) as { scan: string }
      const found = new Set(lost.findings.map(({ kind, id }) => `${kind} ${id}`))
      const before = await rowsNow()
      const cleared = await asked(['attachments', '--findings', scan])
      assert.deepEqual(cleared.scope, { findings: scan })
      assert.ok(cleared.cleared > 0)
      assert.deepEqual(await rowsNow(), before, 'attachments alone were named')
      const healed = await asked(['avatars', 'attachments', '--findings', 'last'])
      assert.ok(healed.healed > 0)
      assert.ok(healed.fine >= cleared.cleared, 'what is cleared already is fine')
      for (const [id, row] of await rowsNow())
        if (row !== before.get(id)) assert.ok(found.has(`avatar ${id}`), `account ${id} was not found`)
      const again = await runCornac(['scan', '--json', '--min-age', '0s'], { env: instance.env, home })
      const { findings } = JSON.parse(again.stdout) as {
        findings: { code: string; kind: string; id: string | null }[]
      }
      assert.deepEqual(
        findings.filter(({ code, kind, id }) => code === 'missing' && found.has(`${kind} ${id}`)),
        [],
      )
      assert.deepEqual(
        findings.filter(({ code }) => code === 'orphan'),
        [],
      )
    })
  })

  describe('how it ends', () => {
    const HEAL = ['avatars', '--follows-of', 'alice']
    beforeEach(breakAll)

    test('0 and silence with --quiet when all is well, also when nothing is left but what nobody has', async () => {
      const run = await healing([...HEAL, '--quiet'])
      assert.deepEqual([run.code, run.stdout, run.stderr], [0, '', ''])
      await breakAll()
      for (const { origin } of instance.fediverse.hosts)
        instance.fediverse.setVice(origin, { kind: 'status', status: 404 }, 'pictures')
      const gone = await healing([...HEAL, '--quiet'])
      assert.deepEqual([gone.code, gone.stdout, gone.stderr], [0, '', ''])
      const after = await asked(HEAL)
      assert.ok(after.skipped['not-yet']! > 3)
    })

    test('6 while an origin is in trouble, and words with --quiet; 0 once it only waits', async () => {
      for (const { origin } of instance.fediverse.hosts)
        instance.fediverse.setVice(origin, { kind: 'status', status: 503 })
      const run = await healing([...HEAL, '--quiet', '--verbose'])
      assert.equal(run.code, EXIT_CODES.partial.code)
      assert.match(run.stdout, /the origin is having trouble/)
      assert.match(run.stdout, /^\S+@\S+ +avatar +unavailable +status 503$/m)
      assert.equal((await asked(HEAL)).healed, 0)
    })

    test('7 when a budget ends it, silent with --quiet; the next one goes on', async () => {
      const first = await asked([...HEAL, '--limit', '2'], EXIT_CODES.budget.code)
      assert.deepEqual([first.healed, first.stopped], [2, 'limit'])
      const second = await healing([...HEAL, '--max-bytes', '1B', '--concurrency', '1', '--quiet'])
      assert.deepEqual([second.code, second.stdout, second.stderr], [7, '', ''])
      const third = await asked([...HEAL, '--max-duration', '1h', '--limit', '1000', '--max-bytes', '1GB'])
      assert.equal(third.stopped, null)
      assert.equal((await asked([...HEAL, '--plan'])).fixable, 0)
    })

    test('8 with --exit-idle if nothing was there to heal, else 0', async () => {
      assert.equal((await healing([...HEAL, '--exit-idle'])).code, 0)
      assert.equal((await healing([...HEAL, '--exit-idle'])).code, EXIT_CODES.idle.code)
      assert.equal((await healing([...HEAL, '--exit-idle', '--plan'])).code, EXIT_CODES.idle.code)
      assert.equal((await healing(HEAL)).code, 0)
    })

    test('5 while another heal is at work, which is named; a dead one holds nobody up', async () => {
      const { hosts } = instance.fediverse
      for (const host of hosts) {
        host.forget()
        instance.fediverse.setVice(host.origin, { kind: 'silent' })
      }
      const first = await startCornac(['heal', ...HEAL], { env: instance.env })
      try {
        while (hosts.every((host) => host.visits().requests === 0)) {
          assert.equal(first.process.exitCode, null, first.stderr())
          await sleep(20)
        }
        const before = await rowsNow()
        assertSentence(await healing(HEAL), {
          code: EXIT_CODES.leased.code,
          says: new RegExp(`cornac heal on \\S+, process ${first.process.pid}\\b`),
        })
        assert.deepEqual(await rowsNow(), before)
        assert.ok((await asked([...HEAL, '--plan'])).fixable > 3, 'a plan asks nobody for leave')
      } finally {
        first.process.kill('SIGKILL')
        await first.ended
        instance.fediverse.clearVice()
      }
      assert.ok((await asked(HEAL)).healed > 3)
    })
  })
})

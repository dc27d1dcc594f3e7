/** `cornac prune`, `plans`, `apply`, `runs` and `undo` as people and scripts use them, and all they can get wrong. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { assertDocumented } from '../assert-documented.ts'
import { withClient } from '../../lab/instance/database.ts'
import { diskMedia, type DiskMedia } from '../../lab/instance/media/disk-media.ts'
import { removeServerDirectory, serverDirectory } from '../../lab/servers/server-directory.ts'
import { EXIT_CODES, type ExitName } from '../../src/apps/cli/exit-codes.ts'
import { assertErrorObject, assertNothingLeaks, assertSentence, secretsOf } from '../assert-sentence.ts'
import { brokenInstance, type BrokenInstance } from '../broken-instance.ts'
import { fingerprintOf, type Fingerprint } from '../fingerprint.ts'
import { needs } from '../needs.ts'
import { cornacHome, runCornac, startCornac, type CornacRun } from '../run-cornac.ts'
import { freshName, sharedPostgres } from '../shared-servers.ts'

type Env = Readonly<Record<string, string>>

interface Tallied {
  readonly files: number
  readonly bytes: number
}

interface PlanAnswer extends Tallied {
  readonly id: string
  readonly kept: boolean
  readonly rows: number
  readonly kinds: readonly { readonly kind: string; readonly count: number; readonly of: number }[]
  readonly caps: readonly { readonly kind: string; readonly level: string; readonly share: number }[]
}

interface RunAnswer extends Tallied {
  readonly id: string
  readonly plan: string
  readonly state: string
  readonly undo_possible: boolean
  readonly undo_until: string | null
}

interface Applied {
  readonly plan: PlanAnswer
  readonly run: RunAnswer
  readonly stopped: string | null
  readonly files: number
}

interface Listed {
  readonly plans: readonly { readonly id: string; readonly files: number; readonly run: string | null }[]
  readonly runs: readonly RunAnswer[]
  readonly more: boolean
}

/** Tests run at any hour, beside anything: guards of the moment are set aside where they are not the point. */
const ANY_TIME = ['--during-vacuum', '--beside-tootctl']
const ALL = ['avatars', 'headers', 'attachments', 'thumbnails', 'cards'].flatMap((kind) => [
  '--allow-share',
  `${kind}=100`,
])

/** A zone in which it is now that hour of the day, and some minutes. */
function zoneWhereItIs(hour: number): string {
  const ahead = (hour - new Date().getUTCHours() + 24) % 24
  // The sign of these names is that of POSIX: west is positive.
  return ahead > 12 ? `Etc/GMT+${24 - ahead}` : `Etc/GMT-${ahead}`
}

describe('prune, apply, undo', needs('postgres'), () => {
  let folder: string
  let media: DiskMedia
  let instance: BrokenInstance
  let url: string
  let home: string
  let whole: Fingerprint
  before(async () => {
    folder = await serverDirectory('prune', { inMemoryBytes: 2 ** 27 })
    media = diskMedia(join(folder, 'system'))
    instance = await brokenInstance({ media, accounts: 400, whole: true })
    url = (await sharedPostgres()).url(instance.database)
    home = await cornacHome()
    whole = await fingerprintOf(url, media)
  })
  after(async () => {
    await rm(home, { recursive: true })
    await instance[Symbol.asyncDispose]()
    await removeServerDirectory(folder)
  })

  async function cornac(argv: readonly string[], env: Env = {}): Promise<CornacRun> {
    const run = await runCornac(argv, { env: { ...instance.env, ...env }, home })
    assertNothingLeaks(run, secretsOf(instance.env))
    assert.doesNotMatch(run.stdout, /undefined|NaN|\[object|Invalid/)
    return run
  }

  /** In words, without a word besides. */
  async function told(argv: readonly string[], end: ExitName = 'done'): Promise<string> {
    const run = await cornac(argv)
    assert.deepEqual([run.code, run.stderr], [EXIT_CODES[end].code, ''], run.stdout)
    assert.doesNotMatch(run.stdout, /\bnull\b| \n/)
    return run.stdout
  }

  async function asked<Answer = Applied>(argv: readonly string[], end: ExitName = 'done'): Promise<Answer> {
    const run = await cornac([...argv, '--json'])
    assert.deepEqual([run.code, run.stderr], [EXIT_CODES[end].code, ''], run.stdout)
    const answer = JSON.parse(run.stdout) as Answer & { readonly verb: string }
    assertDocumented(answer)
    return answer
  }

  const changed = async (): Promise<boolean> => {
    const now = await fingerprintOf(url, media)
    return JSON.stringify(now) !== JSON.stringify(whole)
  }

  test('a dry run tells what would go and leaves nothing, not even tables of our own', async () => {
    const text = await told(['prune', 'attachments', 'cards', '--dry-run'])
    assert.match(text, /^\d+ files \(.*\) of \d+ rows would go, \d+ % of the \d+ that rows name\.\n/)
    assert.match(text, /Nothing was changed, and the plan was not kept\.\n/)
    assert.doesNotMatch(text, /cornac apply/)
    const { plan } = await asked(['prune', 'avatars', 'headers', '--dry-run'])
    assert.equal(plan.kept, false)
    assert.equal(await changed(), false)
    await withClient(url, async (client) => {
      const { rows } = await client.query("SELECT 1 FROM pg_namespace WHERE nspname = 'cornac'")
      assert.equal(rows.length, 0)
    })
    assert.match(await told(['plans']), /^There is no plan: /)
    assert.match(await told(['runs']), /^Nothing was applied yet\./)
  })

  test('whoever may only read gets the plan, and is told why it is not kept', async () => {
    const postgres = await sharedPostgres()
    const role = freshName('reader')
    await postgres.createRole(role, 'reader-password', { readOnly: instance.database })
    const run = await cornac(['prune', 'cards'], { DB_USER: role, DB_PASS: 'reader-password' })
    assert.equal(run.code, 0)
    assert.match(run.stdout, /the plan was not kept/)
    assert.match(run.stderr, /^cornac: The plan could not be kept, .*GRANT CREATE ON DATABASE.*\.\n$/)
    const atOnce = await cornac(['prune', 'cards', '--apply'], { DB_USER: role, DB_PASS: 'reader-password' })
    assertSentence(atOnce, { code: 2, says: /may not make the schema cornac/ })
    assert.equal(await changed(), false)
  })

  test('what cannot be meant is refused before anything is opened', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['prune'], /prune was not told what to prune\. Name some of: avatars headers attachments cards/],
      [['prune', 'emoji'], /emoji are not pruned: .* Leave emoji out/],
      [['prune', 'avatars', '--days', '0'], /however young it is\. If that is meant, name the preset/],
      [
        ['prune', 'avatars', '--preset', 'mastodon'],
        /--preset cannot be "mastodon"\. Give cornac or tootctl/,
      ],
      [['prune', 'avatars', '--max-delete', '0'], /Give a whole number above zero, or none/],
      [['prune', 'avatars', '--allow-share', 'avatars'], /Give a kind and a share of it such as avatars=60/],
      [['prune', 'avatars', '--allow-share', 'backups=5'], /--allow-share cannot be/],
      [['orphans', '--grace', '1h'], /--grace cannot be "1h"\. Give a duration of 24h or more/],
      [['orphans', 'avatars'], /too many words after cornac orphans/],
      [['orphans', '--unfinished-uploads'], /keeps neither unfinished uploads nor old versions/],
      [['prune', 'avatars', '--apply', '--dry-run'], /--dry-run and --apply cannot be combined/],
      [['orphans', '--dry-run', '--apply'], /--dry-run and --apply cannot be combined/],
      [['apply'], /plan is missing after cornac apply\. See cornac apply --help/],
      [['apply', 'last'], /there is no plan yet\. cornac prune and cornac orphans make one\./],
      [['apply', 'prune-1'], /there is no plan prune-1\./],
      [['plans', 'prune-1'], /there is no plan prune-1\./],
      [
        ['apply', 'run-prune-20261121T120000-3fa9'],
        /its plan is prune-20261121T120000-3fa9: cornac plans lists/,
      ],
      [['runs', 'run-1'], /there is no run run-1\. cornac runs lists/],
      [['runs', 'prune-20261121T120000-3fa9'], /its run, .*, is run-prune-20261121T120000-3fa9: /],
      [['undo', 'orphans-20261121T120000-3fa9'], /its run, .*, is run-orphans-20261121T120000-3fa9: /],
      [['undo', 'last'], /nothing was ever applied here\./],
      [['undo', 'run-1', '--max-duration', '0s'], /--max-duration cannot be "0s"/],
      [['undo'], /run is missing after cornac undo\./],
      [['plans', '--limit', '0'], /--limit cannot be "0"/],
    ]
    for (const [argv, says] of cases) {
      assertSentence(await cornac(argv), { code: 2, says })
      assertErrorObject(await cornac([...argv, '--json']), { code: 2, says, verb: argv[0] ?? '' })
    }
    assert.equal(await changed(), false)
  })

  test('prune makes a plan and stops; apply does it, runs tells of it, undo takes it back', async () => {
    const text = await told(['prune', 'avatars', 'headers', '--preset', 'tootctl', '--days', '10'])
    const [, id = ''] = /To go on: cornac apply (prune-\S+)\n/.exec(text) ?? []
    assert.equal(await changed(), false)
    const { plans } = await asked<Listed>(['plans'])
    assert.deepEqual([plans[0]?.id, plans[0]?.run], [id, null])
    assert.match(await told(['plans', id]), /would go/)

    const applied = await asked(['apply', id, ...ANY_TIME, ...ALL])
    assert.deepEqual([applied.run.plan, applied.run.state, applied.stopped], [id, 'done', null])
    assert.deepEqual([applied.files, applied.run.bytes], [applied.plan.files, applied.plan.bytes])
    assert.equal(applied.files, plans[0]?.files)
    assert.ok(await changed())
    assert.match(await told(['plans', id]), new RegExp(`\\nIt was applied, see cornac runs run-${id}\\n$`))
    const again = await asked<{ plan: PlanAnswer }>(
      ['prune', 'avatars', 'headers', '--preset', 'tootctl', '--days', '10', '--exit-idle'],
      'idle',
    )
    assert.deepEqual([again.plan.files, again.plan.kept], [0, false])
    assertSentence(await cornac(['apply', id, ...ANY_TIME]), { code: 2, says: /was applied before \(run-/ })

    assert.match(await told(['runs']), new RegExp(`^run .*\\nrun-${id} .* done `))
    assert.match(
      await told(['runs', 'last']),
      new RegExp(`It can be taken back until .*: cornac undo run-${id}\\n$`),
    )
    const undone = await cornac(['undo', 'last', '--json'])
    const { run, lost, healed } = JSON.parse(undone.stdout) as {
      run: RunAnswer
      lost: number
      healed: number
    }
    assert.equal(undone.code, lost > 0 ? EXIT_CODES.partial.code : 0, undone.stderr)
    assert.ok(healed > 50 && healed + lost === applied.files, undone.stdout)
    assert.deepEqual([run.state, run.undo_possible, run.undo_until], ['undone', false, null])
    assertSentence(await cornac(['undo', 'last']), {
      code: 2,
      says: /was taken back before\. What could not be .* cornac heal goes on with/,
    })
    assert.match(await told(['plans']), / taken back\n/)
  })

  test('4 in the hours of Mastodon’s vacuum, which shows with the plan too; at other hours nothing is in the way', async () => {
    const night = { TZ: zoneWhereItIs(4) }
    const plan = await cornac(['prune', 'cards', '--days', '20'], night)
    assert.match(plan.stdout, /At this moment it would be refused: .*--during-vacuum/)
    const says = /Mastodon’s own vacuum .*--during-vacuum/
    const refused = await cornac(['apply', 'last', '--beside-tootctl'], night)
    assertSentence(refused, { code: EXIT_CODES.capped.code, says })
    assertErrorObject(await cornac(['apply', 'last', '--beside-tootctl', '--json'], night), {
      code: EXIT_CODES.capped.code,
      says,
      verb: 'apply',
    })
    const noon = { TZ: zoneWhereItIs(12) }
    const day = await cornac(['prune', 'cards', '--days', '20'], noon)
    assert.doesNotMatch(day.stdout, /during-vacuum/)
    const done = await cornac(['apply', 'last', '--beside-tootctl', '--max-delete', '1'], noon)
    assert.equal(done.code, EXIT_CODES.budget.code, done.stderr)
  })

  test('7 when a limit ends it, with the line that goes on; that line ends with 0', async () => {
    const { plan, stopped, files } = await asked(
      ['prune', 'cards', '--days', '15', '--apply', '--max-delete', '3', ...ANY_TIME, ...ALL],
      'budget',
    )
    assert.deepEqual([stopped, files], ['files', 3])
    const text = await told(['apply', plan.id, '--max-delete', '2', ...ANY_TIME, ...ALL], 'budget')
    assert.match(text, /^2 files let go in .*; 5 files \(.*\) of 5 rows by the whole run: 5 cards\.\n/)
    assert.match(
      text,
      new RegExp(
        `\\(--max-delete\\)\\. The rest is left; to go on: cornac apply ${plan.id}( --allow-share \\S+)*\\n`,
      ),
    )
    const last = await asked(['apply', plan.id, ...ANY_TIME, ...ALL])
    assert.deepEqual([last.stopped, last.run.files], [null, plan.files])
    const run = await cornac(['prune', 'cards', '--days', '15', '--apply', '--quiet', ...ANY_TIME])
    assert.deepEqual([run.code, run.stdout, run.stderr], [0, '', ''])
  })

  test('4 when more of a kind would go than anybody has looked at, and above half only if it is named', async () => {
    const before = await fingerprintOf(url, media)
    const { plan } = await asked<{ plan: PlanAnswer }>(['prune', 'attachments', '--days', '20'])
    const cap = plan.caps.find(({ kind }) => kind === 'attachment')
    assert.equal(cap?.level, 'refuse')
    const text = await told(['prune', 'attachments', '--days', '20'])
    const [, line = ''] = /If that is meant: cornac (apply .*)\n/.exec(text) ?? []
    assert.match(line, /--allow-share attachments=\d+/)
    const [verb = '', id = ''] = line.split(' ')
    for (const argv of [
      ['prune', 'attachments', '--days', '20', '--apply'],
      [verb, id],
      [verb, id, '--allow-share', 'attachments=51', '--allow-share', 'avatars=100'],
    ])
      assertSentence(await cornac([...argv, ...ANY_TIME]), {
        code: EXIT_CODES.capped.code,
        says: /attachments where rows name .*--allow-share attachments=\d+\./,
      })
    assert.deepEqual(await fingerprintOf(url, media), before)
    assert.ok((await asked([...line.split(' '), ...ANY_TIME])).files > 100)
  })

  test('Ctrl-C lets the batch finish, ends with 130 and says how to go on', async () => {
    const { plan } = await asked<{ plan: PlanAnswer }>([
      ...['prune', 'avatars', 'headers', 'cards', '--preset', 'tootctl', '--days', '1'],
    ])
    const argv = ['apply', plan.id, ...ANY_TIME, ...ALL]
    // A journal that somebody else holds keeps the first batch from beginning until the signal has come.
    const running = await withClient(url, async (client) => {
      await client.query('BEGIN')
      await client.query('LOCK TABLE cornac.run_batches IN ACCESS EXCLUSIVE MODE')
      const started = await startCornac(argv, { env: instance.env, home })
      await waitsForLock(url)
      started.process.kill('SIGINT')
      while (!started.stderr().includes('Stopping')) await sleep(20)
      await client.query('COMMIT')
      return started
    })
    const run = await running.ended
    assert.equal(run.code, EXIT_CODES.interrupted.code, run.stdout + run.stderr)
    assert.match(
      run.stdout,
      new RegExp(`Interrupted; .*to go on: cornac apply ${plan.id}( --allow-share \\S+)*\\n`),
    )
    const rest = await asked(argv)
    assert.deepEqual([rest.stopped, rest.run.state], [null, 'done'])
  })

  test('5 while another one is at work, which is named; plans ask nobody for leave', async () => {
    const { plan } = await asked<{ plan: PlanAnswer }>(['prune', 'attachments', '--days', '1'])
    await withClient(url, async (client) => {
      await client.query('BEGIN')
      await client.query('LOCK TABLE cornac.run_batches IN ACCESS EXCLUSIVE MODE')
      const first = await startCornac(['apply', plan.id, ...ANY_TIME, ...ALL], { env: instance.env, home })
      try {
        await waitsForLock(url)
        assertSentence(await cornac(['apply', plan.id, ...ANY_TIME, ...ALL]), {
          code: EXIT_CODES.leased.code,
          says: new RegExp(`process ${first.process.pid}\\b`),
        })
        await told(['prune', 'attachments', '--days', '1', '--dry-run'])
      } finally {
        first.process.kill('SIGKILL')
        await first.ended
        await client.query('ROLLBACK')
      }
    })
    assert.equal((await asked(['apply', plan.id, ...ANY_TIME, ...ALL])).stopped, null)
  })
})

/** Until some statement of another connection waits for a lock. */
async function waitsForLock(url: string): Promise<void> {
  await withClient(url, async (client) => {
    for (;;) {
      const { rows } = await client.query(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      )
      if (rows.length > 0) return
      await sleep(20)
    }
  })
}

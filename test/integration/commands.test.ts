/** Every verb as scripts and people use it: text, JSON, quiet, exit codes, and what an interruption leaves. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { chmod, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { after, before, describe, test } from 'node:test'
import { Redis } from 'ioredis'
import { assertDocumented } from '../assert-documented.ts'
import { afterAccidents } from '../../lab/instance/break/breakage.ts'
import { deleteFiles } from '../../lab/instance/break/delete-files.ts'
import { leaveOrphans } from '../../lab/instance/break/leave-orphans.ts'
import { buildInstance, type LabInstance } from '../../lab/instance/build-instance.ts'
import { withClient } from '../../lab/instance/database.ts'
import { Dice } from '../../lab/instance/dice.ts'
import { findingLine, type ExpectedFinding } from '../../lab/instance/expected-findings.ts'
import { diskMedia, type DiskMedia } from '../../lab/instance/media/disk-media.ts'
import { removeServerDirectory, serverDirectory } from '../../lab/servers/server-directory.ts'
import { EXIT_CODES } from '../../src/apps/cli/exit-codes.ts'
import { assertNothingLeaks, secretsOf } from '../assert-sentence.ts'
import { brokenInstance, type BrokenInstance } from '../broken-instance.ts'
import { needs } from '../needs.ts'
import { cornacHome, runCornac, startCornac, type CornacRun } from '../run-cornac.ts'
import { freshName, sharedPostgres, sharedRedis } from '../shared-servers.ts'

const SEED = 9
const HEAL = ['heal', '--follows-of', 'alice']

let folder: string
before(async () => {
  folder = await serverDirectory('commands', { inMemoryBytes: 2 ** 29 })
})
after(() => removeServerDirectory(folder))

type Answer = Record<string, unknown> & { cornac: string; format: number; verb: string }

/** A run with --json, its envelope checked. */
async function asked(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  code: number,
): Promise<Answer> {
  const run = await runCornac([...argv, '--json'], { env })
  assert.deepEqual([run.code, run.stderr], [code, ''], run.stdout.slice(0, 2_000))
  assertNothingLeaks(run, secretsOf(env))
  const answer = JSON.parse(run.stdout) as Answer
  assert.match(answer.cornac, /^\d+\.\d+\.\d+/)
  assert.deepEqual([answer.format, answer.verb], [1, argv[0]])
  assertDocumented(answer)
  return answer
}

/** A run in words: exit code, and text on stdout alone that reads as words do. */
async function told(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  code: number,
): Promise<string> {
  const run = await runCornac(argv, { env })
  assert.deepEqual([run.code, run.stderr], [code, ''], run.stdout)
  assertNothingLeaks(run, secretsOf(env))
  assert.doesNotMatch(run.stdout, /undefined|NaN|\[object|\bnull\b| \n/)
  assert.equal(stripVTControlCharacters(run.stdout), run.stdout, 'colours in a pipe')
  return run.stdout
}

function lines(answer: Record<string, unknown>): string[] {
  return (answer['findings'] as ExpectedFinding[]).map(findingLine).sort()
}

describe('the verbs on a small broken server', needs('postgres', 'redis'), () => {
  let instance: BrokenInstance
  let env: Record<string, string>
  before(async () => {
    instance = await brokenInstance({ media: diskMedia(join(folder, 'small')) })
    const redis = await sharedRedis()
    const number = await redis.freeDatabase()
    env = { ...instance.env, ...redis.env(number) }
    const client = new Redis(redis.url(number))
    await client.sadd('processes', 'lab:1')
    client.disconnect()
    await withClient(instance.lab.databaseUrl, (sql) =>
      sql.query("DELETE FROM settings WHERE var = 'media_cache_retention_period'"),
    )
  })
  after(() => instance[Symbol.asyncDispose]())

  test('scan: findings in words, one per line with --list, and in JSON; 3 with findings', async () => {
    const answer = await asked(['scan'], env, EXIT_CODES.findings.code)
    for (const member of [
      'scan',
      'kinds',
      'started',
      'seconds',
      'parts',
      'records',
      'objects',
      'totals',
      'findings',
    ])
      assert.ok(member in answer, member)
    const found = lines(answer)
    const text = await told(['scan', '--list'], env, 3)
    const listed = text
      .split('\n')
      .filter((line) => /^(?:missing|orphan|unreadable|mismatched|pruned|stray) ./.test(line))
    const missing = found.filter((line) => line.startsWith('missing'))
    assert.ok(missing.length > 3)
    for (const line of missing) assert.ok(listed.includes(line), `${line} is not listed`)
    assert.match(text, /^\d+ records and \d+ files compared in /m)
    assert.match(await told(['scan'], env, 3), /missing +avatars +\d+/)
  })

  test('scan KIND looks at these kinds only, and ends with 0 where nothing is wrong', async () => {
    const avatars = await asked(['scan', 'avatars'], env, 3)
    assert.deepEqual(avatars['kinds'], ['avatar'])
    assert.ok(lines(avatars).every((line) => / avatar /.test(line)))
    const cards = await asked(['scan', 'card'], env, 0)
    assert.deepEqual([cards['kinds'], cards['findings']], [['card'], []])
    assert.match(await told(['scan', 'cards'], env, 0), /Nothing found/)
  })

  test('usage: every kind in words and figures; --database needs no storage', async () => {
    const answer = await asked(['usage'], env, 0)
    const { lines: kinds } = answer as unknown as {
      lines: { kind: string; measured: { count: number } | null }[]
    }
    for (const kind of ['avatar', 'header', 'attachment', 'emoji', 'card'])
      assert.ok(
        kinds.some((line) => line.kind === kind && line.measured !== null),
        kind,
      )
    const text = await told(['usage'], env, 0)
    assert.match(text, /kind +where +rows say +size +storage has +size\n/)
    assert.match(text, /^total /m)
    const quick = await told(['usage', '--database'], { ...env, PAPERCLIP_ROOT_PATH: '/nowhere' }, 0)
    assert.doesNotMatch(quick, /storage has/)
    assert.equal((await asked(['usage', '--database'], env, 0))['measured'], null)
  })

  test('doctor: 0 and silence with --quiet for a server in order, 3 and words for one that is not', async () => {
    const answer = await asked(['doctor'], env, 0)
    assert.equal(answer['healthy'], true)
    const text = await told(['doctor'], env, 0)
    for (const about of ['settings', 'database', 'storage', 'sidekiq'])
      assert.match(text, new RegExp(`good +${about} `))
    assert.equal(await told(['doctor', '--quiet'], env, 0), '')
    const ill = { ...env, REDIS_PORT: '1', REDIS_HOST: '127.0.0.1', REDIS_URL: '' }
    assert.match(
      await told(['doctor', '--quiet'], ill, 3),
      /BAD +sidekiq +Redis at 127\.0\.0\.1:1 does not answer/,
    )
  })

  test('config check: words and JSON without a secret', async () => {
    const text = await runCornac(['config', 'check'], { env })
    const json = await runCornac(['config', 'check', '--json'], { env })
    assert.deepEqual([text.code, json.code, json.stderr], [0, 0, ''])
    for (const run of [text, json]) assertNothingLeaks(run, secretsOf(env))
    assert.match(text.stdout, /lab\.example/)
    assert.equal(JSON.parse(json.stdout).configuration.instance.localDomain, 'lab.example')
  })

  test('heal: 6 where an origin has trouble, 0 afterwards, and silence with --quiet', async () => {
    for (const { origin } of instance.fediverse.hosts)
      instance.fediverse.setVice(origin, { kind: 'status', status: 503 })
    const failing = await asked(HEAL, env, EXIT_CODES.partial.code)
    assert.equal(failing['healed'], 0)
    assert.ok((failing['failed'] as { unavailable: number }).unavailable > 5)
    assert.equal(await told([...HEAL, '--quiet'], env, 0), '', 'nobody is asked again so soon')
    instance.fediverse.clearVice()
    await told(['ledger', 'forget', '--all'], env, 0)
    const text = await told(HEAL, env, 0)
    assert.match(
      text,
      /^\d+ pictures looked at, \d+ broken \(\d+ pruned, \d+ missing in storage\)\.\n\d+ healed in /,
    )
    const again = await asked(HEAL, env, 0)
    assert.equal(again['healed'], 0)
    assert.equal(await told([...HEAL, '--quiet'], env, 0), '')
    assert.equal(await told(['scan', 'cards', '--quiet'], env, 0), '')
    assert.match(await told(['scan', '--quiet'], env, 3), /missing/)
  })
})

test('demo: its numbers agree, and it leaves nothing behind', needs('postgres'), async () => {
  const home = await cornacHome()
  await chmod(home, 0o755) // as root the demo runs its PostgreSQL as somebody else
  const run = await runCornac(['demo', '--accounts', '50', '--json', '--quiet'], {
    home,
    env: { TMPDIR: home },
  })
  assert.deepEqual([run.code, run.stderr], [0, ''])
  const answer = JSON.parse(run.stdout) as Record<string, number>
  assert.ok(answer['healed']! > 0)
  assert.equal(answer['broken_after'], answer['hopeless'])
  assert.equal(answer['broken_before'], answer['healed']! + answer['hopeless']!)
  // What stays is Node's own cache of compiled modules, and the lab's empty register of running servers.
  const left = readdirSync(home, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.parentPath.includes('node-compile-cache'),
  )
  assert.deepEqual(left, [])
  await rm(home, { recursive: true })
})

describe(`an interrupted scan (seed ${SEED})`, needs('postgres'), () => {
  let lab: LabInstance & { readonly media: DiskMedia }
  let database: string
  let whole: string[]
  const SLOW = ['scan', '--concurrency', '1', '--min-age', '0s']
  before(
    async () => {
      const postgres = await sharedPostgres()
      database = freshName('interrupted')
      await postgres.createDatabase(database)
      const media = diskMedia(join(folder, 'large'))
      const built = await buildInstance({
        version: '4.6',
        databaseUrl: postgres.url(database),
        accounts: 8_000,
        attachments: 4_000,
        seed: SEED,
        pictures: 'tiny',
        media,
      })
      lab = { ...built, media }
      const accidents = [await deleteFiles(lab), await leaveOrphans(lab, { share: 0.02 })]
      const expected = afterAccidents(lab.expectedFindings(), ...accidents)
      whole = lines(await asked(SLOW, lab.env, 3))
      assert.deepEqual(whole, [...expected].map(findingLine).sort())
    },
    { timeout: 100_000 },
  )
  after(async () => (await sharedPostgres()).dropDatabase(database))

  /** Parts of the newest scan in a home that are finished. */
  function finishedParts(home: string): number {
    const scans = join(home, 'state/scans')
    if (!existsSync(scans)) return 0
    const names = readdirSync(scans, { recursive: true, encoding: 'utf8' })
    return names.filter((name) => /shard-\d+\.json$/.test(name)).length
  }

  /** Starts a scan, waits for that many finished parts, and sends the signal. */
  async function interrupted(home: string, parts: number, signal: NodeJS.Signals): Promise<CornacRun> {
    const running = await startCornac(SLOW, { env: lab.env, home })
    let over = false
    void once(running.process, 'exit').then(() => (over = true))
    while (!over && finishedParts(home) < parts) await sleep(5)
    running.process.kill(signal)
    return running.ended
  }

  /** The findings of the resumed scan; it took over what was finished, and left nothing unfinished. */
  async function resumed(home: string): Promise<{ found: string[]; parts: number }> {
    const run = await runCornac([...SLOW, '--resume', '--json'], { env: lab.env, home })
    assert.equal(run.code, 3, run.stderr)
    const answer = JSON.parse(run.stdout) as Record<string, unknown>
    return { found: lines(answer), parts: answer['resumed_parts'] as number }
  }

  test('SIGINT ends it with 130, and --resume finds what an undisturbed scan finds', async () => {
    const home = await cornacHome()
    const run = await interrupted(home, 3, 'SIGINT')
    assert.deepEqual([run.code, run.signal, run.stdout], [EXIT_CODES.interrupted.code, null, ''])
    assert.match(run.stderr, /^cornac: Stopping\..*\n[^]*cornac: Interrupted\./)
    const { found, parts } = await resumed(home)
    assert.ok(parts >= 3)
    assert.deepEqual(found, whole)
    await rm(home, { recursive: true })
  })

  test('SIGKILL at any moment, several times in a row, changes nothing about what is found', async () => {
    const dice = new Dice(SEED, 0, 0)
    const home = await cornacHome()
    let kills = 0
    let done = 0
    while (kills < 4) {
      const begun = finishedParts(home)
      const running = await startCornac([...SLOW, '--resume'], { env: lab.env, home })
      let over = false
      void once(running.process, 'exit').then(() => (over = true))
      // Every other time not before it is at work again, so that it gets on; then at any moment.
      while (kills % 2 === 0 && !over && finishedParts(home) === begun) await sleep(2)
      await sleep(dice.fraction() * 150)
      running.process.kill('SIGKILL')
      const { signal } = await running.ended
      done = finishedParts(home)
      if (signal !== 'SIGKILL') break // a quick machine finished it
      kills++
    }
    assert.ok(kills > 0)
    const { found, parts } = await resumed(home)
    if (kills === 4) assert.equal(parts, done)
    assert.deepEqual(found, whole)
    await rm(home, { recursive: true })
  })
})

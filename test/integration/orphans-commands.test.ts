/** `cornac orphans` as people and cron use it: seen once, seen twice, taken away, taken back. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { assertDocumented } from '../assert-documented.ts'
import { leaveOrphans } from '../../lab/instance/break/leave-orphans.ts'
import { withClient } from '../../lab/instance/database.ts'
import { diskMedia, type DiskMedia } from '../../lab/instance/media/disk-media.ts'
import { removeServerDirectory, serverDirectory } from '../../lab/servers/server-directory.ts'
import { assertNothingLeaks, secretsOf } from '../assert-sentence.ts'
import { brokenInstance, type BrokenInstance } from '../broken-instance.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { needs } from '../needs.ts'
import { cornacHome, runCornac } from '../run-cornac.ts'
import { sharedPostgres } from '../shared-servers.ts'

interface Answer {
  readonly plan: { readonly id: string; readonly files: number; readonly request: { what: string } } | null
  readonly seen: {
    readonly orphans: number
    readonly once: number
    readonly next: string | null
    readonly outside_cache: number
    readonly strays: number
  }
  readonly run?: { readonly objects_moved: number; readonly quarantine_until: string | null }
}

/** Tests run at any hour, beside anything, and a small server has few files of each kind. */
const ANY_TIME = [
  '--during-vacuum',
  '--beside-tootctl',
  ...['avatars', 'headers', 'attachments', 'thumbnails', 'cards', 'emoji'].flatMap((kind) => [
    '--allow-share',
    `${kind}=100`,
  ]),
]

describe('orphans', needs('postgres'), () => {
  let folder: string
  let media: DiskMedia
  let instance: BrokenInstance
  let url: string
  let home: string
  /** Those that may go. */
  let left: readonly string[]
  let outside: number
  before(async () => {
    folder = await serverDirectory('orphans', { inMemoryBytes: 2 ** 27 })
    media = diskMedia(join(folder, 'system'))
    instance = await brokenInstance({ media, accounts: 60, whole: true })
    url = (await sharedPostgres()).url(instance.database)
    home = await cornacHome()
    const { findings } = await leaveOrphans(instance.lab, { share: 0.2 })
    const keys = findings.map(({ key }) => key ?? '')
    left = keys.filter((key) => key.startsWith('cache/'))
    outside = keys.length - left.length
    assert.ok(left.length > 5 && outside > 0, `${left.length} and ${outside}`)
  })
  after(async () => {
    await rm(home, { recursive: true })
    await instance[Symbol.asyncDispose]()
    await removeServerDirectory(folder)
  })

  async function orphans(argv: readonly string[]): Promise<string> {
    const run = await runCornac(['orphans', ...argv], { env: instance.env, home })
    assertNothingLeaks(run, secretsOf(instance.env))
    assert.deepEqual([run.code, run.stderr], [0, ''], run.stdout)
    return run.stdout
  }

  async function told(...argv: string[]): Promise<string> {
    const text = await orphans(argv)
    assert.doesNotMatch(text, /undefined|NaN|\[object|Invalid|\bnull\b/)
    return text
  }

  const asked = async (...argv: string[]): Promise<Answer> => {
    const answer = JSON.parse(await orphans([...argv, '--json'])) as Answer & { readonly verb: string }
    assertDocumented(answer)
    return answer
  }

  const there = async (): Promise<number> => {
    const found = await Promise.all(left.map((key) => media.get(key)))
    return found.filter((bytes) => bytes !== null).length
  }

  test('a dry run remembers nothing, and says so', async () => {
    const text = await told('--dry-run')
    assert.match(
      text,
      new RegExp(
        `^${left.length} orphans \\(.*\\) seen under cache/\\. Nothing was remembered: this scan is not`,
      ),
    )
    await withClient(url, async (client) => {
      const { rows } = await client.query("SELECT 1 FROM pg_namespace WHERE nspname = 'cornac'")
      assert.equal(rows.length, 0)
    })
  })

  test('seen once, nothing can go; the text says from when on', async () => {
    const before = await fingerprintOf(url, media)
    const text = await told('--apply', ...ANY_TIME)
    assert.match(text, /^Nothing can go yet\.\n/)
    assert.match(
      text,
      new RegExp(
        `\\n${left.length} orphans \\(.*\\) were not seen long enough yet: the first can go from .* on; run`,
      ),
    )
    assert.match(
      text,
      new RegExp(`\\n${outside} orphans? \\(.*\\) outside cache/ left alone: they may be local media`),
    )
    assert.match(text, /\n\d+ files? \(.*\) with names of no kind Cornac knows: never touched\.\n/)
    const { plan, seen } = await asked()
    assert.equal(plan, null)
    assert.deepEqual([seen.orphans, seen.once, seen.outside_cache], [left.length, left.length, outside])
    assert.ok(Date.parse(seen.next ?? '') > Date.now() + 23 * 3_600_000)
    assert.deepEqual(await fingerprintOf(url, media), before)
  })

  test('seen twice they wait in quarantine, and come back whole', async () => {
    await withClient(url, (client) =>
      client.query("UPDATE cornac.orphan_sightings SET first_scan_at = first_scan_at - interval '25 hours'"),
    )
    const before = await fingerprintOf(url, media)
    const text = await told()
    assert.match(
      text,
      new RegExp(`^${left.length} orphans \\(.*\\) would go: files that no row claims, seen by two`),
    )
    assert.match(text, /kept in quarantine for 7 d\.\n/)
    assert.match(text, /It can be taken back with cornac undo for 7 d\.\n$/)
    assert.deepEqual(await fingerprintOf(url, media), before)

    const { plan, run } = await asked('--apply', ...ANY_TIME)
    assert.deepEqual([plan?.files, run?.objects_moved, await there()], [left.length, left.length, 0])
    assert.ok(Date.parse(run?.quarantine_until ?? '') > Date.now() + 6.9 * 86_400_000)

    const undone = await runCornac(['undo', 'last'], { env: instance.env, home })
    assert.deepEqual([undone.code, undone.stderr], [0, ''], undone.stdout)
    assert.match(
      undone.stdout,
      new RegExp(`^${left.length} files brought back in .*: ${left.length} came from quarantine`),
    )
    const files = (all: readonly string[]): readonly string[] =>
      all.filter((line) => !line.startsWith('cornac/'))
    assert.deepEqual(files((await fingerprintOf(url, media)).files), before.files)
  })
})

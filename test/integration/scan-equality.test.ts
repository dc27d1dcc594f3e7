/**
 * A scan finds exactly what was broken, and the same on every storage, for every version of Mastodon.
 *
 * Media are brought back to the unbroken state of the next version between the rounds, so each store is filled only once;
 * the database is built once per version and copied for each store.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { afterAccidents } from '../../lab/instance/break/breakage.ts'
import { deleteFiles } from '../../lab/instance/break/delete-files.ts'
import { dropPrefix } from '../../lab/instance/break/drop-prefix.ts'
import { leaveOrphans } from '../../lab/instance/break/leave-orphans.ts'
import { pruneProfiles } from '../../lab/instance/break/prune-profiles.ts'
import { scatterStrays } from '../../lab/instance/break/scatter-strays.ts'
import { truncateFiles } from '../../lab/instance/break/truncate-files.ts'
import { buildInstance, type LabInstance } from '../../lab/instance/build-instance.ts'
import { findingLine, type ExpectedFinding } from '../../lab/instance/expected-findings.ts'
import { diskMedia } from '../../lab/instance/media/disk-media.ts'
import type { MediaSink } from '../../lab/instance/media/media-sink.ts'
import { s3Media } from '../../lab/instance/media/s3-media.ts'
import { inParallel, putClaim } from '../../lab/instance/media/write-media.ts'
import { drawPictures } from '../../lab/instance/pictures.ts'
import { LAB_VERSIONS, type LabVersion } from '../../lab/instance/schema/schema.ts'
import { removeServerDirectory, serverDirectory } from '../../lab/servers/server-directory.ts'
import { ALL_KINDS } from '../../src/core/model/media.ts'
import { silentProgress } from '../../src/core/ports/runtime.ts'
import { scan, type ScanResult } from '../../src/core/scan.ts'
import type { LabPostgres } from '../../lab/servers/postgres.ts'
import { needs } from '../needs.ts'
import { openLab } from '../open-lab.ts'
import { freshName, sharedPostgres, sharedRgw, sharedSwift } from '../shared-servers.ts'

const ACCOUNTS = 10_000
const SEED = 11
/** The first test of a store fills it, and Swift takes some 200 files a second. */
const FILL_MS = 300_000
const NOW = new Date('2026-11-01T00:00:00Z')

const pictures = drawPictures(SEED, 'tiny')
const expectedByVersion = new Map<LabVersion, readonly string[]>()
const measuredByVersion = new Map<LabVersion, unknown>()
const templates = new Map<LabVersion, Promise<{ name: string; lab: LabInstance }>>()

/** One unbroken database per version, built on first use. */
function template(postgres: LabPostgres, version: LabVersion): Promise<{ name: string; lab: LabInstance }> {
  const known = templates.get(version)
  if (known !== undefined) return known
  const made = (async () => {
    const name = freshName('equality')
    await postgres.createDatabase(name)
    const lab = await buildInstance({
      version,
      databaseUrl: postgres.url(name),
      accounts: ACCOUNTS,
      attachments: 1_200,
      emoji: 200,
      cards: 300,
      // Most profiles of a server that prunes are pruned; it also keeps filling the slower stores bearable.
      prunedShare: 0.6,
      seed: SEED,
      now: NOW,
      pictures: await pictures,
    })
    return { name, lab }
  })()
  templates.set(version, made)
  return made
}

/** Puts what is missing or different, removes what is too much: storage then holds exactly what the instance claims. */
async function restore(lab: LabInstance, media: MediaSink): Promise<void> {
  const there = new Map<string, number>()
  for await (const { key, bytes } of media.list('')) there.set(key, bytes)
  const lacking = function* (): Iterable<
    ReturnType<LabInstance['claims']> extends Iterable<infer C> ? C : never
  > {
    for (const claim of lab.claims()) {
      const same = there.get(claim.key) === claim.bytes
      there.delete(claim.key)
      if (!same) yield claim
    }
  }
  await inParallel(lacking(), media.concurrency, (claim) => putClaim(media, claim))
  const surplus = [...there.keys()]
  for (let at = 0; at < surplus.length; at += 500) await media.remove(surplus.slice(at, at + 500))
}

async function breakIt(lab: LabInstance): Promise<readonly ExpectedFinding[]> {
  const before = [...lab.expectedFindings()]
  return afterAccidents(
    before,
    await leaveOrphans(lab, { share: 0.03 }),
    await deleteFiles(lab, { share: 0.05, local: true }),
    await truncateFiles(lab, { share: 0.03 }),
    await scatterStrays(lab),
    await dropPrefix(lab, 'cache/preview_cards/'),
  ).filter(({ code, key }) => {
    // What lay under the dropped prefix is neither too small nor an orphan any more: it is gone.
    return code === 'missing' || !(key ?? '').startsWith('cache/preview_cards/')
  })
}

async function scanAll(
  env: Readonly<Record<string, string>>,
): Promise<{ result: ScanResult; found: string[] }> {
  const opened = await openLab(env)
  try {
    const { instance } = opened
    const result = await scan(
      {
        records: await instance.database(),
        objects: await instance.storage(),
        store: await instance.scans(),
        clock: instance.clock,
      },
      {
        instance: 'equality',
        kinds: ALL_KINDS,
        minAgeMs: 0,
        concurrency: 4,
        resume: false,
        rowsPerShard: 3_000,
      },
      { progress: silentProgress },
    )
    const found: string[] = []
    for await (const page of result.findings())
      for (const { code, kind, id, key } of page)
        found.push(findingLine({ code, kind, id, key } as ExpectedFinding))
    return { result, found }
  } finally {
    await opened.close()
  }
}

function storageSuite(name: string, open: () => Promise<MediaSink>, options: { skip: false | string }): void {
  describe(`scan of ${ACCOUNTS} accounts on ${name}`, options, () => {
    let media: MediaSink
    before(async () => {
      media = await open()
    })
    after(() => media.close())

    for (const version of LAB_VERSIONS)
      test(
        `Mastodon ${version}: exactly what was broken is found, and what was pruned`,
        { timeout: FILL_MS },
        async () => {
          const postgres = await sharedPostgres()
          const { name: unbroken, lab } = await template(postgres, version)
          const database = freshName('equality')
          await postgres.createDatabase(database, { template: unbroken })
          try {
            const copy: LabInstance = { ...lab, databaseUrl: postgres.url(database), media }
            await restore(copy, media)
            const pruned = await pruneProfiles(copy, { days: 200, now: NOW })
            const expected = afterAccidents(await breakIt(copy), pruned)
              .map(findingLine)
              .sort()
            const { result, found } = await scanAll({ ...lab.env, ...postgres.env(database), ...media.env })
            assert.deepEqual(difference(found, expected), [], 'found, though nobody broke it')
            assert.deepEqual(difference(expected, found), [], 'broken, and not found')
            assert.equal(found.length, expected.length)
            assertSameAsElsewhere(version, found.sort(), result)
            for (const code of ['missing', 'pruned', 'orphan', 'stray', 'mismatched'])
              assert.ok(
                expected.some((line) => line.startsWith(code)),
                `the lab broke nothing that is ${code}`,
              )
          } finally {
            await postgres.dropDatabase(database)
          }
        },
      )
  })
}

function difference(a: readonly string[], b: readonly string[]): string[] {
  const known = new Set(b)
  return a.filter((line) => !known.has(line)).slice(0, 20)
}

/** The first store sets the figures, the others must meet them. */
function assertSameAsElsewhere(version: LabVersion, found: readonly string[], { totals }: ScanResult): void {
  const measured = { measured: totals.measured, objects: totals.objects, findings: sorted(totals.findings) }
  const elsewhere = expectedByVersion.get(version)
  if (elsewhere === undefined) {
    expectedByVersion.set(version, found)
    measuredByVersion.set(
      version,
      JSON.parse(JSON.stringify({ ...measured, measured: sorted(totals.measured) })),
    )
    return
  }
  assert.deepEqual(found, elsewhere)
  assert.deepEqual({ ...measured, measured: sorted(totals.measured) }, measuredByVersion.get(version))
}

function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
}

describe('one instance, three storages', () => {
  let folder: string
  storageSuite(
    'disk',
    async () => {
      folder = await serverDirectory('equality', { inMemoryBytes: 2 ** 30 })
      const media = diskMedia(folder)
      return { ...media, close: () => removeServerDirectory(folder) }
    },
    needs('postgres'),
  )
  storageSuite(
    'Ceph RGW',
    async () => s3Media({ ...(await sharedRgw()).address, bucket: freshName('equality') }),
    needs('postgres', 'ceph-rgw'),
  )
  storageSuite(
    'Swift (s3api)',
    async () => s3Media({ ...(await sharedSwift()).s3, bucket: freshName('equality') }),
    needs('postgres', 'swift'),
  )
})

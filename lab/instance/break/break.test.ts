import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { needs } from '../../../test/needs.ts'
import { freshName, sharedPostgres } from '../../../test/shared-servers.ts'
import { removeServerDirectory, serverDirectory } from '../../servers/server-directory.ts'
import { buildInstance, type LabInstance } from '../build-instance.ts'
import { withClient } from '../database.ts'
import { findingLine, type ExpectedFinding } from '../expected-findings.ts'
import { diskMedia, type DiskMedia } from '../media/disk-media.ts'
import { naiveScan } from '../naive-scan.ts'
import { drawPictures } from '../pictures.ts'
import { afterAccidents, type Breakage } from './breakage.ts'
import { closeFiles, closeFolder } from './close-files.ts'
import { deleteFiles } from './delete-files.ts'
import { dropPrefix } from './drop-prefix.ts'
import { leaveOrphans } from './leave-orphans.ts'
import { pruneProfiles } from './prune-profiles.ts'
import { scatterStrays } from './scatter-strays.ts'
import { truncateFiles } from './truncate-files.ts'

const SEED = 77
const folder = await serverDirectory('lab-media', { inMemoryBytes: 2 ** 28 })
after(() => removeServerDirectory(folder))
const pictures = await drawPictures(SEED, 'tiny')
const database = needs('postgres')

async function built(): Promise<LabInstance & { readonly media: DiskMedia }> {
  const postgres = await sharedPostgres()
  const name = freshName('broken')
  await postgres.createDatabase(name)
  const media = diskMedia(join(folder, name))
  const options = { version: '4.6', accounts: 400, seed: SEED, pictures, media } as const
  return { ...(await buildInstance({ ...options, databaseUrl: postgres.url(name) })), media }
}

/** The scan finds what was there before and what the accidents report: no more, no less. */
async function assertFound(
  instance: LabInstance & { readonly media: DiskMedia },
  expected: Iterable<ExpectedFinding>,
): Promise<void> {
  const isShut = (key: string) => (statSync(instance.media.pathOf(key)).mode & 0o044) === 0
  const found = await naiveScan({ ...instance, isShut })
  assert.deepEqual(found.map(findingLine).sort(), [...expected].map(findingLine).sort())
}

function countOf(breakage: Breakage, code: ExpectedFinding['code']): number {
  return breakage.findings.filter((finding) => finding.code === code).length
}

test(`several accidents add up to exactly what each reports (seed ${SEED})`, database, async () => {
  const instance = await built()
  const before = [...instance.expectedFindings()]
  const accidents = [
    await deleteFiles(instance),
    await closeFiles(instance, { share: 0.1 }),
    await truncateFiles(instance),
    await leaveOrphans(instance, { share: 0.1 }),
    await scatterStrays(instance),
  ]
  for (const accident of accidents) assert.ok(accident.findings.length > 5)
  await assertFound(instance, afterAccidents(before, ...accidents))
})

test('a pruned instance keeps whom it follows, and loses everybody else who is quiet', database, async () => {
  const instance = await built()
  const before = [...instance.expectedFindings()]
  const first = await pruneProfiles(instance, { days: 7 })
  assert.ok(countOf(first, 'pruned') > 50)
  await assertFound(instance, afterAccidents(before, first))
  const followed = await withClient(instance.databaseUrl, (client) =>
    client.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM follows f JOIN accounts a ON a.id IN (f.account_id, f.target_account_id)
        WHERE a.avatar_file_name IS NOT NULL AND a.domain IS NOT NULL`,
    ),
  )
  assert.ok((followed.rows[0]?.count ?? 0) > 0)
  const second = await pruneProfiles(instance, { days: 7, includeFollows: true })
  assert.ok(second.findings.length > 0)
  await assertFound(instance, afterAccidents(before, first, second))
  assert.deepEqual((await pruneProfiles(instance, { days: 7, includeFollows: true })).findings, [])
})

test('pruning headers leaves avatars alone', database, async () => {
  const instance = await built()
  const accident = await pruneProfiles(instance, { headersOnly: true, includeFollows: true })
  assert.ok(accident.findings.length > 0)
  assert.ok(accident.findings.every((finding) => finding.kind === 'header'))
  await assertFound(instance, afterAccidents(instance.expectedFindings(), accident))
})

test('a dropped prefix is missing to the last file', database, async () => {
  const instance = await built()
  const accident = await dropPrefix(instance, 'cache/accounts/headers/')
  assert.equal(accident.files, accident.findings.length)
  await assertFound(instance, afterAccidents(instance.expectedFindings(), accident))
})

test('a closed folder makes everything below it unreadable, until it is opened', database, async () => {
  const instance = await built()
  const accident = await closeFolder(instance, 'cache/custom_emojis')
  assert.equal(statSync(instance.media.pathOf('cache/custom_emojis')).mode & 0o777, 0)
  assert.ok(accident.findings.length > 20)
  assert.ok(accident.findings.every((finding) => finding.code === 'unreadable' && finding.kind === 'emoji'))
  await accident.reopen()
  await assertFound(instance, instance.expectedFindings())
})

/** What takes space in a bucket beside its objects: seen whole, and removed by exact ids only. */
import assert from 'node:assert/strict'
import { CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import { describe, test } from 'node:test'
import { slowDown, withoutBulkRemoval } from '../../lab/servers/s3-vices/removing.ts'
import { withoutVersions } from '../../lab/servers/s3-vices/rights.ts'
import { connectS3 } from '../../src/adapters/storage/s3/connection.ts'
import { listUploads } from '../../src/adapters/storage/s3/list-uploads.ts'
import { listVersions } from '../../src/adapters/storage/s3/list-versions.ts'
import { readOnly } from '../../src/adapters/storage/wrap/read-only.ts'
import { LocalMediaRefused, spareLocal } from '../../src/adapters/storage/wrap/spare-local.ts'
import type { BucketLeftovers, KeyRange, OldVersion, UnfinishedUpload } from '../../src/core/ports/storage.ts'
import { needs } from '../needs.ts'
import { s3Settings } from './storage-s3.ts'
import { openS3Stage, type S3Stage } from './storage-s3-stage.ts'

const EVERYTHING: KeyRange = { after: '', through: null }
const KEYS = ['cache/a b.png', 'cache/a+b.png', 'cache/x/1.png', 'cache/x/é 100%.png', 'cache/y.png']
const LOCAL = 'media_attachments/files/1/original/film.mp4'

async function gather<Entry>(pages: AsyncIterable<readonly Entry[]>): Promise<Entry[]> {
  const all: Entry[] = []
  for await (const page of pages) all.push(...page)
  return all
}

/** Begins an upload of one part and leaves it. */
async function leaveUpload(stage: S3Stage, key: string): Promise<string> {
  const { UploadId } = await stage.client.send(
    new CreateMultipartUploadCommand({ Bucket: stage.bucket, Key: key }),
  )
  const part = { Bucket: stage.bucket, Key: key, UploadId, PartNumber: 1, Body: Buffer.alloc(10) }
  await stage.client.send(new UploadPartCommand(part))
  return UploadId!
}

function leftoversOf(stage: S3Stage, ...[vices, settings]: Parameters<S3Stage['open']>): BucketLeftovers {
  return stage.open(vices, settings).leftovers!
}

describe('unfinished uploads', needs('ceph-rgw'), () => {
  test('are listed page by page with key, id and time, and removed by their ids', async () => {
    await using stage = await openS3Stage()
    const expected: string[] = []
    for (const key of [...KEYS, ...KEYS, LOCAL]) expected.push(`${key} ${await leaveUpload(stage, key)}`)
    const shown = (uploads: readonly UnfinishedUpload[]) =>
      uploads.map(({ key, uploadId }) => `${key} ${uploadId}`).sort()
    for (const pageEntries of [1, 2, 3, 1000]) {
      const connection = connectS3(s3Settings(stage.target, stage.bucket))
      const uploads = await gather(listUploads(connection, pageEntries, {}))
      await connection.close()
      assert.deepEqual(shown(uploads), expected.toSorted())
      for (const { startedAtMs } of uploads) assert.ok(Math.abs(startedAtMs - Date.now()) < 600_000)
    }
    assert.deepEqual(await stage.keys(), [], 'no listing of objects shows them')

    const leftovers = leftoversOf(stage, [slowDown(0.5, alternate()), withoutBulkRemoval()])
    const uploads = await gather(leftovers.unfinishedUploads())
    const [spared, ...others] = uploads.filter(({ key }) => key !== LOCAL)
    const unknown = { key: KEYS[0]!, uploadId: '2~nobody-began-this' }
    assert.deepEqual(
      await leftovers.removeUploads([...others, unknown]),
      [...others, unknown].map(({ key, uploadId }) => ({ key, uploadId, removed: true })),
    )
    const left = await gather(leftovers.unfinishedUploads())
    assert.deepEqual(shown(left), shown([spared!, ...uploads.filter(({ key }) => key === LOCAL)]))
  })

  test('are seen whole where each page is removed before the next is asked for', async () => {
    for (const pageEntries of [1, 2, 3]) {
      await using stage = await openS3Stage()
      for (const key of [...KEYS, ...KEYS, ...KEYS]) await leaveUpload(stage, key)
      const connection = connectS3(s3Settings(stage.target, stage.bucket))
      const leftovers = leftoversOf(stage, [])
      for await (const page of listUploads(connection, pageEntries, {})) await leftovers.removeUploads(page)
      await connection.close()
      assert.deepEqual(await gather(leftovers.unfinishedUploads()), [], `${pageEntries} in a page`)
    }
  })

  test('below a key prefix are told without it, and others are not seen', async () => {
    await using stage = await openS3Stage()
    await leaveUpload(stage, 'cache/other.png')
    const uploadId = await leaveUpload(stage, 'sub/cache/mine.png')
    const leftovers = leftoversOf(stage, [], { keyPrefix: 'sub' })
    const [mine, ...more] = await gather(leftovers.unfinishedUploads())
    assert.deepEqual(more, [])
    assert.deepEqual(mine, { key: 'cache/mine.png', uploadId, startedAtMs: mine!.startedAtMs })
    assert.equal((await leftovers.removeUploads([mine]))[0]?.removed, true)
    assert.deepEqual(await gather(leftovers.unfinishedUploads()), [])
  })
})

describe('old versions', needs('ceph-rgw'), () => {
  /** Two versions of each key, then half of the keys removed: 5 old versions, 3 that were removed, 3 markers. */
  async function age(stage: S3Stage): Promise<void> {
    await stage.keepVersions()
    await stage.fill(KEYS)
    await stage.fill(KEYS)
    const removed = await stage.open([]).remove(KEYS.filter((_, i) => i % 2 === 0))
    assert.ok(removed.every((answer) => answer.removed))
  }
  const shown = (versions: readonly OldVersion[]) =>
    versions.map(({ key, versionId, deleteMarker }) => `${key} ${versionId}${deleteMarker ? ' marker' : ''}`)

  test('and markers are listed page by page, and the objects themselves are not among them', async () => {
    await using stage = await openS3Stage()
    await age(stage)
    assert.deepEqual(await stage.open([]).removalTraits(), { versioned: true, bulkRemoval: null })
    assert.deepEqual(await stage.keys(), [KEYS[1], KEYS[3]])
    for (const pageEntries of [1, 2, 3, 1000]) {
      const connection = connectS3(s3Settings(stage.target, stage.bucket))
      const old = await gather(listVersions(connection, pageEntries, EVERYTHING, {}))
      assert.equal(old.length, 5 + 3 + 3)
      assert.equal(new Set(shown(old)).size, old.length)
      assert.deepEqual(
        old.map(({ key }) => key),
        old.map(({ key }) => key).sort(),
      )
      for (const each of old) {
        assert.equal(each.bytes, each.deleteMarker ? 0 : 2)
        assert.equal(each.isLatest, each.deleteMarker)
        assert.ok(Math.abs(each.modifiedAtMs - Date.now()) < 600_000)
      }
      for (const [after, through] of [
        [KEYS[0]!, KEYS[2]!],
        [KEYS[1]!, KEYS[1]!],
        ['', KEYS[3]!],
        ['cache/x', null],
      ] as const)
        assert.deepEqual(
          shown(await gather(listVersions(connection, pageEntries, { after, through }, {}))).sort(),
          shown(old.filter(({ key }) => key > after && (through === null || key <= through))).sort(),
          `${pageEntries} ${after} ${through}`,
        )
      await connection.close()
    }
  })

  test('are removed by exact ids, in bulk or one by one, and what nobody named stays', async () => {
    for (const vices of [[], [withoutBulkRemoval()], [slowDown(0.5, alternate())]]) {
      await using stage = await openS3Stage()
      await age(stage)
      const leftovers = leftoversOf(stage, vices)
      const old = await gather(leftovers.oldVersions(EVERYTHING))
      const live = (await stage.versions()).filter((each) => !shown(old).includes(each))
      assert.equal(live.length, 2)
      // Of one key the marker goes last, so that nothing comes back.
      const files = old.filter(({ deleteMarker }) => !deleteMarker)
      const markers = old.filter(({ deleteMarker }) => deleteMarker)
      for (const part of [files, markers]) {
        assert.deepEqual(
          await leftovers.removeVersions(part),
          part.map(({ key, versionId }) => ({ key, versionId, removed: true })),
        )
        assert.deepEqual(await stage.keys(), [KEYS[1], KEYS[3]])
      }
      assert.deepEqual(await stage.versions(), live)
      assert.deepEqual(await leftovers.removeVersions(files.slice(0, 1)), [
        { key: files[0]!.key, versionId: files[0]!.versionId, removed: true },
      ])
    }
  })

  test('come back as objects when the marker that hides them is removed', async () => {
    await using stage = await openS3Stage()
    await age(stage)
    const leftovers = leftoversOf(stage, [])
    const old = await gather(leftovers.oldVersions({ after: KEYS[1]!, through: KEYS[2]! }))
    const marker = old.find(({ deleteMarker }) => deleteMarker)!
    await leftovers.removeVersions([marker])
    assert.deepEqual(await stage.keys(), [KEYS[1], KEYS[2], KEYS[3]])
  })

  test('while keeping is suspended nobody can say whether what is removed stays', async () => {
    await using stage = await openS3Stage()
    await stage.keepVersions('Suspended')
    assert.equal((await stage.open([]).removalTraits()).versioned, null)
  })
})

describe('leftovers', needs('ceph-rgw'), () => {
  test('of a store that knows neither versions nor uploads are not offered, and whether it keeps is unknown', async () => {
    await using stage = await openS3Stage()
    const storage = stage.open([withoutVersions])
    const notOffered = { code: 'storage-not-offered' }
    await assert.rejects(gather(storage.leftovers!.oldVersions(EVERYTHING)), notOffered)
    await assert.rejects(gather(storage.leftovers!.unfinishedUploads()), notOffered)
    assert.deepEqual(await storage.removalTraits(), { versioned: null, bulkRemoval: null })
  })

  test('of local media are spared, and one of them stops the whole call', async () => {
    await using stage = await openS3Stage()
    const local = { key: LOCAL, uploadId: await leaveUpload(stage, LOCAL) }
    const remote = { key: KEYS[0]!, uploadId: await leaveUpload(stage, KEYS[0]!) }
    const sparing = spareLocal(stage.open([]))
    const leftovers = sparing.leftovers!
    await assert.rejects(leftovers.removeUploads([remote, local]), LocalMediaRefused)
    await assert.rejects(leftovers.removeVersions([{ key: LOCAL, versionId: 'null' }]), LocalMediaRefused)
    assert.equal((await gather(leftovers.unfinishedUploads())).length, 2)
    const withdraw = sparing.vouchFor([LOCAL])
    assert.ok((await leftovers.removeUploads([remote, local])).every(({ removed }) => removed))
    withdraw()
    assert.deepEqual(await gather(leftovers.unfinishedUploads()), [])
  })

  test('are seen and not removed by those who only look', async () => {
    await using stage = await openS3Stage()
    const upload = { key: KEYS[0]!, uploadId: await leaveUpload(stage, KEYS[0]!) }
    const { leftovers } = readOnly(stage.open([]))
    const refused = { code: 'storage-read-only' }
    await assert.rejects(leftovers!.removeUploads([upload]), refused)
    await assert.rejects(leftovers!.removeVersions([{ key: KEYS[0]!, versionId: 'null' }]), refused)
    assert.equal((await gather(leftovers!.unfinishedUploads())).length, 1)
  })
})

/** 0, 1, 0, 1... */
function alternate(): () => number {
  let asked = 0
  return () => asked++ % 2
}

/** What usage says of what a real bucket holds beside its files. */
import assert from 'node:assert/strict'
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { describe, test } from 'node:test'
import { assertDocumented } from '../assert-documented.ts'
import { s3Media } from '../../lab/instance/media/s3-media.ts'
import type { S3Vice } from '../../lab/servers/s3-dialect.ts'
import { refuse } from '../../lab/servers/s3-vices/recognise.ts'
import { withoutVersions } from '../../lab/servers/s3-vices/rights.ts'
import { openMemoryStorage } from '../../src/adapters/storage/memory.ts'
import { countLeftovers } from '../../src/core/count-leftovers.ts'
import { silentProgress } from '../../src/core/ports/runtime.ts'
import { brokenInstance } from '../broken-instance.ts'
import { needs } from '../needs.ts'
import { runCornac } from '../run-cornac.ts'
import { openS3Stage, type S3Stage } from './storage-s3-stage.ts'

const KEYS = Array.from({ length: 7 }, (_, i) => `cache/x/${i}.png`)
const NO_UPLOADS = { count: 0, oldestAtMs: null }
const quietly = { progress: silentProgress }

async function leaveUpload(stage: S3Stage, key: string): Promise<void> {
  const at = { Bucket: stage.bucket, Key: key }
  const { UploadId } = await stage.client.send(new CreateMultipartUploadCommand(at))
  const part = { ...at, UploadId, PartNumber: 1, Body: Buffer.alloc(10) }
  await stage.client.send(new UploadPartCommand(part))
}

async function giveUpUploads(stage: S3Stage): Promise<void> {
  const { Uploads = [] } = await stage.client.send(new ListMultipartUploadsCommand({ Bucket: stage.bucket }))
  for (const { Key, UploadId } of Uploads)
    await stage.client.send(new AbortMultipartUploadCommand({ Bucket: stage.bucket, Key, UploadId }))
}

/** Refuses the lists whose question the pattern finds, as to a key without the right. */
function mayNotList(question: RegExp): S3Vice {
  return async (asked, pass) =>
    asked.method === 'GET' && question.test(asked.url) ? refuse(403, 'AccessDenied') : await pass(asked)
}

describe('leftovers counted', needs('ceph-rgw'), () => {
  test('a bucket that keeps versions: old ones with their bytes, markers, uploads and the oldest of them', async () => {
    await using stage = await openS3Stage()
    await stage.keepVersions()
    for (let times = 0; times < 3; times++) await stage.fill(KEYS)
    await stage.open([]).remove(KEYS.slice(0, 4))
    const before = Date.now()
    for (const key of ['cache/a.mp4', 'cache/b.mp4']) await leaveUpload(stage, key)
    const counted = await countLeftovers(stage.open([]), quietly)
    assert.deepEqual(counted?.versions, { count: 3 * 2 + 4 * 3, bytes: 2 * 18, deleteMarkers: 4 })
    assert.deepEqual(counted.uncounted, [])
    assert.equal(counted.uploads?.count, 2)
    // RGW's clock is this machine's, told to the millisecond or the second.
    assert.ok(Math.abs(counted.uploads.oldestAtMs! - before) < 5_000)
    await giveUpUploads(stage)
  })

  test('a bucket that keeps none: its versions are not asked for', async () => {
    await using stage = await openS3Stage()
    await stage.fill(KEYS)
    const from = stage.proxy.requests.length
    const counted = await countLeftovers(stage.open([]), quietly)
    assert.deepEqual(counted, { uploads: NO_UPLOADS, versions: null, uncounted: [] })
    assert.ok(!stage.proxy.requests.slice(from).some(({ url }) => /[?&]versions/.test(url)))
  })

  test('a provider without such lists, and a key without the right to them, get a sentence each', async () => {
    await using stage = await openS3Stage()
    await stage.keepVersions()
    await stage.fill(KEYS)
    const none = await countLeftovers(stage.open([withoutVersions]), quietly)
    assert.deepEqual([none?.uploads, none?.versions], [null, null])
    assert.deepEqual(
      none?.uncounted.map(({ list }) => list),
      ['uploads', 'versions'],
    )
    for (const { reason } of none!.uncounted)
      assert.match(reason, /^Could not list the .* does not offer this/)
    const some = await countLeftovers(stage.open([mayNotList(/[?&]uploads/)]), quietly)
    assert.deepEqual([some?.uploads, some?.versions], [null, { count: 0, bytes: 0, deleteMarkers: 0 }])
    assert.match(some!.uncounted[0]!.reason, /unfinished uploads .* refuses it to this access key/)
  })

  test('a store that is out of reach ends the count; one without lists has nothing to count', async () => {
    await using stage = await openS3Stage()
    const gone = stage.open([], { endpoint: 'http://127.0.0.1:1', attempts: 1 })
    await assert.rejects(countLeftovers(gone, quietly), { code: 'storage-unreachable' })
    assert.equal(await countLeftovers(openMemoryStorage({ now: () => 0 }), quietly), null)
    const reason = new Error('enough')
    await assert.rejects(
      countLeftovers(stage.open([]), { ...quietly, signal: AbortSignal.abort(reason) }),
      reason,
    )
  })
})

describe('cornac usage of a bucket', needs('ceph-rgw', 'postgres'), () => {
  test('tells what lies beside the files in words and in JSON, and goes on where a list is refused', async () => {
    await using stage = await openS3Stage()
    const { endpoint, accessKeyId, secretAccessKey } = stage.target
    const media = await s3Media({ endpoint, bucket: stage.bucket, accessKeyId, secretAccessKey })
    await using instance = await brokenInstance({ media, accounts: 40, followed: 10, whole: true })
    const env = { ...instance.env, S3_ENDPOINT: stage.proxy.address.endpoint }
    const told = async (): Promise<string> => {
      const { code, stdout, stderr } = await runCornac(['usage'], { env })
      assert.equal(code, 0, stderr)
      return stdout
    }
    assert.doesNotMatch(await told(), /Beside the files/)

    await stage.keepVersions()
    const [one, two] = (await stage.keys()).filter((key) => key.startsWith('cache/'))
    await stage.open([]).remove([one!])
    await stage.fill([two!])
    await stage.fill([two!])
    await leaveUpload(stage, 'cache/film.mp4')
    const text = await told()
    assert.match(text, /Beside the files, in the bucket:\n {2}1 unfinished upload, begun .*; no list tells/)
    assert.match(text, /\n {2}3 old versions of files \(.*B\) and 1 delete marker\.\n/)

    const { stdout } = await runCornac(['usage', '--json'], { env })
    const answer = JSON.parse(stdout) as { verb: string; leftovers: Record<string, unknown> }
    assertDocumented(answer)
    const { uploads, versions, uncounted } = answer.leftovers as {
      uploads: { count: number; oldest: string }
      versions: { count: number; delete_markers: number }
      uncounted: unknown[]
    }
    assert.deepEqual([uploads.count, versions.count, versions.delete_markers, uncounted], [1, 3, 1, []])
    assert.ok(Math.abs(Date.parse(uploads.oldest) - Date.now()) < 600_000)

    stage.proxy.vices = [mayNotList(/[?&](?:uploads|versions)(?:[=&]|$)/)]
    const refused = await told()
    assert.match(refused, /^total /m)
    assert.match(refused, /Could not list the unfinished uploads .*\n.*Could not list the old versions /)
    await giveUpUploads(stage)
  })
})

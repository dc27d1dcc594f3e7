/** Plans of what a real bucket keeps beside its objects: only what lies under cache/, and was replaced long enough ago. */
import assert from 'node:assert/strict'
import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, test } from 'node:test'
import type { Plan } from '../../src/core/model/plan.ts'
import { isIntact } from '../../src/core/plan/hash-plan.ts'
import { silentProgress } from '../../src/core/ports/runtime.ts'
import { proposeLeftovers, type LeftoverProposal } from '../../src/core/propose-leftovers.ts'
import { needs } from '../needs.ts'
import { openS3Stage, type S3Stage } from './storage-s3-stage.ts'

const AVATAR = 'cache/accounts/avatars/109/302/000/000/000/001/original/a.png'
const CARD = 'cache/preview_cards/images/000/000/007/original/b.png'
const ODD = 'cache/odd name.bin'
const LOCAL = 'media_attachments/files/109/302/000/000/000/001/original/film.mp4'

function propose(
  stage: S3Stage,
  what: 'unfinished-uploads' | 'old-versions',
  beforeMs: number,
): Promise<LeftoverProposal> {
  return proposeLeftovers(
    {
      objects: stage.open([]),
      database: {
        schema: {
          version: '4.6',
          schemaVersion: '20260601000000',
          has: { thumbnailStorageVersion: true, quotes: true, keypairs: true, settingsThing: false },
          readOnlyBecause: null,
        },
      },
      clock: { now: () => Date.now(), sleep: async () => {} },
      newName: () => 'c0ffee0000000000',
    },
    {
      instance: 'a.example',
      what,
      beforeMs,
      prices: { requestsPerThousand: 0.005, gbMonth: 0.023 },
    },
    { progress: silentProgress },
  )
}

const keysOf = (plan: Plan): string[] => plan.samples.map(({ key }) => key).sort()

/** Longer than the second in which some stores count. */
const APART_MS = 1_500

describe('plans of leftovers', needs('ceph-rgw'), () => {
  test('old versions by when they were replaced or removed; markers are told, and nothing is changed', async () => {
    await using stage = await openS3Stage()
    await stage.keepVersions()
    const storage = stage.open([])
    await stage.fill([AVATAR, CARD, ODD, LOCAL])
    await stage.fill([AVATAR, LOCAL])
    await storage.remove([CARD])
    await wait(APART_MS)
    const between = Date.now()
    await wait(APART_MS)
    await stage.fill([AVATAR])
    await storage.remove([ODD])
    const before = await stage.versions()

    const early = await propose(stage, 'old-versions', between)
    assert.ok(isIntact(early.plan))
    assert.deepEqual(keysOf(early.plan), [AVATAR, CARD])
    assert.deepEqual(early.plan.totals.files, { count: 2, bytes: 4 })
    assert.deepEqual(early.plan.totals.byKind, {
      avatar: { count: 1, bytes: 2 },
      card: { count: 1, bytes: 2 },
    })
    assert.deepEqual(early.plan.request, { verb: 'orphans', what: 'old-versions', beforeMs: between })
    assert.equal(early.markers.count, 2)
    // The versions, and the objects beside them.
    assert.deepEqual(early.plan.cost.requests, { list: 2, copy: 0, remove: 1 })

    const late = await propose(stage, 'old-versions', Date.now() + 60_000)
    assert.deepEqual(keysOf(late.plan), [AVATAR, AVATAR, ODD, CARD])
    assert.equal((await propose(stage, 'old-versions', between - 60_000)).plan.totals.files.count, 0)
    assert.deepEqual(await stage.versions(), before)
  })

  test('uploads by when they began', async () => {
    await using stage = await openS3Stage()
    for (const Key of [AVATAR, ODD, LOCAL])
      await stage.client.send(new CreateMultipartUploadCommand({ Bucket: stage.bucket, Key }))
    const { plan } = await propose(stage, 'unfinished-uploads', Date.now() + 60_000)
    assert.deepEqual(keysOf(plan), [AVATAR, ODD])
    assert.deepEqual(plan.totals.files, { count: 2, bytes: 0 })
    assert.deepEqual(plan.cost.requests, { list: 1, copy: 0, remove: 2 })
    const none = await propose(stage, 'unfinished-uploads', Date.now() - 60_000)
    assert.deepEqual([none.plan.totals.files.count, none.plan.samples.length], [0, 0])
  })
})

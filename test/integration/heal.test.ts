/** Heal on every version and storage: everybody a user follows has a picture again. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { deleteFiles } from '../../lab/instance/break/delete-files.ts'
import type { MediaSink } from '../../lab/instance/media/media-sink.ts'
import { s3Media } from '../../lab/instance/media/s3-media.ts'
import { LAB_VERSIONS } from '../../lab/instance/schema/schema.ts'
import { claimedKeys } from '../../src/core/model/storage-key.ts'
import {
  onStage,
  onDisk,
  heal,
  broken,
  followedPictures,
  breakProfiles,
  findingsOfProfiles,
} from '../heal-stage.ts'
import { needs } from '../needs.ts'
import { freshName, sharedRgw, sharedSwift } from '../shared-servers.ts'

for (const version of LAB_VERSIONS)
  test(
    `Mastodon ${version} on disk: everybody alice follows has a picture again, stored as Mastodon stores it`,
    needs('postgres'),
    () =>
      onDisk(
        async (stage) => {
          await breakProfiles(stage)
          await deleteFiles(stage.lab, { share: 0.1, kinds: ['avatar', 'header'] })
          const before = await broken(stage)
          assert.ok(before > 60, `only ${before} broken`)
          const result = await heal(stage)
          assert.equal(result.healed, before)
          assert.deepEqual(result.failed, {})
          assert.equal(result.unverified, 0)
          assert.equal(await broken(stage), 0)
          let gifs = 0
          for (const { record } of await followedPictures(stage)) {
            if (record.fileName === null || !/^[0-9a-f]{16}\.(jpg|png|gif|webp)$/.test(record.fileName))
              continue
            for (const { key, style } of claimedKeys(record)) {
              const stat = await stage.ports.objects.stat(key)
              assert.equal(stat.state, 'present', key)
              if (style === 'original') assert.equal(stat.state === 'present' && stat.bytes, record.bytes)
              if (style === 'static') gifs++
            }
          }
          assert.ok(gifs > 0, 'no GIF was healed, so no static variant was tried')
          const wrong = (await findingsOfProfiles(stage)).filter((line) =>
            /^(missing|mismatched|orphan)/.test(line),
          )
          const followed = new Set((await followedPictures(stage)).map(({ record }) => record.id))
          assert.deepEqual(
            wrong.filter((line) => followed.has(line.split(' ')[2] ?? '')),
            [],
          )
          assert.deepEqual(
            wrong.filter((line) => line.startsWith('orphan')),
            [],
          )
          assert.equal((await heal(stage)).healed, 0, 'a second run has nothing to do')
        },
        { version },
      ),
  )

describe('heal in a bucket', () => {
  const inBucket = (media: () => Promise<MediaSink>) => async (): Promise<void> => {
    const sink = await media()
    try {
      await onStage({ media: sink }, async (stage) => {
        await breakProfiles(stage)
        await deleteFiles(stage.lab, { share: 0.1, kinds: ['avatar', 'header'] })
        const before = await broken(stage)
        const result = await heal(stage)
        assert.ok(before > 60)
        assert.equal(result.healed, before)
        assert.equal(await broken(stage), 0)
        assert.deepEqual(
          (await findingsOfProfiles(stage)).filter((line) => line.startsWith('orphan')),
          [],
        )
      })
    } finally {
      await sink.close()
    }
  }
  test(
    'on Ceph RGW',
    needs('postgres', 'ceph-rgw'),
    inBucket(async () => s3Media({ ...(await sharedRgw()).address, bucket: freshName('heal') })),
  )
  test(
    'on Swift through s3api',
    needs('postgres', 'swift'),
    inBucket(async () => s3Media({ ...(await sharedSwift()).s3, bucket: freshName('heal') })),
  )
})

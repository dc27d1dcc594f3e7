/** The short form of `npm run faults -- undo-prune-kills`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diskMedia } from '../../lab/instance/media/disk-media.ts'
import { s3Media } from '../../lab/instance/media/s3-media.ts'
import { startRgw } from '../../lab/servers/ceph-rgw.ts'
import { keepVersions } from '../../lab/servers/s3-bucket.ts'
import { removeServerDirectory, serverDirectory } from '../../lab/servers/server-directory.ts'
import { needs } from '../needs.ts'
import { freshName } from '../shared-servers.ts'
import { killPruneUndos } from './undo-prune-kills.ts'

const SEED = Date.now() % 1_000_000

test(
  'prunes on their way back, whoever dies, name what storage has again, to the letter, and nothing else: disk',
  { ...needs('postgres'), timeout: 180_000 },
  async () => {
    const folder = await serverDirectory('kills', { inMemoryBytes: 2 ** 28 })
    try {
      const report = await killPruneUndos({ media: diskMedia(folder), kills: 3, seed: SEED, accounts: 120 })
      assert.ok(report.kills >= 3 && report.wholes >= 2 && report.lost > 0, JSON.stringify(report))
    } finally {
      await removeServerDirectory(folder)
    }
  },
)

test(
  'prunes on their way back, whoever dies, name what storage has again, also as a version: RGW',
  { ...needs('postgres', 'ceph-rgw'), timeout: 180_000 },
  async () => {
    // A gateway of its own: it is crashed.
    await using rgw = await startRgw()
    const bucket = freshName('kills')
    const media = await s3Media({ ...rgw.address, bucket })
    try {
      const report = await killPruneUndos({
        ...{ media, kills: 1, seed: SEED, accounts: 100 },
        crashStore: () => rgw.crashGateway(),
        keepVersions: () => keepVersions(rgw.address, bucket),
      })
      assert.ok(report.kills >= 1 && report.wholes >= 2 && report.versioned >= 1, JSON.stringify(report))
    } finally {
      await media.close()
    }
  },
)

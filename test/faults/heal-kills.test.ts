/** The short form of `npm run faults -- heal-kills`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diskMedia } from '../../lab/instance/media/disk-media.ts'
import { s3Media } from '../../lab/instance/media/s3-media.ts'
import { removeServerDirectory, serverDirectory } from '../../lab/servers/server-directory.ts'
import { needs } from '../needs.ts'
import { freshName, sharedRgw } from '../shared-servers.ts'
import { killHeals } from './heal-kills.ts'

const SEED = Date.now() % 1_000_000

test(
  'heals killed at random moments leave no row pointing at nothing and no object that nobody knows: disk',
  { ...needs('postgres', 'redis'), timeout: 180_000 },
  async () => {
    const folder = await serverDirectory('kills', { inMemoryBytes: 2 ** 28 })
    try {
      const report = await killHeals({ media: diskMedia(folder), kills: 6, seed: SEED })
      assert.equal(report.kills, 6)
    } finally {
      await removeServerDirectory(folder)
    }
  },
)

test(
  'heals killed at random moments leave no row pointing at nothing and no object that nobody knows: RGW',
  { ...needs('postgres', 'redis', 'ceph-rgw'), timeout: 180_000 },
  async () => {
    const rgw = await sharedRgw()
    const media = await s3Media({ ...rgw.address, bucket: freshName('kills') })
    try {
      const report = await killHeals({ media, kills: 3, seed: SEED })
      assert.equal(report.kills, 3)
    } finally {
      await media.close()
    }
  },
)

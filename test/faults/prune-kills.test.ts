/** The short form of `npm run faults -- prune-kills`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diskMedia } from '../../lab/instance/media/disk-media.ts'
import { s3Media } from '../../lab/instance/media/s3-media.ts'
import { startRgw } from '../../lab/servers/ceph-rgw.ts'
import { removeServerDirectory, serverDirectory } from '../../lab/servers/server-directory.ts'
import { needs } from '../needs.ts'
import { freshName } from '../shared-servers.ts'
import { killPrunes } from './prune-kills.ts'

const SEED = Date.now() % 1_000_000

test(
  'prunes killed at random moments, or whose database crashes, end as if nothing had happened: disk',
  { ...needs('postgres'), timeout: 180_000 },
  async () => {
    const folder = await serverDirectory('kills', { inMemoryBytes: 2 ** 28 })
    try {
      const report = await killPrunes({ media: diskMedia(folder), kills: 10, seed: SEED, accounts: 150 })
      assert.ok(report.kills >= 10 && report.wholes >= 1, JSON.stringify(report))
    } finally {
      await removeServerDirectory(folder)
    }
  },
)

test(
  'prunes killed at random moments, or whose database or store crashes, end as if nothing had happened: RGW',
  { ...needs('postgres', 'ceph-rgw'), timeout: 180_000 },
  async () => {
    // A gateway of its own: it is crashed.
    await using rgw = await startRgw()
    const media = await s3Media({ ...rgw.address, bucket: freshName('kills') })
    try {
      const crashStore = (): Promise<void> => rgw.crashGateway()
      const report = await killPrunes({ media, crashStore, kills: 5, seed: SEED, accounts: 120 })
      assert.ok(report.kills >= 5 && report.wholes >= 1, JSON.stringify(report))
    } finally {
      await media.close()
    }
  },
)

/** The short forms of `npm run faults -- orphans-kills emptying-kills undo-kills`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diskMedia } from '../../lab/instance/media/disk-media.ts'
import { s3Media } from '../../lab/instance/media/s3-media.ts'
import { startRgw } from '../../lab/servers/ceph-rgw.ts'
import { removeServerDirectory, serverDirectory } from '../../lab/servers/server-directory.ts'
import { needs } from '../needs.ts'
import { freshName } from '../shared-servers.ts'
import { killOrphans } from './orphans-kills.ts'

const SEED = Date.now() % 1_000_000

for (const { at, promise } of [
  {
    at: 'orphans',
    promise: 'orphans on their way out are where they were, in quarantine, or in the journal',
  },
  { at: 'emptying', promise: 'of quarantines nothing but what is over goes, and all of that' },
  { at: 'undo', promise: 'orphans on their way back lose no byte' },
] as const) {
  test(`${promise}, whoever dies: disk`, { ...needs('postgres'), timeout: 180_000 }, async () => {
    const folder = await serverDirectory('kills', { inMemoryBytes: 2 ** 28 })
    try {
      const report = await killOrphans({
        at,
        media: diskMedia(folder),
        kills: at === 'emptying' ? 2 : 4,
        seed: SEED,
        accounts: 150,
      })
      assert.ok(report.kills >= 2 && report.wholes >= 1, JSON.stringify(report))
    } finally {
      await removeServerDirectory(folder)
    }
  })

  test(`${promise}, whoever dies: RGW`, { ...needs('postgres', 'ceph-rgw'), timeout: 180_000 }, async () => {
    // A gateway of its own: it is crashed.
    await using rgw = await startRgw()
    const media = await s3Media({ ...rgw.address, bucket: freshName('kills') })
    try {
      const crashStore = (): Promise<void> => rgw.crashGateway()
      const report = await killOrphans({
        at,
        media,
        crashStore,
        kills: at === 'emptying' ? 1 : 2,
        seed: SEED,
        accounts: 120,
      })
      assert.ok(report.kills >= 1 && report.wholes >= 1, JSON.stringify(report))
    } finally {
      await media.close()
    }
  })
}

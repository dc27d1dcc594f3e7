/** The short form of `npm run faults -- prune-race`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diskMedia } from '../../lab/instance/media/disk-media.ts'
import { removeServerDirectory, serverDirectory } from '../../lab/servers/server-directory.ts'
import { needs } from '../needs.ts'
import { racePrunes } from './prune-race.ts'

test(
  'a prune beside a busy Mastodon: what somebody here begins to have to do with stays, and what Mastodon did last stands',
  { ...needs('postgres'), timeout: 180_000 },
  async () => {
    const folder = await serverDirectory('race', { inMemoryBytes: 2 ** 28 })
    try {
      const seed = Date.now() % 1_000_000
      const report = await racePrunes({ media: diskMedia(folder), changes: 2_000, seed })
      assert.ok(report.files > 0 && report.kept > 0, JSON.stringify(report))
    } finally {
      await removeServerDirectory(folder)
    }
  },
)

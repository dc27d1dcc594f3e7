/** The short form of `npm run faults -- heal-race`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diskMedia } from '../../lab/instance/media/disk-media.ts'
import { removeServerDirectory, serverDirectory } from '../../lab/servers/server-directory.ts'
import { needs } from '../needs.ts'
import { raceHeals } from './heal-race.ts'

test(
  'a heal beside a busy Mastodon: whatever Mastodon did last to a row stands, and no live file is lost',
  { ...needs('postgres', 'redis'), timeout: 180_000 },
  async () => {
    const folder = await serverDirectory('race', { inMemoryBytes: 2 ** 28 })
    try {
      const report = await raceHeals({
        media: diskMedia(folder),
        changes: 2_000,
        seed: Date.now() % 1_000_000,
      })
      assert.ok(report.healed > 0, 'nothing was healed meanwhile')
    } finally {
      await removeServerDirectory(folder)
    }
  },
)

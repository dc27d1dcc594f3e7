/** The short form of `npm run faults -- orphans-race`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diskMedia } from '../../lab/instance/media/disk-media.ts'
import { removeServerDirectory, serverDirectory } from '../../lab/servers/server-directory.ts'
import { needs } from '../needs.ts'
import { raceOrphans } from './orphans-race.ts'

test(
  'an object that was an orphan when the plan was made, and that a row claims by its turn, stays; the others go',
  { ...needs('postgres'), timeout: 180_000 },
  async () => {
    const folder = await serverDirectory('race', { inMemoryBytes: 2 ** 28 })
    try {
      const seed = Date.now() % 1_000_000
      const report = await raceOrphans({ media: diskMedia(folder), changes: 150, seed })
      assert.ok(report.before > 0 && report.meanwhile > 0 && report.gone > 0, JSON.stringify(report))
    } finally {
      await removeServerDirectory(folder)
    }
  },
)

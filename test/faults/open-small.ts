/** The instance as the program composes it, with small pages, and few keys in a call that removes. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openPruneSource } from '../../src/adapters/mastodon/prune-source.ts'
import type { PruneSizes } from '../../src/adapters/mastodon/prune-reading.ts'
import { connectDatabase } from '../../src/adapters/postgres/connect.ts'
import { openInstance } from '../../src/compose.ts'
import type { Config } from '../../src/config/config.ts'
import type { OpenInstance } from '../../src/core/ports/instance.ts'

/** Rows one statement looks at: a batch has those of them that go. */
export const SMALL: PruneSizes = { rows: 25, together: 1, accounts: 10 }

/** Orphans of a batch. */
export const FEW_ORPHANS = 25

/** Keys of a call that removes, or moves, and of a page that is emptied: a batch takes several, so it is noted in parts. */
export const FEW_KEYS = 10

/** Told on stderr once the lease is taken: from here on there is something to interrupt. */
export const AT_WORK = 'at work'

/**
 * @param tell is told `AT_WORK`
 * @param pauseMs stretches the moment between the look at a batch and its turn to up to so much more: for races
 */
export function openSmall(config: Config, tell: (word: string) => void, pauseMs: number): OpenInstance {
  const instance = openInstance(config, '0.0.0')
  const { connection } = config.database
  return {
    ...instance,
    async database() {
      const database = await instance.database()
      const pool = await connectDatabase({
        ...connection,
        password: connection.password?.reveal() ?? null,
        maxConnections: 3,
      })
      return { ...database, prune: { ...database.prune, ...openPruneSource(pool, database.schema, SMALL) } }
    },
    async sparingStorage() {
      const objects = await instance.sparingStorage()
      return {
        ...objects,
        traits: { ...objects.traits, removeBatch: FEW_KEYS },
        async *list(range, options) {
          for await (const page of objects.list(range, options))
            for (let at = 0; at < page.length; at += FEW_KEYS) yield page.slice(at, at + FEW_KEYS)
        },
      }
    },
    async state() {
      const state = await instance.state()
      const { sightings, leases, runs } = state
      return {
        ...state,
        leases: {
          ...leases,
          async take(name, purpose, options) {
            const lease = await leases.take(name, purpose, options)
            tell(AT_WORK)
            return lease
          },
        },
        runs: {
          ...runs,
          async openBatch(run, content, lease) {
            const number = await runs.openBatch(run, content, lease)
            await sleep(Math.random() * pauseMs)
            return number
          },
        },
        sightings: {
          ...sightings,
          ripe: (name, scan, graceMs, page, options) =>
            sightings.ripe(name, scan, graceMs, { ...page, size: FEW_ORPHANS }, options),
        },
      }
    },
  }
}

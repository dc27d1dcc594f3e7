/**
 * `npm run faults [-- NAME...] [--on disk|RGW] [--kills N] [--changes N] [--seed N]`: the long fault runs. Each says
 * what it did and ends with the first invariant that does not hold; the seed it prints plays the same chances again.
 */
import { diskMedia } from '../../lab/instance/media/disk-media.ts'
import type { MediaSink } from '../../lab/instance/media/media-sink.ts'
import { s3Media } from '../../lab/instance/media/s3-media.ts'
import { removeServerDirectory, serverDirectory } from '../../lab/servers/server-directory.ts'
import { startRgw } from '../../lab/servers/ceph-rgw.ts'
import { keepVersions } from '../../lab/servers/s3-bucket.ts'
import { startSharedServers } from '../../scripts/start-shared-servers.ts'
import { freshName } from '../shared-servers.ts'
import type { Victims } from './disaster.ts'
import { killHeals } from './heal-kills.ts'
import { raceHeals } from './heal-race.ts'
import { killOrphans } from './orphans-kills.ts'
import { raceOrphans } from './orphans-race.ts'
import { killPrunes } from './prune-kills.ts'
import { racePrunes } from './prune-race.ts'
import { killPruneUndos } from './undo-prune-kills.ts'

interface Plan {
  readonly kills: number
  readonly changes: number
  readonly seed: number
  readonly say: (sentence: string) => void
}

/** A store that is nobody else's. */
interface Store extends Pick<Victims, 'crashStore'> {
  readonly media: MediaSink
  /** Where each request takes its time, the world is smaller. */
  readonly accounts?: number | undefined
  /** From now on the bucket keeps what is removed or replaced. */
  readonly keepVersions?: (() => Promise<void>) | undefined
}

/** By name; each runs on one store and tells what it saw. */
const FAULTS: Readonly<Record<string, (store: Store, plan: Plan) => Promise<object>>> = {
  'heal-kills': ({ media }, plan) => killHeals({ media, ...plan }),
  'heal-race': ({ media }, plan) => raceHeals({ media, ...plan }),
  'prune-kills': (store, plan) => killPrunes({ ...store, ...plan }),
  'orphans-kills': (store, plan) => killOrphans({ ...store, ...plan, at: 'orphans' }),
  'emptying-kills': (store, plan) => killOrphans({ ...store, ...plan, at: 'emptying' }),
  'undo-kills': (store, plan) => killOrphans({ ...store, ...plan, at: 'undo' }),
  'undo-prune-kills': (store, plan) => killPruneUndos({ ...store, ...plan }),
  'prune-race': ({ media }, plan) => racePrunes({ media, ...plan }),
  'orphans-race': ({ media }, plan) => raceOrphans({ media, ...plan }),
}

const words = process.argv.slice(2)
const names = words.filter((word, i) => !word.startsWith('--') && !words[i - 1]?.startsWith('--'))
const unknown = names.filter((name) => FAULTS[name] === undefined)
if (unknown.length > 0) {
  console.error(`There is no fault run ${unknown.join(', ')}; there are ${Object.keys(FAULTS).join(', ')}.`)
  process.exit(2)
}
const plan: Plan = {
  kills: numberOf('--kills', 500),
  changes: numberOf('--changes', 10_000),
  seed: numberOf('--seed', Date.now() % 1_000_000),
  say: (sentence) => console.error(`  ${sentence}`),
}

const only = words.includes('--on') ? words[words.indexOf('--on') + 1] : undefined

const servers = await startSharedServers()
Object.assign(process.env, servers.env)
let failed = false
try {
  for (const [name, run] of Object.entries(FAULTS)) {
    if (names.length > 0 && !names.includes(name)) continue
    for (const [store, withStore] of Object.entries({ disk: onDisk, RGW: onRgw })) {
      if (only !== undefined && store !== only) continue
      console.error(`${name} on ${store}, seed ${plan.seed}`)
      const startedAt = performance.now()
      try {
        const report = await withStore((store) => run(store, plan))
        const seconds = Math.round((performance.now() - startedAt) / 1000)
        console.log(
          `holds  ${name} on ${store}, seed ${plan.seed}: ${JSON.stringify(report)} in ${seconds} s`,
        )
      } catch (error) {
        failed = true
        console.log(`FAILS  ${name} on ${store}, seed ${plan.seed}: ${String(error)}`)
      }
    }
  }
} finally {
  await servers.stop()
}
process.exit(failed ? 1 : 0)

function numberOf(flag: string, otherwise: number): number {
  const at = words.indexOf(flag)
  return at === -1 ? otherwise : Number(words[at + 1])
}

async function onDisk(work: (store: Store) => Promise<object>): Promise<object> {
  const folder = await serverDirectory('faults', { inMemoryBytes: 2 ** 28 })
  try {
    return await work({ media: diskMedia(folder) })
  } finally {
    await removeServerDirectory(folder)
  }
}

/** A gateway of its own: it may be crashed. */
async function onRgw(work: (store: Store) => Promise<object>): Promise<object> {
  await using rgw = await startRgw()
  const bucket = freshName('faults')
  const media = await s3Media({ ...rgw.address, bucket })
  try {
    return await work({
      media,
      crashStore: () => rgw.crashGateway(),
      accounts: 150,
      keepVersions: () => keepVersions(rgw.address, bucket),
    })
  } finally {
    await media.close()
  }
}

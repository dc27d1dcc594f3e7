/**
 * A program of its own: core's scan with the real database adapter beside a listing in a file. Mastodon's variables
 * are its environment; `node scan-listing.ts LISTING` prints what it counted as JSON.
 */
import { openInstance } from '../../src/compose.ts'
import { loadConfig } from '../../src/config/load.ts'
import { processSurroundings } from '../../src/config/surroundings.ts'
import { silentProgress } from '../../src/core/ports/runtime.ts'
import { scan } from '../../src/core/scan.ts'
import { openSortedListing } from '../stage/sorted-listing.ts'

/** What the program prints. */
export interface ListingScan {
  readonly records: number
  readonly objects: number
  readonly shards: number
  readonly findings: Readonly<Record<string, { readonly count: number }>>
  /** Of the scan alone, without the start of the process. */
  readonly seconds: number
}

const [, , listing = ''] = process.argv
const config = await loadConfig({}, processSurroundings())
const instance = openInstance(config, 'bench')
const ports = {
  records: await instance.database(),
  objects: await openSortedListing(listing),
  store: await instance.scans(),
  clock: instance.clock,
}
const startedAt = performance.now()
const { totals, shards } = await scan(
  ports,
  {
    instance: `bench ${listing}`,
    kinds: ['avatar', 'header'],
    minAgeMs: config.scan.minAgeMs,
    concurrency: config.scan.concurrency,
    resume: false,
  },
  { progress: silentProgress },
)
const seconds = (performance.now() - startedAt) / 1000
await instance.close()
const { records, objects, findings } = totals
process.stdout.write(JSON.stringify({ records, objects, shards, findings, seconds } satisfies ListingScan))

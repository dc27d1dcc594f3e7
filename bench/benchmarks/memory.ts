import { fileURLToPath } from 'node:url'
import { expectedFindings } from '../../lab/instance/expected-findings.ts'
import type { World } from '../../lab/instance/world.ts'
import { figure, promise } from '../measure/figure.ts'
import { runCornac, runLikeCornac, runNode } from '../measure/run-process.ts'
import { writeSortedListing } from '../stage/sorted-listing.ts'
import type { Stage } from '../stage/stage.ts'
import type { Benchmark } from './benchmark.ts'
import type { ListingScan } from './scan-listing.ts'

const SIZES = [10_000, 100_000, 1_000_000] as const
const MOST_MB = 250
const MOST_DIFFERENCE = 20

const PROGRAM = fileURLToPath(new URL('scan-listing.ts', import.meta.url))

/**
 * Peak resident memory of whole processes. A million accounts are a real database beside a listing in a file, since
 * six million folders would measure the disk; the same program measures the smaller sizes. The disk's walker, whose
 * threads have heaps of their own, is measured through the command itself.
 */
export const memory: Benchmark = {
  name: 'memory',
  title: 'a scan needs the same memory for 10,000 and for 1,000,000 accounts, and less than 250 MB',
  async run(stage) {
    const scans: Measured[] = []
    for (const size of SIZES) scans.push(await scanListing(stage, stage.size(size)))
    const disk = await scanDisk(stage, stage.size(100_000))
    const peaks = scans.map(({ peakMb }) => peakMb)
    const [least, most] = [Math.min(...peaks), Math.max(...peaks)]
    const largest = scans.at(-1)!
    const bare = { what: 'node -e 0', value: inMb((await runNode(['-e', '0'], { peak: true })).peakBytes) }
    return {
      figures: [
        ...scans.map(({ accounts, peakMb }) =>
          promise(`peak, ${accounts} accounts`, peakMb, 'MB', MOST_MB, bare),
        ),
        promise('difference between them', (most / least - 1) * 100, '%', MOST_DIFFERENCE),
        promise(`peak, ${disk.accounts} accounts on disk`, disk.peakMb, 'MB', MOST_MB, bare),
        figure(`records compared, ${largest.accounts} accounts`, largest.records / largest.seconds, 'rows/s'),
      ],
      details: [...scans, disk].map(
        ({ accounts, records, objects, seconds, shards }) =>
          `${accounts} accounts: ${records} records, ${objects} objects, ${shards} shards in ${seconds.toFixed(1)} s`,
      ),
    }
  },
}

interface Measured extends Omit<ListingScan, 'findings'> {
  readonly accounts: number
  readonly peakMb: number
}

async function scanListing(stage: Stage, accounts: number): Promise<Measured> {
  const lab = await stage.instance(accounts)
  const home = stage.folders.fresh()
  const listing = `${home}/listing`
  const objects = await writeSortedListing(lab.world, listing)
  stage.tell(`scanning ${accounts} accounts beside a listing of ${objects} objects`)
  // The configuration wants to know of a media folder, though this scan reads a listing instead.
  const env = { ...lab.env, PAPERCLIP_ROOT_PATH: home, HOME: home, CORNAC_STATE_DIR: `${home}/state` }
  const run = await runLikeCornac([PROGRAM, listing], { env, cwd: home, peak: true })
  const counted = JSON.parse(run.stdout) as ListingScan
  const expected = { objects, findings: countExpected(lab.world) }
  const found = Object.fromEntries(Object.entries(counted.findings).map(([name, { count }]) => [name, count]))
  if (
    counted.objects !== objects ||
    JSON.stringify(sorted(found)) !== JSON.stringify(sorted(expected.findings))
  )
    throw new Error(
      `the scan of ${accounts} accounts saw ${run.stdout}, expected ${JSON.stringify(expected)}`,
    )
  return { ...counted, accounts, peakMb: inMb(run.peakBytes) }
}

async function scanDisk(stage: Stage, accounts: number): Promise<Measured> {
  const disk = await stage.instanceOnDisk(accounts)
  const home = stage.folders.fresh()
  const env = { ...disk.env, HOME: home, CORNAC_STATE_DIR: `${home}/state` }
  stage.tell(`scanning ${accounts} accounts on disk`)
  const run = await runCornac(['scan', 'avatars', 'headers', '--json'], { env, cwd: home, peak: true })
  const { records, objects, parts, seconds } = JSON.parse(run.stdout) as ListingScan & { parts: number }
  if (objects !== disk.files) throw new Error(`the scan saw ${objects} of ${disk.files} files`)
  return { records, objects, seconds, shards: parts, accounts, peakMb: inMb(run.peakBytes) }
}

/** Findings of avatars and headers by `kind/code`, stated by the lab. */
function countExpected(world: World): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { kind, code } of expectedFindings(world)) {
    if (kind !== 'avatar' && kind !== 'header') continue
    counts[`${kind}/${code}`] = (counts[`${kind}/${code}`] ?? 0) + 1
  }
  return counts
}

function sorted(counts: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1))
}

function inMb(bytes: number | null): number {
  if (bytes === null) throw new Error('the process did not report its peak memory')
  return bytes / 1e6
}

import { figure, promise } from '../measure/figure.ts'
import { median } from '../measure/median.ts'
import { runCornac, runProcess } from '../measure/run-process.ts'
import type { DiskInstance } from '../stage/stage.ts'
import type { Benchmark } from './benchmark.ts'

const ROUNDS = 7
const QUICK_ROUNDS = 5

/**
 * Both are whole processes, both have run once before, and they take turns: whatever else the machine does falls on
 * both. `find` only lists; the scan also reads every row, compares, and writes what it found.
 */
export const find: Benchmark = {
  name: 'find',
  title: 'a scan of 100,000 accounts on disk takes no longer than find over the same tree',
  async run(stage) {
    const accounts = stage.size(100_000)
    const disk = await stage.instanceOnDisk(accounts)
    const home = stage.folders.fresh()
    const env = { ...disk.env, HOME: home, CORNAC_STATE_DIR: `${home}/state` }
    const runFind = () =>
      runProcess('find', [disk.root, '-type', 'f', '-size', '+0', '-printf', '%p %s\\n'], {
        dropOutput: true,
      })
    const runScan = () => runCornac(['scan', 'avatars', 'headers'], { env, cwd: home })
    const listed = (await runFind()).lines
    const { records } = await scannedWhole(disk, env, home)
    if (listed !== disk.files) throw new Error(`find saw ${listed} of ${disk.files} files`)

    stage.tell('find and scan in turn')
    const pairs: { find: number; scan: number }[] = []
    for (let round = 0; round < (stage.quick ? QUICK_ROUNDS : ROUNDS); round++)
      pairs.push({ find: (await runFind()).ms / 1000, scan: (await runScan()).ms / 1000 })
    const findSeconds = median(pairs.map((pair) => pair.find))
    const scanSeconds = median(pairs.map((pair) => pair.scan))
    return {
      figures: [
        promise('scan over find, medians', scanSeconds / findSeconds, 'x', 1),
        figure('whole scan', scanSeconds, 's', { what: 'find', value: findSeconds }),
        figure('files', disk.files / scanSeconds, 'files/s', {
          what: 'find',
          value: disk.files / findSeconds,
        }),
      ],
      details: [
        `${disk.files} files, ${records} records below ${disk.root}`,
        ...pairs.map(
          (pair, i) =>
            `round ${i + 1}: find ${pair.find.toFixed(2)} s, scan ${pair.scan.toFixed(2)} s, ` +
            `${(pair.scan / pair.find).toFixed(2)}x`,
        ),
      ],
    }
  },
}

/** The first run of the scan, which also shows that it sees everything. */
async function scannedWhole(
  disk: DiskInstance,
  env: Readonly<Record<string, string>>,
  home: string,
): Promise<{ records: number }> {
  const run = await runCornac(['scan', 'avatars', 'headers', '--json'], { env, cwd: home })
  const { records, objects, totals } = JSON.parse(run.stdout) as {
    records: number
    objects: number
    totals: { code: string }[]
  }
  if (objects !== disk.files) throw new Error(`the scan saw ${objects} of ${disk.files} files`)
  const wrong = totals.filter(({ code }) => code !== 'pruned')
  if (wrong.length > 0) throw new Error(`the scan found what nobody broke: ${JSON.stringify(wrong)}`)
  return { records }
}

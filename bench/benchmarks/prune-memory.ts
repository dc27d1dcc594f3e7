import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { figure, promise } from '../measure/figure.ts'
import { runCornac } from '../measure/run-process.ts'
import type { Stage } from '../stage/stage.ts'
import type { Benchmark } from './benchmark.ts'
import { makePrunable, pruneAll, type PruneRun } from './prune-rounds.ts'

const SIZES = [10_000, 100_000, 1_000_000] as const
const MOST_MB = 250
const MOST_DIFFERENCE = 20

/** Whole prunes, plan and journal included, of rows whose files are gone already: storage has nothing to do, memory has. */
export const pruneMemory: Benchmark = {
  name: 'prune-memory',
  title:
    'the peak of a prune of 100,000 and of 1,000,000 accounts differs by less than 20 % and stays below 250 MB',
  async run(stage) {
    const runs: PruneRun[] = []
    for (const size of SIZES) runs.push(await pruneWithoutFiles(stage, stage.size(size)))
    const peaks = runs.map(({ peakMb }) => peakMb)
    const [, middle = 0, largest = 0] = peaks
    return {
      figures: [
        promise('peak memory', Math.max(...peaks), 'MB', MOST_MB),
        promise(
          'more at 1,000,000 than at 100,000 accounts',
          (largest / middle - 1) * 100,
          '%',
          MOST_DIFFERENCE,
        ),
        figure('files of 1,000,000 accounts', (runs[2]?.files ?? 0) / (runs[2]?.seconds ?? 1), 'files/s'),
      ],
      details: runs.map(
        ({ files, seconds, wholeSeconds, peakMb }) =>
          `${files} files in ${seconds.toFixed(1)} s, with start and plan ${wholeSeconds.toFixed(1)} s, ${peakMb.toFixed(0)} MB`,
      ),
    }
  },
}

async function pruneWithoutFiles(stage: Stage, accounts: number): Promise<PruneRun> {
  const lab = await stage.instance(accounts, { attachments: 3 })
  const root = join(stage.folders.fresh(), 'system')
  const home = stage.folders.fresh()
  const env = { ...lab.env, PAPERCLIP_ROOT_PATH: root, HOME: home, CORNAC_STATE_DIR: `${home}/state` }
  await using rows = await makePrunable(lab.databaseUrl)
  await rows.putBack()
  await bind(lab.databaseUrl, root, env, home)
  stage.tell(`pruning ${accounts} accounts`)
  return pruneAll(env, home)
}

/** As if a run had found storage and database to belong together before the files went. */
async function bind(
  databaseUrl: string,
  root: string,
  env: Readonly<Record<string, string>>,
  home: string,
): Promise<void> {
  const mark = 'of the benchmark'
  await mkdir(join(root, 'cornac'), { recursive: true })
  // Else it would not be taken for a media folder.
  await mkdir(join(root, 'cache'))
  await writeFile(join(root, 'cornac/canary'), mark)
  await runCornac(['setup'], { env, cwd: home })
  const database = new pg.Client({ connectionString: databaseUrl })
  await database.connect()
  await database.query('INSERT INTO cornac.canaries (instance, mark) VALUES ($1, $2)', [
    `${env['LOCAL_DOMAIN']} ${root}`,
    mark,
  ])
  await database.end()
}

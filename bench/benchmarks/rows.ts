import { fileURLToPath } from 'node:url'
import { figure } from '../measure/figure.ts'
import { median } from '../measure/median.ts'
import { runLikeCornac } from '../measure/run-process.ts'
import type { Benchmark } from './benchmark.ts'
import type { RowSpeeds } from './read-rows.ts'

const PROGRAM = fileURLToPath(new URL('read-rows.ts', import.meta.url))

/** One stream of keyset pages, one connection; a scan has as many as it works on shards. */
export const rows: Benchmark = {
  name: 'rows',
  title: 'how fast records come out of the database (informs only)',
  async run(stage) {
    const lab = await stage.instance(stage.size(1_000_000))
    const home = stage.folders.fresh()
    // The configuration wants to know of a media folder, though none is read.
    const env = { ...lab.env, PAPERCLIP_ROOT_PATH: home, HOME: home, CORNAC_STATE_DIR: `${home}/state` }
    stage.tell('records and COPY in turn')
    const run = await runLikeCornac([PROGRAM], { env, cwd: home, peak: true })
    const speeds = JSON.parse(run.stdout) as RowSpeeds
    const copy = { what: 'COPY of the same columns', value: median(speeds.copy) }
    return {
      figures: [figure('avatar records, one stream', median(speeds.records), 'rows/s', copy)],
      details: [
        `${speeds.rows} rows, ${speeds.records.length} rounds, peak ${((run.peakBytes ?? 0) / 1e6).toFixed(0)} MB`,
      ],
    }
  },
}

import { fileURLToPath } from 'node:url'
import { figure, promise } from '../measure/figure.ts'
import { runLikeCornac } from '../measure/run-process.ts'
import type { Benchmark } from './benchmark.ts'
import type { RowsGone } from './let-rows-go.ts'

const PROGRAM = fileURLToPath(new URL('let-rows-go.ts', import.meta.url))
const ROWS_PER_SECOND = 40_000

/** The database's part of a prune of accounts: candidates read ahead, asked about once more, and let go of two pictures each. */
export const pruneRows: Benchmark = {
  name: 'prune-rows',
  title: 'rows let go of their files, from reading them to the commit: 40,000 a second',
  async run(stage) {
    const accounts = stage.size(1_000_000)
    // Not the instance that others read: this one is changed.
    const lab = await stage.instance(accounts, { attachments: 2 })
    const home = stage.folders.fresh()
    // The configuration wants to know of a media folder, though none is read.
    const env = { ...lab.env, PAPERCLIP_ROOT_PATH: home, HOME: home, CORNAC_STATE_DIR: `${home}/state` }
    stage.tell('letting rows go, and plain updates, in turn')
    const run = await runLikeCornac([PROGRAM], { env, cwd: home, peak: true })
    const { ours, plain, heapOnlyShare } = JSON.parse(run.stdout) as RowsGone
    const limit = { what: 'plain UPDATE of as many rows by ranges of ids', value: perSecond(plain) }
    const seconds = ours.ms / 1000
    return {
      figures: [
        promise(`letting ${ours.rows} rows go`, seconds, 's', ours.rows / ROWS_PER_SECOND),
        figure('rows read and let go', perSecond(ours), 'rows/s', limit),
      ],
      details: [
        `changes without a new entry in any index: ${percent(heapOnlyShare.ours)}, plain UPDATE ${percent(heapOnlyShare.plain)}`,
        `peak ${((run.peakBytes ?? 0) / 1e6).toFixed(0)} MB`,
      ],
    }
  },
}

function perSecond({ rows, ms }: RowsGone['ours']): number {
  return (rows / ms) * 1000
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}

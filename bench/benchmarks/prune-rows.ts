import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { figure, promise } from '../measure/figure.ts'
import { runLikeCornac } from '../measure/run-process.ts'
import type { LabInstance } from '../../lab/instance/build-instance.ts'
import type { Stage } from '../stage/stage.ts'
import type { Benchmark, Outcome } from './benchmark.ts'
import type { RowsGone } from './let-rows-go.ts'

const PROGRAM = fileURLToPath(new URL('let-rows-go.ts', import.meta.url))
const ROWS_PER_SECOND = 40_000

/** The database's part of a prune: candidates are asked about once more, and let go of two files each; also with reading them ahead. */
export const pruneRows: Benchmark = {
  name: 'prune-rows',
  title: 'rows of tables of 1,000,000 let go of their files: 40,000 a second',
  async run(stage) {
    const size = stage.size(1_000_000)
    // Not the instances that others read: these are changed.
    const attachments = await measure(
      stage,
      await stage.instance(5_000, { attachments: size }),
      'media_attachments',
    )
    const accounts = await measure(stage, await stage.instance(size, { attachments: 2 }), 'accounts')
    return {
      figures: [...attachments.figures, ...accounts.figures],
      details: [...attachments.details, ...accounts.details],
    }
  },
}

async function measure(
  stage: Stage,
  lab: LabInstance,
  table: 'media_attachments' | 'accounts',
): Promise<Outcome> {
  await settle(lab.databaseUrl, table)
  const home = stage.folders.fresh()
  // The configuration wants to know of a media folder, though none is read.
  const env = { ...lab.env, PAPERCLIP_ROOT_PATH: home, HOME: home, CORNAC_STATE_DIR: `${home}/state` }
  stage.tell(`letting rows of ${table} go, and plain updates, in turn`)
  const run = await runLikeCornac([PROGRAM, table], { env, cwd: home, peak: true })
  const { ours, changes, plain, heapOnlyShare } = JSON.parse(run.stdout) as RowsGone
  const limit = { what: 'plain UPDATE of as many rows by ranges of ids', value: perSecond(plain) }
  return {
    figures: [
      promise(
        `${changes.rows} rows of ${table} let go`,
        changes.ms / 1000,
        's',
        changes.rows / ROWS_PER_SECOND,
      ),
      figure(`rows of ${table} let go`, perSecond(changes), 'rows/s', limit),
      figure(`rows of ${table} read and let go`, perSecond(ours), 'rows/s', limit),
    ],
    details: [
      `${table}: changes without a new entry in any index: ${percent(heapOnlyShare.ours)}, alone ` +
        `${percent(heapOnlyShare.changes)}, plain UPDATE ` +
        `${percent(heapOnlyShare.plain)}; peak ${((run.peakBytes ?? 0) / 1e6).toFixed(0)} MB`,
    ],
  }
}

/** What one side leaves behind is not cleaned up in another's turn. */
async function settle(databaseUrl: string, table: string): Promise<void> {
  const database = new pg.Client({ connectionString: databaseUrl })
  await database.connect()
  await database.query(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`)
  await database.query(`VACUUM ANALYZE ${table}`)
  await database.end()
}

function perSecond({ rows, ms }: RowsGone['ours']): number {
  return (rows / ms) * 1000
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}

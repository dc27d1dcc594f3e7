import pg from 'pg'
import { diskMedia } from '../../lab/instance/media/disk-media.ts'
import { figure, promise } from '../measure/figure.ts'
import { runCornac } from '../measure/run-process.ts'
import type { Benchmark } from './benchmark.ts'

const MOST_SECONDS = 60
const MOST_MB = 250

/** `heal --plan --all` on a server whose every remote account lost its avatar. */
export const plan: Benchmark = {
  name: 'plan',
  title: 'a heal of 1,000,000 broken accounts is planned in less than a minute',
  async run(stage) {
    const accounts = stage.size(1_000_000)
    const lab = await stage.instance(accounts, { attachments: 1 })
    const database = new pg.Client({ connectionString: lab.databaseUrl })
    await database.connect()
    try {
      stage.tell('pruning every avatar')
      await database.query(
        `UPDATE accounts SET avatar_file_name = NULL, avatar_content_type = NULL, avatar_file_size = NULL,
            avatar_remote_url = 'https://media.' || domain || '/avatars/' || id || '.png', suspended_at = NULL
          WHERE domain IS NOT NULL`,
      )
      await database.query('TRUNCATE domain_blocks')
      await database.query('VACUUM ANALYZE accounts')
    } finally {
      await database.end()
    }
    const home = stage.folders.fresh()
    const media = diskMedia(`${home}/system`)
    // An empty folder is taken for a disk that is not mounted.
    await media.put('accounts/avatars/000/000/001/original/local.png', Buffer.from('local'), 'image/png')
    const env = { ...lab.env, ...media.env, HOME: home, CORNAC_STATE_DIR: `${home}/state` }
    stage.tell('planning')
    const run = await runCornac(['heal', 'avatars', '--all', '--plan', '--json'], {
      env,
      cwd: home,
      peak: true,
    })
    const { fixable } = JSON.parse(run.stdout) as { fixable: number }
    if (fixable !== accounts) throw new Error(`${fixable} of ${accounts} broken accounts were planned`)
    return {
      figures: [
        promise(`planning ${accounts} broken accounts`, run.ms / 1000, 's', MOST_SECONDS),
        figure('accounts planned', accounts / (run.ms / 1000), 'rows/s'),
        promise('peak memory', (run.peakBytes ?? 0) / 1e6, 'MB', MOST_MB),
      ],
      details: [],
    }
  },
}

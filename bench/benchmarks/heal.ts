import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { diskMedia } from '../../lab/instance/media/disk-media.ts'
import { figure, promise } from '../measure/figure.ts'
import { median } from '../measure/median.ts'
import { runCornac, runNode } from '../measure/run-process.ts'
import { drawPhotographs, startPictureHosts } from '../stage/picture-hosts.ts'
import type { Benchmark } from './benchmark.ts'

const SHARP = fileURLToPath(new URL('make-with-sharp.ts', import.meta.url))
const HOSTS = 200
const ROUNDS = 3
/** At least 60 % of what sharp does alone. */
const MOST_TIMES_SHARP = 1 / 0.6
const MOST_AT_ONCE = 2
const MOST_MB = 350
const MOST_DIFFERENCE = 30

/** A heal from the first fetch to the last verified file, beside sharp alone on the same pictures, in turn. */
export const heal: Benchmark = {
  name: 'heal',
  title: 'a heal of 2,000 followed accounts of 200 hosts takes no longer than sharp alone divided by 0.6',
  async run(stage) {
    const accounts = stage.size(2_000)
    const pictures = stage.folders.fresh({ inMemoryBytes: 2 ** 26 })
    stage.tell('drawing photographs')
    await drawPhotographs(pictures)
    const lab = await stage.instance(accounts)
    const media = diskMedia(`${stage.folders.fresh({ inMemoryBytes: accounts * 200_000 })}/system`)
    // An empty folder is taken for a disk that is not mounted.
    await media.put('accounts/avatars/000/000/001/original/local.png', Buffer.from('local'), 'image/png')
    const home = stage.folders.fresh()
    await using hosts = await startPictureHosts(pictures, HOSTS)
    const database = new pg.Client({ connectionString: lab.databaseUrl })
    await database.connect()
    try {
      await followEverybody(database, lab.firstUser.id, hosts.origins, hosts.names)
      const env = {
        ...lab.env,
        ...media.env,
        HOME: home,
        CORNAC_STATE_DIR: `${home}/state`,
        ALLOWED_PRIVATE_ADDRESSES: '127.0.0.0/8',
      }
      const few = await healOnce(database, lab.firstUser.username, env, home, Math.ceil(accounts / 10))
      const [alone, healed, whole, peaks]: [number[], number[], number[], number[]] = [[], [], [], []]
      for (let round = 1; round <= ROUNDS; round++) {
        stage.tell(`sharp and heal in turn, round ${round} of ${ROUNDS}`)
        const sharp = await runNode([SHARP, pictures, String(accounts)])
        alone.push((JSON.parse(sharp.stdout) as { seconds: number }).seconds)
        const run = await healOnce(database, lab.firstUser.username, env, home, null)
        if (run.healed !== accounts) throw new Error(`${run.healed} of ${accounts} were healed`)
        healed.push(run.seconds)
        whole.push(run.wholeSeconds)
        peaks.push(run.peakMb)
      }
      const limit = { what: 'sharp alone', value: median(alone) }
      const most = Math.max(...peaks)
      return {
        figures: [
          promise('heal over sharp alone', median(healed) / median(alone), 'x', MOST_TIMES_SHARP),
          figure('pictures healed', accounts / median(healed), 'pictures/s', {
            what: 'sharp alone',
            value: accounts / median(alone),
          }),
          figure('seconds from fetch to verified', median(healed), 's', limit),
          promise('requests at once to one host', hosts.peak(), 'requests', MOST_AT_ONCE),
          promise('peak memory', most, 'MB', MOST_MB, {
            what: `of ${Math.ceil(accounts / 10)} accounts`,
            value: few.peakMb,
          }),
          promise(
            'more than for a tenth of the accounts',
            (most / few.peakMb - 1) * 100,
            '%',
            MOST_DIFFERENCE,
          ),
        ],
        details: alone.map(
          (seconds, i) =>
            `round ${i + 1}: sharp ${seconds.toFixed(2)} s, heal ${healed[i]?.toFixed(2)} s, with start and end ${whole[i]?.toFixed(2)} s`,
        ),
      }
    } finally {
      await database.end()
    }
  },
}

/** Alice follows everybody; everybody's avatar is at one of the hosts, and nobody has another picture. */
async function followEverybody(
  database: pg.Client,
  alice: string,
  origins: readonly string[],
  names: readonly string[],
): Promise<void> {
  await database.query('DELETE FROM follows WHERE account_id = $1', [alice])
  await database.query(
    `INSERT INTO follows (account_id, target_account_id, created_at, updated_at)
      SELECT $1, id, now(), now() FROM accounts WHERE domain IS NOT NULL`,
    [alice],
  )
  await database.query('TRUNCATE domain_blocks')
  await database.query(
    `WITH numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM accounts WHERE domain IS NOT NULL)
      UPDATE accounts a SET suspended_at = NULL,
          avatar_remote_url = ($1::text[])[1 + n % $2] || '/' || ($3::text[])[1 + n % $4] || '?' || n
        FROM numbered WHERE numbered.id = a.id`,
    [origins, origins.length, names, names.length],
  )
}

async function healOnce(
  database: pg.Client,
  user: string,
  env: Readonly<Record<string, string>>,
  home: string,
  limit: number | null,
): Promise<{ healed: number; seconds: number; wholeSeconds: number; peakMb: number }> {
  await database.query(
    `UPDATE accounts SET avatar_file_name = NULL, avatar_content_type = NULL, avatar_file_size = NULL
      WHERE domain IS NOT NULL`,
  )
  const most = limit === null ? [] : ['--limit', String(limit)]
  const run = await runCornac(['heal', 'avatars', '--follows-of', user, '--json', ...most], {
    env,
    cwd: home,
    peak: true,
    allowedCodes: [0, 7],
  })
  const { healed, seconds } = JSON.parse(run.stdout) as { healed: number; seconds: number }
  return { healed, seconds, wholeSeconds: run.ms / 1000, peakMb: (run.peakBytes ?? 0) / 1e6 }
}

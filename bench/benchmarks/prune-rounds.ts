/** What the benchmarks of a prune share: rows that can be put back as they were, and one prune of all of them. */
import pg from 'pg'
import { runCornac } from '../measure/run-process.ts'

const COLUMNS = ['avatar', 'header'].flatMap((which) =>
  ['file_name', 'content_type', 'file_size', 'updated_at'].map((column) => `${which}_${column}`),
)

export interface Prunable extends AsyncDisposable {
  /** Rows that a prune lets go of. */
  readonly rows: number
  /** Every row names its files again, and nothing is left of the last round. */
  putBack(): Promise<void>
}

/** Makes every remote account old enough, and remembers what it names. */
export async function makePrunable(databaseUrl: string): Promise<Prunable> {
  const database = new pg.Client({ connectionString: databaseUrl })
  await database.connect()
  await database.query(
    `UPDATE accounts SET last_webfingered_at = now() - interval '60 days', updated_at = now() - interval '60 days'
      WHERE domain IS NOT NULL`,
  )
  await database.query(
    `CREATE TABLE prunable AS SELECT id, updated_at, ${COLUMNS.join(', ')} FROM accounts WHERE domain IS NOT NULL
      AND concat(avatar_file_name, header_file_name) <> ''`,
  )
  await database.query('ALTER TABLE prunable ADD PRIMARY KEY (id)')
  const { rows } = await database.query<{ n: number }>('SELECT count(*)::int AS n FROM prunable')
  await database.query('VACUUM ANALYZE accounts')
  return {
    rows: rows[0]?.n ?? 0,
    async putBack() {
      await database.query(
        `UPDATE accounts a SET updated_at = p.updated_at, ${COLUMNS.map((column) => `${column} = p.${column}`).join(', ')}
          FROM prunable p WHERE p.id = a.id`,
      )
      await database.query('DROP SCHEMA IF EXISTS cornac CASCADE')
      await database.query('VACUUM ANALYZE accounts')
      await database.query('CHECKPOINT').catch(() => {})
    },
    async [Symbol.asyncDispose]() {
      await database.query('DROP TABLE IF EXISTS prunable')
      await database.end()
    },
  }
}

export interface PruneRun {
  readonly files: number
  readonly objects: number
  readonly requests: number
  /** From the taking of the lease to its end: gate, journal, rows, objects, verification. */
  readonly seconds: number
  /** With the start of the program and the plan. */
  readonly wholeSeconds: number
  readonly peakMb: number
}

/** Everything goes: tootctl's rules with no days and no follows. */
export async function pruneAll(env: Readonly<Record<string, string>>, home: string): Promise<PruneRun> {
  const argv = ['prune', 'avatars', 'headers', '--preset', 'tootctl', '--days', '0', '--include-follows']
  const leave = ['--allow-share', 'avatars=100%', '--allow-share', 'headers=100%']
  const run = await runCornac(
    [...argv, ...leave, '--during-vacuum', '--beside-tootctl', '--apply', '--json'],
    {
      env: { ...env, HOME: home, CORNAC_STATE_DIR: `${home}/state` },
      cwd: home,
      peak: true,
    },
  )
  const answer = JSON.parse(run.stdout) as {
    files: number
    seconds: number
    requests: number
    run: { objects_removed: number }
  }
  return {
    files: answer.files,
    objects: answer.run.objects_removed,
    requests: answer.requests,
    seconds: answer.seconds,
    wholeSeconds: run.ms / 1000,
    peakMb: (run.peakBytes ?? 0) / 1e6,
  }
}

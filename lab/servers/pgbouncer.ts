import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort } from './free-ports.ts'
import { mustBeInstalled, programPath } from './installed.ts'
import { plainUser } from './plain-user.ts'
import type { PostgresAddress } from './postgres.ts'
import { removeServerDirectory, serverDirectory } from './server-directory.ts'
import { supervise, waitUntil } from './supervise.ts'

/** A running pgbouncer in front of a PostgreSQL of the lab, knowing all its databases. */
export interface LabPgbouncer extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** Connection URL as the databases' owner. */
  url(database: string): string
  /** Mastodon's own variables, with the flag its documentation demands behind pgbouncer. */
  env(database: string): Record<string, string>
  /** May be called twice. PostgreSQL keeps running. */
  stop(): Promise<void>
}

export interface PgbouncerOptions {
  /** Default `transaction`: the mode in which nothing of a session survives a transaction. */
  readonly poolMode?: 'transaction' | 'session' | 'statement' | undefined
  /** Server connections per database and role. Default 5, so that sharing really happens. */
  readonly poolSize?: number | undefined
  /** Passwords of further roles that may connect. */
  readonly roles?: Readonly<Record<string, string>> | undefined
}

/** Starts Debian's pgbouncer on a free port of 127.0.0.1. */
export async function startPgbouncer(
  postgres: PostgresAddress,
  options: PgbouncerOptions = {},
): Promise<LabPgbouncer> {
  mustBeInstalled('pgbouncer')
  const { poolMode = 'transaction', poolSize = 5, roles = {} } = options
  const user = plainUser() // pgbouncer refuses to be root
  const directory = await serverDirectory('pgbouncer', { user })
  const host = '127.0.0.1'
  const port = await freePort()
  const passwords = {
    [postgres.user]: postgres.password,
    [postgres.superuser]: postgres.superuserPassword,
    ...roles,
  }
  const userList = join(directory, 'users.txt')
  const configuration = join(directory, 'pgbouncer.ini')
  await writeFile(
    userList,
    Object.entries(passwords)
      .map(([name, word]) => `${quoted(name)} ${quoted(word)}\n`)
      .join(''),
  )
  await writeFile(
    configuration,
    `[databases]
* = host=${postgres.host} port=${postgres.port}
[pgbouncer]
listen_addr = ${host}
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${userList}
pool_mode = ${poolMode}
default_pool_size = ${poolSize}
max_client_conn = 200
server_idle_timeout = 5
`,
  )
  const server = await supervise({
    name: 'pgbouncer',
    command: programPath('pgbouncer') as string,
    args: [configuration],
    directory,
    logFile: join(directory, 'pgbouncer.log'),
    user,
    stopSignal: 'SIGTERM', // immediate shutdown in pgbouncer's own terms; SIGINT waits for clients
  })
  const stop = async (): Promise<void> => {
    await server.stop()
    await removeServerDirectory(directory)
  }
  try {
    await waitUntil('a listening pgbouncer', () => listens(host, port), { processes: [server] })
  } catch (error) {
    await stop()
    throw error
  }
  return {
    host,
    port,
    url: (database) =>
      `postgres://${encodeURIComponent(postgres.user)}:${encodeURIComponent(postgres.password)}@${host}:${port}/${encodeURIComponent(database)}`,
    env: (database) => ({
      DB_HOST: host,
      DB_PORT: String(port),
      DB_NAME: database,
      DB_USER: postgres.user,
      DB_PASS: postgres.password,
      PREPARED_STATEMENTS: 'false',
    }),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}

function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port }, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

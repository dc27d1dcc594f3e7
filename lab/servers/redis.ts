import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort } from './free-ports.ts'
import { mustBeInstalled, programPath } from './installed.ts'
import { removeServerDirectory, serverDirectory } from './server-directory.ts'
import { supervise, waitUntil } from './supervise.ts'

/** Where a Redis listens. Plain data: travels between processes as JSON. */
export interface RedisAddress {
  readonly host: string
  readonly port: number
  readonly password: string | undefined
}

/** A running Redis that keeps nothing on disk. */
export interface LabRedis extends RedisAddress, AsyncDisposable {
  readonly address: RedisAddress
  /** Path of its Unix socket; undefined unless it was started with one. */
  readonly socket: string | undefined
  url(database?: number): string
  /** Mastodon's own variables. */
  env(database?: number): Record<string, string>
  /** The number of a database nobody was given before; so several test files can share one server. */
  freeDatabase(): Promise<number>
  /** May be called twice. */
  stop(): Promise<void>
}

/** How many databases freeDatabase can give away. */
const databases = 2_000

/** Starts Debian's redis-server on a free port of 127.0.0.1, in memory only. */
export async function startRedis(
  options: { readonly password?: string | undefined; readonly socket?: boolean | undefined } = {},
): Promise<LabRedis> {
  mustBeInstalled('redis')
  const directory = await serverDirectory('redis')
  const address: RedisAddress = { host: '127.0.0.1', port: await freePort(), password: options.password }
  // Only where asked for: the system allows a hundred characters, and a temporary directory may have more.
  const socket = options.socket === true ? join(directory, 'redis.sock') : undefined
  const settings = {
    bind: address.host,
    port: address.port,
    save: '',
    appendonly: 'no',
    databases,
    dir: directory,
  }
  const server = await supervise({
    name: 'redis-server',
    command: programPath('redis-server') as string,
    args: Object.entries({
      ...settings,
      ...(address.password !== undefined && { requirepass: address.password }),
      ...(socket !== undefined && { unixsocket: socket }),
    })
      .map(([name, value]) => [`--${name}`, String(value)])
      .flat(),
    directory,
    logFile: join(directory, 'redis.log'),
  })
  const stop = async (): Promise<void> => {
    await server.stop()
    await removeServerDirectory(directory)
  }
  try {
    await waitUntil('an answer to PING', () => ask(address, 'PING').then(Boolean, () => false), {
      processes: [server],
    })
  } catch (error) {
    await stop()
    throw error
  }
  return { ...connectRedis(address, stop), socket }
}

/** The handle of a server that runs already, perhaps started by another process. */
export function connectRedis(address: RedisAddress, stop: () => Promise<void> = async () => {}): LabRedis {
  const { host, port, password } = address
  return {
    ...address,
    address,
    socket: undefined,
    url: (database = 0) =>
      `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}${host}:${port}/${database}`,
    env: (database = 0) => ({
      REDIS_HOST: host,
      REDIS_PORT: String(port),
      REDIS_DB: String(database),
      ...(password !== undefined && { REDIS_PASSWORD: password }),
    }),
    async freeDatabase() {
      const number = Number((await ask(address, 'INCR cornac-lab:databases-given')).slice(1))
      if (!(number < databases)) throw new Error(`all ${databases} databases of this Redis are given away`)
      return number
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** A running sentinel of one Redis, which it calls `mastodon`. */
export interface LabSentinel extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly master: string
  stop(): Promise<void>
}

/** Starts redis-server as a sentinel that watches the given Redis; it needs the password too if one is given. */
export async function startSentinel(
  redis: RedisAddress,
  options: { readonly password?: string | undefined } = {},
): Promise<LabSentinel> {
  mustBeInstalled('redis')
  const directory = await serverDirectory('sentinel')
  const { password } = options
  const address: RedisAddress = { host: '127.0.0.1', port: await freePort(), password }
  const master = 'mastodon'
  const lines = [
    `bind ${address.host}`,
    `port ${address.port}`,
    `dir ${directory}`,
    `sentinel monitor ${master} ${redis.host} ${redis.port} 1`,
    ...(redis.password === undefined ? [] : [`sentinel auth-pass ${master} ${redis.password}`]),
    ...(password === undefined ? [] : [`requirepass ${password}`]),
  ]
  // It writes what it learns into its own file.
  const file = join(directory, 'sentinel.conf')
  await writeFile(file, lines.map((line) => `${line}\n`).join(''))
  const server = await supervise({
    name: 'redis-sentinel',
    command: programPath('redis-server') as string,
    args: [file, '--sentinel'],
    directory,
    logFile: join(directory, 'sentinel.log'),
  })
  const stop = async (): Promise<void> => {
    await server.stop()
    await removeServerDirectory(directory)
  }
  try {
    await waitUntil('an answer to PING', () => ask(address, 'PING').then(Boolean, () => false), {
      processes: [server],
    })
  } catch (error) {
    await stop()
    throw error
  }
  return { host: address.host, port: address.port, master, stop, [Symbol.asyncDispose]: stop }
}

/** One inline command, one line of answer (RESP, https://redis.io/docs/latest/develop/reference/protocol-spec/). */
function ask({ host, port, password }: RedisAddress, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = password === undefined ? [command] : [`AUTH ${password}`, command]
    let answer = ''
    const socket = connect({ host, port }, () => socket.write(lines.map((line) => `${line}\r\n`).join('')))
    socket.setTimeout(5_000, () => socket.destroy(new Error(`no answer from Redis on port ${port}`)))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`Redis on port ${port} closed the connection`)))
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text
      const answered = answer.split('\r\n')
      if (answered.length <= lines.length) return
      socket.destroy()
      const last = answered[lines.length - 1] as string
      if (last.startsWith('-')) reject(new Error(`Redis answered ${last}`))
      else resolve(last)
    })
  })
}

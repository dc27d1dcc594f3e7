import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from './free-ports.ts'
import { mustBeInstalled, programPath } from './installed.ts'
import { createS3Bucket, s3Env, type S3Address } from './s3-bucket.ts'
import { removeServerDirectory, serverDirectory } from './server-directory.ts'
import { supervise, waitUntil, type Supervised } from './supervise.ts'
import { proxyConfiguration, storageConfiguration, swiftHash } from './swift-configuration.ts'

/** Where a Swift listens, for both protocols it speaks. Plain data: travels between processes as JSON. */
export interface SwiftAddress {
  /** The S3 protocol, through Swift's own s3api. */
  readonly s3: S3Address
  /** Version 1 authentication: GET with X-Auth-User and X-Auth-Key answers with X-Auth-Token and X-Storage-Url. */
  readonly authUrl: string
  readonly username: string
  readonly password: string
  readonly tenant: string
  /** The account's own URL; a container is one path segment below it. */
  readonly storageUrl: string
}

/** A running OpenStack Swift with one replica. Forgets everything on stop. */
export interface LabSwift extends SwiftAddress, AsyncDisposable {
  readonly address: SwiftAddress
  /** A container, also a bucket of that name. Its objects can be read by anybody, as Mastodon's are; its listing cannot. */
  createContainer(name: string): Promise<void>
  /** The same, by its S3 name. */
  createBucket(name: string): Promise<void>
  /** Mastodon's own variables for the native protocol. */
  env(container: string): Record<string, string>
  /** Mastodon's own variables for the S3 protocol. */
  s3Env(bucket: string): Record<string, string>
  /** May be called twice. */
  stop(): Promise<void>
}

const ringServers = ['account', 'container', 'object'] as const

/** Starts one on free ports of 127.0.0.1, with its data in memory where there is room. Several may run at once. */
export async function startSwift(): Promise<LabSwift> {
  mustBeInstalled('swift')
  const directory = await serverDirectory('swift', { inMemoryBytes: 2 ** 31 })
  const processes: Supervised[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(processes.map((daemon) => daemon.stop()))
    await removeServerDirectory(directory)
  }
  try {
    return connectSwift(await startDaemons(directory, processes), stop)
  } catch (error) {
    await stop()
    throw error
  }
}

/** The handle of a Swift that runs already, perhaps started by another process. */
export function connectSwift(address: SwiftAddress, stop: () => Promise<void> = async () => {}): LabSwift {
  const createContainer = async (name: string): Promise<void> => {
    await createS3Bucket(address.s3, name)
    await openForReading(address, name)
  }
  return {
    ...address,
    address,
    createContainer,
    createBucket: createContainer,
    s3Env: (bucket) => s3Env(address.s3, bucket),
    env: (container) => ({
      SWIFT_ENABLED: 'true',
      SWIFT_AUTH_URL: address.authUrl,
      SWIFT_USERNAME: address.username,
      SWIFT_PASSWORD: address.password,
      SWIFT_TENANT: address.tenant,
      SWIFT_CONTAINER: container,
      SWIFT_OBJECT_URL: `${address.storageUrl}/${encodeURIComponent(container)}`,
    }),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function startDaemons(directory: string, processes: Supervised[]): Promise<SwiftAddress> {
  const [proxyPort, memcachedPort, ...ringPorts] = (await freePorts(5)) as [number, number, ...number[]]
  const etc = join(directory, 'etc')
  const user = userInfo().username
  await Promise.all(
    ['etc', 'srv/d1', 'cache', 'run'].map((name) => mkdir(join(directory, name), { recursive: true })),
  )
  await writeFile(join(etc, 'swift.conf'), swiftHash)
  await writeFile(
    join(etc, 'proxy-server.conf'),
    proxyConfiguration({ directory, port: proxyPort, memcachedPort, user }),
  )
  const daemon = async (program: string, ...args: string[]): Promise<void> => {
    const logFile = join(directory, 'run', `${program}.log`)
    const command = programPath(program) as string
    // SIGKILL also where an orderly end is asked for: there is nothing to save
    processes.push(
      await supervise({ name: program, command, args, directory, logFile, stopSignal: 'SIGKILL' }),
    )
  }
  await Promise.all(
    ringServers.map(async (kind, index) => {
      const port = ringPorts[index] as number
      await writeFile(join(etc, `${kind}-server.conf`), storageConfiguration({ directory, kind, port, user }))
    }),
  )
  await buildRings(etc, ringPorts)
  await daemon('memcached', '-u', user, '-l', '127.0.0.1', '-p', String(memcachedPort), '-U', '0', '-m', '32')
  for (const kind of ringServers) await daemon(`swift-${kind}-server`, join(etc, `${kind}-server.conf`))
  await daemon('swift-proxy-server', join(etc, 'proxy-server.conf'))

  const base = `http://127.0.0.1:${proxyPort}`
  const credentials = { username: 'admin:admin', password: 'admin' }
  const address: SwiftAddress = {
    s3: {
      endpoint: base,
      region: 'us-east-1',
      accessKeyId: credentials.username,
      secretAccessKey: credentials.password,
    },
    ...credentials,
    authUrl: `${base}/auth/v1.0`,
    tenant: 'admin',
    storageUrl: `${base}/v1/AUTH_admin`,
  }
  // the account comes into being on the first write; until every ring server answers, that write is refused
  await waitUntil('a writable account', () => isWritable(address), { processes })
  return address
}

/** All three rings in one run of Python: swift-ring-builder would need nine. */
async function buildRings(etc: string, ports: readonly number[]): Promise<void> {
  const script = `import sys
from swift.common.ring import RingBuilder
for kind, port in zip(sys.argv[1::2], sys.argv[2::2]):
    builder = RingBuilder(4, 1, 1)
    builder.add_dev(dict(id=0, region=1, zone=1, ip='127.0.0.1', port=int(port), device='d1', weight=1.0,
                         replication_ip='127.0.0.1', replication_port=int(port)))
    builder.rebalance()
    builder.get_ring().save(kind + '.ring.gz')
`
  const args = ringServers.flatMap((kind, index) => [kind, String(ports[index])])
  await promisify(execFile)(await swiftsPython(), ['-c', script, ...args], { cwd: etc })
}

/** The interpreter that Swift itself was installed for; another `python3` on PATH would not know its modules. */
async function swiftsPython(): Promise<string> {
  const program = await readFile(programPath('swift-proxy-server') as string, 'utf8')
  return /^#!\s*(\S+)/.exec(program)?.[1] ?? '/usr/bin/python3'
}

async function isWritable(address: SwiftAddress): Promise<boolean> {
  try {
    const headers = { 'X-Auth-Token': await swiftToken(address) }
    const probe = `${address.storageUrl}/cornac-lab-probe`
    const created = await fetch(probe, { method: 'PUT', headers })
    const object = await fetch(`${probe}/object`, { method: 'PUT', headers, body: 'x' })
    const removed = await fetch(`${probe}/object`, { method: 'DELETE', headers })
    const deleted = await fetch(probe, { method: 'DELETE', headers })
    return [created, object, removed, deleted].every((answer) => answer.ok)
  } catch {
    return false
  }
}

async function openForReading(address: SwiftAddress, container: string): Promise<void> {
  const answer = await fetch(`${address.storageUrl}/${encodeURIComponent(container)}`, {
    method: 'POST',
    headers: { 'X-Auth-Token': await swiftToken(address), 'X-Container-Read': '.r:*' },
  })
  if (!answer.ok)
    throw new Error(`Swift refused to open container ${container} for reading: HTTP ${answer.status}`)
}

/** A token of version 1 authentication. */
async function swiftToken({ authUrl, username, password }: SwiftAddress): Promise<string> {
  const answer = await fetch(authUrl, { headers: { 'X-Auth-User': username, 'X-Auth-Key': password } })
  const token = answer.headers.get('x-auth-token')
  if (token === null) throw new Error(`Swift gave no token: HTTP ${answer.status}`)
  return token
}

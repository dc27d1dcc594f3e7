import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cephConfiguration } from './ceph-configuration.ts'
import { freePorts } from './free-ports.ts'
import { mustBeInstalled, programPath } from './installed.ts'
import { createS3Bucket, s3Env, type S3Address } from './s3-bucket.ts'
import { removeServerDirectory, serverDirectory } from './server-directory.ts'
import { supervise, waitUntil, type Supervised } from './supervise.ts'

/** A running Ceph RADOS Gateway: monitor, one in-memory object daemon, gateway. Forgets everything on stop. */
export interface LabRgw extends S3Address, AsyncDisposable {
  readonly address: S3Address
  createBucket(name: string): Promise<void>
  /** Mastodon's own variables for this bucket. */
  env(bucket: string): Record<string, string>
  /** May be called twice. */
  stop(): Promise<void>
}

/** A gateway that this process has started, and may therefore mistreat. */
export interface OwnRgw extends LabRgw {
  /**
   * The gateway dies at once and is started again on the same port; what it had stored is there. Resolves when it answers:
   * whatever was asked meanwhile got no answer.
   */
  crashGateway(): Promise<void>
}

/** Starts one on free ports of 127.0.0.1; takes about a second, and 1.2 GB of memory once it is full. Several may run at once. */
export async function startRgw(): Promise<OwnRgw> {
  mustBeInstalled('ceph-rgw')
  const directory = await serverDirectory('ceph', { inMemoryBytes: 2 ** 30 })
  const processes: Supervised[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(processes.map((daemon) => daemon.stop()))
    await removeServerDirectory(directory)
  }
  try {
    const { address, crashGateway } = await startDaemons(directory, processes)
    return { ...connectRgw(address, stop), crashGateway }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The handle of a gateway that runs already, perhaps started by another process. */
export function connectRgw(address: S3Address, stop: () => Promise<void> = async () => {}): LabRgw {
  return {
    ...address,
    address,
    createBucket: (name) => createS3Bucket(address, name),
    env: (bucket) => s3Env(address, bucket),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function startDaemons(
  directory: string,
  processes: Supervised[],
): Promise<{ readonly address: S3Address; readonly crashGateway: () => Promise<void> }> {
  const [monitorPort, gatewayPort] = (await freePorts(2)) as [number, number]
  const clusterId = randomUUID()
  const file = join(directory, 'ceph.conf')
  await Promise.all(['mon', 'osd', 'rgw', 'run'].map((name) => mkdir(join(directory, name))))
  await writeFile(file, cephConfiguration({ directory, clusterId, monitorPort, gatewayPort }))
  const env = { ...process.env, CEPH_CONF: file }
  const run = async (program: string, ...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(programPath(program) as string, args, {
      cwd: directory,
      env,
    })
    return stdout
  }
  const daemon = async (program: string, ...args: string[]): Promise<Supervised> => {
    const logFile = join(directory, 'run', `${program}.out`)
    const command = programPath(program) as string
    // SIGKILL also where an orderly end is asked for: there is nothing to save, and the object daemon would take its time
    const stopSignal = 'SIGKILL'
    const started = await supervise({
      name: program,
      command,
      args: ['-c', file, ...args, '-f'],
      directory,
      logFile,
      env,
      stopSignal,
    })
    processes.push(started)
    return started
  }

  await run(
    'monmaptool',
    '--create',
    '--fsid',
    clusterId,
    '--addv',
    'a',
    `[v1:127.0.0.1:${monitorPort}]`,
    'monmap',
  )
  await run('ceph-authtool', '--create-keyring', 'mon.keyring', '--gen-key', '-n', 'mon.')
  await run('ceph-mon', '-c', file, '-i', 'a', '--mkfs', '--monmap', 'monmap', '--keyring', 'mon.keyring')
  await daemon('ceph-mon', '-i', 'a')
  await run('ceph-osd', '-c', file, '-i', '0', '--mkfs')
  await startObjectDaemon(processes, () => daemon('ceph-osd', '-i', '0'))
  const endpoint = `http://127.0.0.1:${gatewayPort}`
  const startGateway = async (): Promise<Supervised> => {
    const started = await daemon('radosgw', '-n', 'client.rgw')
    const answers = (): Promise<boolean> =>
      fetch(endpoint).then(
        (answer) => answer.ok,
        () => false,
      )
    await waitUntil('an answer of the gateway', answers, { processes, timeoutMs: 90_000 })
    return started
  }
  let gateway = await startGateway()
  const address: S3Address = {
    endpoint,
    region: 'us-east-1',
    accessKeyId: 'labkey',
    secretAccessKey: 'labsecret',
  }
  const keys = [`--access-key=${address.accessKeyId}`, `--secret-key=${address.secretAccessKey}`]
  await run('radosgw-admin', '-c', file, 'user', 'create', '--uid=lab', '--display-name=lab', ...keys)
  const crashGateway = async (): Promise<void> => {
    await gateway.endAtOnce()
    processes.splice(processes.indexOf(gateway), 1)
    gateway = await startGateway()
  }
  return { address, crashGateway }
}

/**
 * The object daemon makes itself known to the monitor when it starts. If it does so before it has the monitor's map, the
 * monitor answers 'wrong fsid' and the daemon gives up; on a busy machine it may also die of a race of its own while it takes
 * over the monitor's settings (both seen with 16.2): it is started again, as systemd would do.
 */
async function startObjectDaemon(processes: Supervised[], start: () => Promise<Supervised>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const daemon = await start()
    try {
      const accepted = (): boolean => daemon.tail().includes('waiting for initial osdmap')
      await waitUntil('the object daemon known to the monitor', accepted, { processes: [daemon] })
      return
    } catch (error) {
      if (daemon.running() || attempt === 20) throw error
      processes.splice(processes.indexOf(daemon), 1)
    }
  }
}

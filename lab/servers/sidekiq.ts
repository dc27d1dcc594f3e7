/** Debian's Sidekiq: the real one, in Ruby, though without a Mastodon. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mustBeInstalled, programPath } from './installed.ts'
import { removeServerDirectory, serverDirectory } from './server-directory.ts'
import { supervise, waitUntil } from './supervise.ts'

export interface LabRubySidekiq extends AsyncDisposable {
  /** The last lines it logged. */
  tail(): string
  /** Lets its jobs end. May be called twice. */
  stop(): Promise<void>
}

/**
 * Starts one Sidekiq process with one thread on the `pull` queue.
 *
 * @param program Ruby that defines the workers
 */
export async function startRubySidekiq(redisUrl: string, program: string): Promise<LabRubySidekiq> {
  mustBeInstalled('sidekiq')
  const directory = await serverDirectory('sidekiq')
  const file = join(directory, 'workers.rb')
  await writeFile(file, program)
  const server = await supervise({
    name: 'sidekiq',
    command: programPath('sidekiq') as string,
    args: ['--require', file, '--queue', 'pull', '--concurrency', '1'],
    directory,
    logFile: join(directory, 'sidekiq.log'),
    env: { ...process.env, REDIS_URL: redisUrl },
  })
  const stop = async (): Promise<void> => {
    await server.stop()
    await removeServerDirectory(directory)
  }
  try {
    await waitUntil('Sidekiq’s start', () => /Starting processing|Running in ruby/i.test(server.tail()), {
      processes: [server],
    })
  } catch (error) {
    await stop()
    throw error
  }
  return { tail: () => server.tail(), stop, [Symbol.asyncDispose]: stop }
}

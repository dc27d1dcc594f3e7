import { startRgw } from '../lab/servers/ceph-rgw.ts'
import { whatIsMissing } from '../lab/servers/installed.ts'
import { startPostgres } from '../lab/servers/postgres.ts'
import { startRedis } from '../lab/servers/redis.ts'
import { startSwift } from '../lab/servers/swift.ts'
import { sharedServerVariables } from '../test/shared-servers.ts'

const starts = {
  postgres: startPostgres,
  redis: startRedis,
  'ceph-rgw': startRgw,
  swift: startSwift,
} as const

/** The servers started for one run. */
export interface SharedServers {
  /** For the environment of the test processes: see test/shared-servers.ts. */
  readonly env: Readonly<Record<string, string>>
  stop(): Promise<void>
}

/**
 * Starts side by side every shared server that is installed. One that does not start is reported and left out: the test
 * files that want it then start their own, and fail by themselves if that fails, too.
 */
export async function startSharedServers(): Promise<SharedServers> {
  const env: Record<string, string> = {}
  const stops: (() => Promise<void>)[] = []
  await Promise.all(
    (Object.keys(starts) as (keyof typeof starts)[]).map(async (name) => {
      if (whatIsMissing(name) !== undefined) return
      try {
        const server = await starts[name]()
        env[sharedServerVariables[name]] = JSON.stringify(server.address)
        stops.push(() => server.stop())
      } catch (error) {
        console.error(`✖ the shared ${name} did not start:`, error)
      }
    }),
  )
  return {
    env,
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()))
    },
  }
}

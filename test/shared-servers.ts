import { randomBytes } from 'node:crypto'
import { connectRgw, startRgw, type LabRgw } from '../lab/servers/ceph-rgw.ts'
import { connectPostgres, startPostgres, type LabPostgres } from '../lab/servers/postgres.ts'
import { connectRedis, startRedis, type LabRedis } from '../lab/servers/redis.ts'
import { connectSwift, startSwift, type LabSwift } from '../lab/servers/swift.ts'

/**
 * One running server of each sort for all test files of a run. scripts/test.ts starts them and passes their addresses on
 * through these variables; a test file run alone starts its own, which end with its process. Each file takes a database,
 * bucket or container of its own (freshName, LabRedis.freeDatabase) and never stops a shared server.
 */
export const sharedServerVariables = {
  postgres: 'CORNAC_LAB_POSTGRES',
  redis: 'CORNAC_LAB_REDIS',
  'ceph-rgw': 'CORNAC_LAB_RGW',
  swift: 'CORNAC_LAB_SWIFT',
} as const

// One start per process, however many tests of a file ask for it.
const started = new Map<string, Promise<unknown>>()

/** The run's PostgreSQL. */
export function sharedPostgres(): Promise<LabPostgres> {
  return shared(sharedServerVariables.postgres, connectPostgres, startPostgres)
}

/** The run's Redis. */
export function sharedRedis(): Promise<LabRedis> {
  return shared(sharedServerVariables.redis, connectRedis, startRedis)
}

/** The run's Ceph RADOS Gateway. */
export function sharedRgw(): Promise<LabRgw> {
  return shared(sharedServerVariables['ceph-rgw'], connectRgw, startRgw)
}

/** The run's OpenStack Swift. */
export function sharedSwift(): Promise<LabSwift> {
  return shared(sharedServerVariables.swift, connectSwift, startSwift)
}

/** A name nobody used before, fit for a database, a bucket and a container. */
export function freshName(prefix: string): string {
  return `${prefix}-${randomBytes(5).toString('hex')}`
}

function shared<Server, Address>(
  variable: string,
  connect: (address: Address) => Server,
  start: () => Promise<Server>,
): Promise<Server> {
  let server = started.get(variable) as Promise<Server> | undefined
  if (server === undefined) {
    const address = process.env[variable]
    server = address === undefined ? start() : Promise.resolve(connect(JSON.parse(address) as Address))
    started.set(variable, server)
  }
  return server
}

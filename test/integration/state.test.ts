import pg from 'pg'
import { startPgbouncer, type LabPgbouncer } from '../../lab/servers/pgbouncer.ts'
import { after, before } from 'node:test'
import { plansContract } from '../contracts/plans.ts'
import { stateContract, type StateDatabase } from '../contracts/state.ts'
import { needs } from '../needs.ts'
import { freshName, sharedPostgres } from '../shared-servers.ts'

/** One role for all databases: pgbouncer has to know its password when it starts. */
const GUEST = freshName('guest')
const GUEST_PASSWORD = 'guest-password'

let pgbouncer: LabPgbouncer | undefined
const installed = needs('postgres', 'pgbouncer')
before(async () => {
  const postgres = await sharedPostgres()
  await postgres.createRole(GUEST, GUEST_PASSWORD)
  if (installed.skip === false)
    pgbouncer = await startPgbouncer(postgres.address, { roles: { [GUEST]: GUEST_PASSWORD } })
})
after(async () => {
  await pgbouncer?.stop()
  const postgres = await sharedPostgres()
  const client = new pg.Client({ connectionString: postgres.adminUrl('postgres') })
  await client.connect()
  await client.query(`DROP ROLE IF EXISTS ${pg.escapeIdentifier(GUEST)}`)
  await client.end()
})

async function freshDatabase(place: () => { host: string; port: number }): Promise<StateDatabase> {
  const postgres = await sharedPostgres()
  const name = freshName('state')
  await postgres.createDatabase(name)
  const settings = {
    ...place(),
    database: name,
    user: postgres.user,
    password: postgres.password,
    sslMode: 'disable',
  } as const
  const client = new pg.Client({ connectionString: postgres.adminUrl(name) })
  await client.connect()
  return {
    name,
    settings,
    guest: { ...settings, user: GUEST, password: GUEST_PASSWORD },
    sql: async (text, values = []) => (await client.query(text, [...values])).rows,
    async close() {
      await client.end()
      await postgres.dropDatabase(name)
    },
  }
}

const { host, port } = await sharedPostgresAddress()
for (const contract of [stateContract, plansContract]) {
  contract('PostgreSQL', needs('postgres'), () => freshDatabase(() => ({ host, port })))
  contract('PostgreSQL behind pgbouncer in transaction mode', installed, () =>
    freshDatabase(() => ({ host: pgbouncer!.host, port: pgbouncer!.port })),
  )
}

async function sharedPostgresAddress(): Promise<{ host: string; port: number }> {
  if (needs('postgres').skip !== false) return { host: '', port: 0 }
  return sharedPostgres()
}

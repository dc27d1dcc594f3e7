/** Opens Mastodon's PostgreSQL; turns the driver's refusals into sentences. */
import type { Pool, PoolConfig } from 'pg'
import { KnownError } from '../../core/errors.ts'

export interface DatabaseSettings {
  /** Host name, address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string | null
  /** As libpq: `prefer` tries TLS without verification, then plain. */
  readonly sslMode: 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'
  /** PEM of the certificate authority; null means the system's. */
  readonly sslRootCert?: string | null | undefined
  readonly maxConnections?: number | undefined
  /** After which a statement without an answer counts as lost, with its connection. Default: never. */
  readonly answerWithinMs?: number | undefined
}

/**
 * A pool whose first connection has been tried.
 *
 * Works through pgbouncer in transaction mode: no named statements, no session settings, no start-up parameters
 * beyond the user, the database and the application's name.
 * @throws KnownError if the server cannot be reached or refuses us
 */
export async function connectDatabase(settings: DatabaseSettings): Promise<Pool> {
  const { default: pg } = await import('pg')
  const tries = sslTries(settings)
  for (const [i, ssl] of tries.entries()) {
    const pool = new pg.Pool({ ...poolConfig(settings), ssl })
    // An idle connection that breaks is replaced on next use; without a listener the process would end.
    pool.on('error', () => {})
    try {
      const client = await pool.connect()
      client.release()
      return pool
    } catch (error) {
      await pool.end()
      if (i < tries.length - 1 && isTlsRefusal(error)) continue
      throw explainConnection(error, settings)
    }
  }
  throw new Error('no way to connect was tried')
}

function poolConfig(settings: DatabaseSettings): PoolConfig {
  return {
    host: settings.host,
    port: settings.port,
    database: settings.database,
    user: settings.user,
    password: settings.password ?? undefined,
    max: settings.maxConnections ?? 8,
    ...(settings.answerWithinMs === undefined ? {} : { query_timeout: settings.answerWithinMs }),
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    application_name: 'cornac',
  }
}

type Ssl = false | { rejectUnauthorized: boolean; ca?: string; checkServerIdentity?: () => undefined }

function sslTries(settings: DatabaseSettings): readonly Ssl[] {
  if (settings.host.startsWith('/')) return [false]
  const ca = settings.sslRootCert == null ? {} : { ca: settings.sslRootCert }
  switch (settings.sslMode) {
    case 'disable':
      return [false]
    case 'allow':
      return [false, { rejectUnauthorized: false }]
    case 'prefer':
      return [{ rejectUnauthorized: false }, false]
    case 'require':
      return [{ rejectUnauthorized: false }]
    case 'verify-ca':
      return [{ rejectUnauthorized: true, checkServerIdentity: () => undefined, ...ca }]
    case 'verify-full':
      return [{ rejectUnauthorized: true, ...ca }]
  }
}

function isTlsRefusal(error: unknown): boolean {
  const { message, code } = error as { message?: string; code?: string }
  return (
    /does not support SSL|SSL|TLS|encryption|pg_hba/i.test(message ?? '') ||
    code === 'EPROTO' ||
    code === '28000'
  )
}

/** The sentence for what a connection attempt ended with. */
function explainConnection(error: unknown, settings: DatabaseSettings): KnownError {
  const { code, message } = error as { code?: string; message?: string }
  const place = `${settings.host}${settings.host.startsWith('/') ? '' : `:${settings.port}`}`
  // A server that does not answer may answer later; everything else is for the settings to mend.
  const known = (name: string, what: string, remedy: string): KnownError =>
    new KnownError({
      code: name,
      what,
      remedy,
      category: /-(?:unreachable|full)$/.test(name) ? 'failure' : 'usage',
      cause: error,
    })
  switch (code) {
    case '28P01':
    case '28000':
      return known(
        'database-login-refused',
        `PostgreSQL at ${place} refused the login of user ${settings.user}`,
        'Check DB_USER and DB_PASS (or DATABASE_URL) in Mastodon’s .env.production, and pg_hba.conf on the database server',
      )
    case '3D000':
      return known(
        'database-absent',
        `PostgreSQL at ${place} has no database named ${settings.database}`,
        'Check DB_NAME (or DATABASE_URL); psql -l lists what is there',
      )
    case '53300':
      return known(
        'database-full',
        `PostgreSQL at ${place} has no connection left`,
        'Wait, raise max_connections, or point Cornac at pgbouncer',
      )
    case 'ENOENT':
      return known(
        'database-unreachable',
        `there is no PostgreSQL socket in ${settings.host} for port ${settings.port}`,
        'Check that PostgreSQL runs and that DB_HOST and DB_PORT are right',
      )
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return known(
        'database-unreachable',
        `the database host ${settings.host} could not be found`,
        'Check DB_HOST (or DATABASE_URL); inside Docker the name only exists on the compose network',
      )
    case 'ECONNREFUSED':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ECONNRESET':
      return known(
        'database-unreachable',
        `PostgreSQL at ${place} does not answer (${code})`,
        'Check that PostgreSQL runs, that DB_HOST and DB_PORT are right, and that this machine may reach it',
      )
    default:
      return known(
        'database-unreachable',
        `connecting to PostgreSQL at ${place} failed: ${firstLine(message ?? String(error))}`,
        'Check the DB_* variables (or DATABASE_URL and DB_SSLMODE) in Mastodon’s .env.production',
      )
  }
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text
}

/**
 * Where Mastodon's database is: config/database.yml with `DATABASE_URL` merged over it, as Rails does.
 * Source: Mastodon config/database.yml, Rails ConnectionUrlResolver; docs/mastodon.md#settings.
 */
import { SSL_MODES, type DatabaseConfig, type DatabaseConnection, type SslMode } from './config.ts'
import { secretOf } from './secret.ts'
import type { Settings } from './settings.ts'
import { oneOf, percentDecoded, port } from './validate.ts'

/** Debian's socket directory, used when the host is set to nothing: libpq then takes the local socket. */
const SOCKET_DIRECTORY = '/var/run/postgresql'
const POSTGRES_PORT = 5432
const PGBOUNCER_PORT = 6432

/** What one database URL says; a part it leaves out comes from elsewhere. */
type UrlParts = Partial<DatabaseConnection>

/** Cornac's own override of the connection; it replaces Mastodon's as a whole. */
export interface OwnDatabaseUrl {
  readonly url: string | null
  /** The setting's name, and where it was given: its problems are not Mastodon's. */
  readonly name: string
  readonly place: string
}

export function resolveDatabase(settings: Settings, own: OwnDatabaseUrl): DatabaseConfig {
  const variables = fromVariables(settings)
  const url = settings.verbatim('DATABASE_URL')
  const mastodons = url === null ? variables : { ...variables, ...readUrl(settings, 'DATABASE_URL', url) }
  const connection =
    own.url === null ? mastodons : { ...BARE, ...readUrl(complainAbout(settings, own), own.name, own.url) }
  const prepared = settings.text('PREPARED_STATEMENTS') ?? 'true'
  return {
    connection,
    source: own.url !== null ? 'mastodon.database_url' : url !== null ? 'DATABASE_URL' : 'DB_*',
    pgbouncerLikely:
      connection.port === PGBOUNCER_PORT || (own.url === null && /^(?:false|no|off)$/i.test(prepared)),
    replica: resolveReplica(settings, mastodons),
  }
}

/** The database of Cornac's own tables, if it was given one; nothing of Mastodon's settings is mixed in. */
export function resolveStateDatabase(settings: Settings, own: OwnDatabaseUrl): DatabaseConnection | null {
  if (own.url === null) return null
  const before = settings.problems.length
  const complaints = complainAbout(settings, own)
  const parts = readUrl(complaints, own.name, own.url)
  if (parts.database === undefined && settings.problems.length === before)
    complaints.problem(
      own.name,
      `${own.name} names no database`,
      'Write it as postgresql://user:password@host:port/database',
    )
  return { ...BARE, ...parts }
}

type Complaints = Pick<Settings, 'problem'>

function complainAbout(settings: Settings, own: OwnDatabaseUrl): Complaints {
  return {
    problem: (name, what, remedy) =>
      settings.problems.push({ setting: name, place: own.place, what, remedy }),
  }
}

const BARE: DatabaseConnection = {
  host: 'localhost',
  port: POSTGRES_PORT,
  database: 'mastodon_production',
  user: 'mastodon',
  password: null,
  sslMode: 'prefer',
  sslRootCertificate: null,
}

function fromVariables(settings: Settings): DatabaseConnection {
  const user = settings.text('DB_USER') ?? BARE.user
  return {
    host: settings.text('DB_HOST') ?? (settings.has('DB_HOST') ? SOCKET_DIRECTORY : BARE.host),
    port: port(settings, 'DB_PORT', POSTGRES_PORT),
    // Set to nothing, libpq falls back to the user's name.
    database: settings.text('DB_NAME') ?? (settings.has('DB_NAME') ? user : BARE.database),
    user,
    password: secretOf(settings.verbatim('DB_PASS')),
    sslMode: oneOf(settings, 'DB_SSLMODE', SSL_MODES, BARE.sslMode),
    sslRootCertificate: null,
  }
}

function resolveReplica(settings: Settings, primary: DatabaseConnection): DatabaseConnection | null {
  const url = settings.verbatim('REPLICA_DATABASE_URL')
  const named = ['REPLICA_DB_NAME', 'REPLICA_DB_HOST'].some((name) => settings.text(name) !== null)
  if (url === null && !named) return null
  return {
    ...primary,
    host: settings.text('REPLICA_DB_HOST') ?? primary.host,
    port: port(settings, 'REPLICA_DB_PORT', primary.port),
    database: settings.text('REPLICA_DB_NAME') ?? primary.database,
    user: settings.text('REPLICA_DB_USER') ?? primary.user,
    password: secretOf(settings.verbatim('REPLICA_DB_PASS')) ?? primary.password,
    ...(url === null ? {} : readUrl(settings, 'REPLICA_DATABASE_URL', url)),
  }
}

const URL_SHAPE =
  /^(?:postgres|postgresql|postgis):\/\/(?:([^:@/?#\s]*)(?::([^@/?#\s]*))?@)?(\[[^\]]+\]|[^:/?#@\s]*)(?::(\d*))?(?:\/([^?#\s]*))?(?:\?([^#\s]*))?$/

/**
 * Reads `postgresql://user:password@host:port/database?host=…&sslmode=…`. Query parameters win over the part they
 * repeat, every part is percent-decoded, and an IPv6 address stands in brackets.
 */
function readUrl(settings: Complaints, name: string, url: string): UrlParts {
  const match = URL_SHAPE.exec(url.trim())
  if (match === null) {
    const remedy =
      'Write it as postgresql://user:password@host:port/database, with %40 for @, %2F for / and %23 for # in the password'
    settings.problem(name, `${name} is not an address of a PostgreSQL database`, remedy)
    return {}
  }
  const [, user, password, host, portDigits, database, query] = match
  const parts = new Map<string, string>()
  for (const pair of (query ?? '').split('&')) {
    const [key = '', ...value] = pair.split('=')
    if (key !== '') parts.set(key, value.join('='))
  }
  const part = (key: string, fromPath: string | undefined): string | undefined => {
    const raw = parts.get(key) ?? fromPath ?? ''
    const decoded = percentDecoded(raw)
    if (decoded === undefined) {
      settings.problem(name, `${name} has a % in its ${key} that encodes nothing`, 'Write %25 for a %')
    }
    return decoded === '' ? undefined : decoded
  }
  const read = {
    host: part('host', host)?.replace(/^\[|\]$/g, ''),
    port: urlPort(settings, name, part('port', portDigits)),
    database: part('database', database) ?? part('dbname', undefined),
    user: part('username', user) ?? part('user', undefined),
    password: secretOf(part('password', password) ?? null) ?? undefined,
    sslMode: urlSslMode(settings, name, part('sslmode', undefined)),
    sslRootCertificate: part('sslrootcert', undefined),
  }
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined))
}

function urlPort(settings: Complaints, name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= 65_535) return value
  settings.problem(name, `${name} has a port that is not a number from 1 to 65535`, 'Correct the port')
  return undefined
}

function urlSslMode(settings: Complaints, name: string, text: string | undefined): SslMode | undefined {
  if (text === undefined) return undefined
  const found = SSL_MODES.find((mode) => mode === text)
  if (found === undefined) {
    settings.problem(
      name,
      `${name} has an sslmode that PostgreSQL does not know`,
      `Use one of: ${SSL_MODES.join(', ')}`,
    )
  }
  return found
}

/** The effective configuration for people. A secret is only ever said to be set. */
import type { Config, DatabaseConnection, RedisEndpoint, StorageConfig } from '../../../config/config.ts'
import type { Painter } from './paint.ts'
import { formatBytes, formatCount, formatDuration, table } from './text.ts'

type Row = readonly [label: string, value: string]

export function describeConfig(config: Config, paint: Painter): string {
  const sections: readonly (readonly [string, readonly Row[]])[] = [
    ['Read from', sources(config)],
    ['Server', server(config)],
    ['Database', database(config)],
    ['Redis', redis(config)],
    ['Storage', storage(config.storage)],
    ['Cornac', own(config)],
  ]
  const text = sections.map(([title, rows]) => `${paint.bold(title)}\n${indented(rows)}`).join('\n')
  const notes = config.notes.map((note) => `  ${paint.warn('-')} ${note}\n`).join('')
  return notes === '' ? text : `${text}\n${paint.bold('Worth knowing')}\n${notes}`
}

function indented(rows: readonly Row[]): string {
  return table(
    [{ title: '' }, { title: '' }],
    rows.map(([label, value]) => [`  ${label}`, value]),
  )
}

function sources({ sources: { envFile, configFile } }: Config): readonly Row[] {
  return [
    ['Mastodon', envFile ?? 'the environment'],
    ['Cornac', configFile ?? 'no cornac.yaml: defaults'],
  ]
}

function server({ instance }: Config): readonly Row[] {
  return [
    ['domain of handles', instance.localDomain],
    ['domain of addresses', instance.webDomain],
    ['other domains', listed(instance.alternateDomains)],
    ['assets from', instance.cdnHost ?? 'the web domain'],
    ['other media hosts', listed(instance.aliasHosts)],
    ['limited federation', yes(instance.limitedFederation)],
    [
      'authorised fetch',
      instance.authorizedFetch === null ? 'as set in Mastodon' : yes(instance.authorizedFetch),
    ],
    ['private networks allowed', listed(instance.allowedPrivateAddresses)],
    ['images by', imageBackend(instance.useLibvips)],
  ]
}

function imageBackend(useLibvips: boolean | null): string {
  if (useLibvips === null) return 'the default of Mastodon’s version'
  return useLibvips ? 'libvips' : 'ImageMagick'
}

function database({ database: { connection, source, pgbouncerLikely, replica } }: Config): readonly Row[] {
  return [
    ['set by', source],
    ...connectionRows(connection),
    ['pgbouncer', pgbouncerLikely ? 'likely: no session state is relied on' : 'not expected'],
    [
      'replica',
      replica === null ? 'none' : `${replica.host}, port ${replica.port}, database ${replica.database}`,
    ],
  ]
}

function connectionRows(connection: DatabaseConnection): readonly Row[] {
  const { host, port } = connection
  return [
    ['server', host.startsWith('/') ? `socket in ${host}, port ${port}` : `${host}, port ${port}`],
    ['database', connection.database],
    ['user', `${connection.user}, ${password(connection.password !== null)}`],
    ['TLS', connection.sslMode],
  ]
}

function redis({ redis: { base, sidekiq, cache, namespace } }: Config): readonly Row[] {
  return [
    ['application', endpoint(base)],
    ['Sidekiq', sidekiq === base ? 'the same' : endpoint(sidekiq)],
    ['cache', cache === base ? 'the same' : endpoint(cache)],
    ['namespace', namespace ?? 'none'],
  ]
}

function endpoint(redisServer: RedisEndpoint): string {
  const tail = `database ${redisServer.db}, ${password(redisServer.password !== null)}`
  switch (redisServer.kind) {
    case 'server':
      return `${redisServer.host}, port ${redisServer.port}, ${redisServer.tls ? 'TLS, ' : ''}${tail}`
    case 'socket':
      return `socket ${redisServer.path}, ${tail}`
    case 'sentinel':
      return `${redisServer.master} by ${plainList(redisServer.sentinels.map(({ host, port }) => `${host}:${port}`))}, ${tail}`
  }
}

function storage(config: StorageConfig): readonly Row[] {
  const published: Row = ['published at', `${config.publicUrl}/`]
  switch (config.kind) {
    case 'file-system':
      return [['kind', 'files on disk'], ['folder', config.root], published]
    case 's3':
      return [
        ['kind', 'S3'],
        ['bucket', config.bucket],
        ['region', config.region],
        ['endpoint', config.endpoint ?? 'Amazon’s own'],
        ['addressing', config.pathStyle ? 'bucket in the path' : 'bucket in the host name'],
        ['key prefix', config.keyPrefix === null ? 'none' : `${config.keyPrefix}/`],
        ['permission of new files', config.permission ?? 'none sent'],
        ['storage class', config.storageClass ?? 'the bucket’s own'],
        ['access key', config.credentials === null ? 'from the machine itself' : 'set'],
        [
          'time limits',
          `${formatDuration(config.openTimeoutMs)} to connect, ${formatDuration(config.readTimeoutMs)} to read`,
        ],
        ['uploads in parts from', formatBytes(config.multipartThreshold)],
        published,
      ]
    case 'swift':
      return [['kind', 'OpenStack Swift (not supported yet)'], ['container', config.container], published]
    case 'azure':
      return [
        ['kind', 'Azure (not supported yet)'],
        ['container', `${config.container} of ${config.account}`],
        published,
      ]
  }
}

function own({ state: { connection }, scan, heal, apply, prices, stateDir }: Config): readonly Row[] {
  return [
    ['own tables in', connection === null ? 'Mastodon’s database' : ownDatabase(connection)],
    ['scans kept in', stateDir],
    [
      'scan',
      `${scan.concurrency} parts side by side, no orphan younger than ${formatDuration(scan.minAgeMs)}`,
    ],
    [
      'heal',
      `${heal.concurrency} fetches side by side, ${heal.perHost} per origin, ${formatDuration(heal.timeoutMs)} for one file`,
    ],
    ['private networks to heal from', listed(heal.allowedPrivateAddresses)],
    ['one run lets go of', limits(apply)],
    ['prices', prices === null ? 'not known' : priceList(prices)],
  ]
}

function limits({ maxDelete, maxDeleteBytes, maxDurationMs, requestsPerSecond }: Config['apply']): string {
  const said = [
    ...(maxDelete === null ? [] : [`${formatCount(maxDelete)} files`]),
    ...(maxDeleteBytes === null ? [] : [formatBytes(maxDeleteBytes)]),
    ...(maxDurationMs === null ? [] : [`what ${formatDuration(maxDurationMs)} suffice for`]),
    ...(requestsPerSecond === null ? [] : [`${formatCount(requestsPerSecond)} requests a second`]),
  ]
  return said.length === 0 ? 'what its plan says' : `at most ${said.join(', ')}`
}

function priceList({ requestsPerThousand, gbMonth, source }: NonNullable<Config['prices']>): string {
  const list = `$${requestsPerThousand} for 1,000 requests, $${gbMonth} for a gigabyte a month`
  return source === 'amazon' ? `${list} (published by Amazon for S3 Standard)` : list
}

function ownDatabase({ host, port, database: name, user, password: word }: DatabaseConnection): string {
  return `${host}, port ${port}, database ${name}, user ${user}, ${password(word !== null)}`
}

function password(set: boolean): string {
  return set ? 'password set' : 'no password'
}

function yes(value: boolean): string {
  return value ? 'yes' : 'no'
}

function listed(values: readonly string[]): string {
  return values.length === 0 ? 'none' : plainList(values)
}

function plainList(values: readonly string[]): string {
  return values.join(', ')
}

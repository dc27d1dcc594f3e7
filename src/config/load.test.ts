import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { inspect } from 'node:util'
import type { Config, S3StorageConfig } from './config.ts'
import { loadConfig, type LoadOptions } from './load.ts'
import { ConfigError } from './problem.ts'
import type { Surroundings } from './surroundings.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cornac-config-'))
})
after(() => rm(folder, { recursive: true, force: true }))
beforeEach(async () => {
  await rm(folder, { recursive: true, force: true })
  await mkdir(join(folder, 'here'), { recursive: true })
})

function around(environment: Record<string, string> = {}): Surroundings {
  return {
    environment,
    workingDirectory: join(folder, 'here'),
    home: join(folder, 'home'),
    root: false,
    applicationFolders: ['live', 'opt', 'link'].map((name) => join(folder, name)),
    machineConfigFile: join(folder, 'etc/cornac.yaml'),
  }
}

async function put(path: string, text: string): Promise<string> {
  const full = join(folder, path)
  await mkdir(dirname(full), { recursive: true })
  await writeFile(full, text)
  return full
}

/** Loads `.env.production` with these lines, besides the domain. */
async function withEnv(
  lines: string,
  environment: Record<string, string> = {},
  options: LoadOptions = {},
): Promise<Config> {
  await put('here/.env.production', `LOCAL_DOMAIN=social.example\n${lines}`)
  return loadConfig(options, around(environment))
}

async function failure(promise: Promise<unknown>): Promise<ConfigError> {
  const error = await promise.then(
    () => assert.fail('the configuration was accepted'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof ConfigError, inspect(error))
  assert.equal(error.category, 'usage')
  return error
}

async function problemsWith(lines: string, environment: Record<string, string> = {}): Promise<string[]> {
  const { problems } = await failure(withEnv(lines, environment))
  return problems.map(({ place, what }) => `${place.replace(`${folder}/here/`, '')} ${what}`)
}

async function s3With(lines: string): Promise<S3StorageConfig> {
  const { storage } = await withEnv(`S3_ENABLED=true\nS3_BUCKET=media\n${lines}`)
  assert.equal(storage.kind, 's3')
  return storage as S3StorageConfig
}

test('the domain alone is enough: everything else has Mastodon’s own defaults', async () => {
  const config = await withEnv('')
  assert.deepEqual(JSON.parse(JSON.stringify(config)), {
    sources: { envFile: join(folder, 'here/.env.production'), configFile: null },
    instance: {
      localDomain: 'social.example',
      webDomain: 'social.example',
      alternateDomains: [],
      cdnHost: null,
      aliasHosts: [],
      limitedFederation: false,
      authorizedFetch: null,
      allowedPrivateAddresses: [],
      useLibvips: null,
    },
    database: {
      connection: {
        host: 'localhost',
        port: 5432,
        database: 'mastodon_production',
        user: 'mastodon',
        password: null,
        sslMode: 'prefer',
        sslRootCertificate: null,
      },
      source: 'DB_*',
      pgbouncerLikely: false,
      replica: null,
    },
    redis: {
      base: { kind: 'server', host: 'localhost', port: 6379, tls: false, user: null, password: null, db: 0 },
      sidekiq: {
        kind: 'server',
        host: 'localhost',
        port: 6379,
        tls: false,
        user: null,
        password: null,
        db: 0,
      },
      cache: { kind: 'server', host: 'localhost', port: 6379, tls: false, user: null, password: null, db: 0 },
      namespace: null,
    },
    storage: {
      kind: 'file-system',
      root: join(folder, 'here/public/system'),
      publicUrl: 'https://social.example/system',
    },
    state: { connection: null },
    scan: { concurrency: 4, minAgeMs: 86_400_000 },
    heal: { concurrency: 16, perHost: 2, timeoutMs: 30_000, allowedPrivateAddresses: [] },
    apply: { maxDelete: null, maxDeleteBytes: null, maxDurationMs: null, requestsPerSecond: null },
    prices: null,
    stateDir: join(folder, 'home/.local/state/cornac'),
    notes: [],
  })
})

test('the configuration is frozen to its innermost part', async () => {
  const config = await withEnv('')
  assert.ok(
    Object.isFrozen(config) && Object.isFrozen(config.database.connection) && Object.isFrozen(config.notes),
  )
})

test('DB_PASS keeps every character; DB_HOST may be a socket directory', async () => {
  const { database } = await withEnv(
    `DB_HOST=/var/run/postgresql\nDB_PASS=' p@ss:w/rd#"%41 '\nDB_PORT=5433\nDB_SSLMODE=verify-full`,
  )
  assert.equal(database.connection.password?.reveal(), ' p@ss:w/rd#"%41 ')
  assert.equal(database.connection.host, '/var/run/postgresql')
  assert.equal(database.connection.port, 5433)
  assert.equal(database.connection.sslMode, 'verify-full')
})

test('DB_HOST set to nothing means the local socket, as in libpq', async () => {
  const { database } = await withEnv('DB_HOST=\nDB_NAME=\nDB_USER=me')
  assert.equal(database.connection.host, '/var/run/postgresql')
  assert.equal(database.connection.database, 'me')
})

test('DATABASE_URL wins part by part over the DB_ variables', async () => {
  const { database } = await withEnv(
    'DB_PASS=kept\nDB_NAME=lost\nDB_SSLMODE=require\nDATABASE_URL=postgresql://m%40e@[::1]:6000/ma%2Fsto?sslrootcert=/ca.pem',
  )
  assert.equal(database.source, 'DATABASE_URL')
  assert.deepEqual(JSON.parse(JSON.stringify(database.connection)), {
    host: '::1',
    port: 6000,
    database: 'ma/sto',
    user: 'm@e',
    password: '[hidden]',
    sslMode: 'require',
    sslRootCertificate: '/ca.pem',
  })
  assert.equal(database.connection.password?.reveal(), 'kept')
})

test('DATABASE_URL understands sockets, percent-encoding and its query', async () => {
  const forms: readonly [string, Record<string, unknown>][] = [
    ['postgres://u:p%40s%2Fs%23@db.example/x', { host: 'db.example', database: 'x', user: 'u' }],
    [
      'postgres:///x?host=/var/run/postgresql',
      { host: '/var/run/postgresql', database: 'x', user: 'mastodon' },
    ],
    ['postgres://u:p@/x?host=/run/pg&port=5434', { host: '/run/pg', port: 5434, user: 'u' }],
    ['postgres://%2Fvar%2Frun%2Fpostgresql/x', { host: '/var/run/postgresql' }],
    ['postgresql://u@localhost/x?host=other&sslmode=verify-ca', { host: 'other', sslMode: 'verify-ca' }],
    ['postgis://u@h', { host: 'h', database: 'mastodon_production' }],
  ]
  for (const [url, expected] of forms) {
    const { database } = await withEnv(`DATABASE_URL='${url}'`)
    for (const [part, value] of Object.entries(expected)) {
      assert.equal(database.connection[part as 'host'], value, `${part} of ${url}`)
    }
  }
  const { database } = await withEnv(`DATABASE_URL='postgres://u:p%40s%2Fs%23@db/x'`)
  assert.equal(database.connection.password?.reveal(), 'p@s/s#')
})

test('pgbouncer is suspected by its port or by switched off prepared statements', async () => {
  assert.equal((await withEnv('DB_PORT=6432')).database.pgbouncerLikely, true)
  assert.equal((await withEnv('PREPARED_STATEMENTS=false')).database.pgbouncerLikely, true)
  assert.equal((await withEnv('PREPARED_STATEMENTS=true')).database.pgbouncerLikely, false)
})

test('a replica takes what it does not name from the primary', async () => {
  const { database } = await withEnv('DB_PASS=secret\nDB_NAME=m\nREPLICA_DB_HOST=replica.example')
  assert.equal(database.replica?.host, 'replica.example')
  assert.equal(database.replica?.database, 'm')
  assert.equal(database.replica?.password?.reveal(), 'secret')
  const byUrl = await withEnv('DB_NAME=m\nREPLICA_DATABASE_URL=postgres://r@x.example/y')
  assert.equal(byUrl.database.replica?.database, 'y')
  assert.equal((await withEnv('REPLICA_DB_PASS=x')).database.replica, null)
})

test('an address of Cornac’s own replaces Mastodon’s as a whole', async () => {
  const url = 'postgresql://reader:pw@db.example/mastodon'
  const { database } = await withEnv('DB_PORT=6432\nDB_PASS=other\nPREPARED_STATEMENTS=false', {
    CORNAC_MASTODON_DATABASE_URL: url,
  })
  assert.equal(database.source, 'mastodon.database_url')
  assert.equal(database.pgbouncerLikely, false)
  assert.equal(database.connection.port, 5432)
  assert.equal(database.connection.password?.reveal(), 'pw')
})

test('Redis: a URL, TLS, a socket, and parts', async () => {
  const tls = (await withEnv('REDIS_URL=rediss://u:p%40w@r.example:7000/3')).redis.base
  assert.deepEqual(JSON.parse(JSON.stringify(tls)), {
    kind: 'server',
    host: 'r.example',
    port: 7000,
    tls: true,
    user: 'u',
    password: '[hidden]',
    db: 3,
  })
  assert.equal(tls.password?.reveal(), 'p@w')
  const socket = (await withEnv('REDIS_URL=unix:///run/redis.sock?db=2')).redis.base
  assert.deepEqual(JSON.parse(JSON.stringify(socket)), {
    kind: 'socket',
    path: '/run/redis.sock',
    user: null,
    password: null,
    db: 2,
  })
  const parts = (await withEnv('REDIS_HOST=r\nREDIS_PORT=7\nREDIS_DB=1\nREDIS_PASSWORD=x')).redis.base
  assert.equal(parts.kind === 'server' && parts.port, 7)
  assert.equal(parts.db, 1)
})

test('a prefixed Redis set is used as a whole or not at all', async () => {
  const { redis } = await withEnv(
    'REDIS_HOST=base\nREDIS_PASSWORD=b\nSIDEKIQ_REDIS_PASSWORD=ignored\nCACHE_REDIS_HOST=cache\nREDIS_NAMESPACE=old',
  )
  assert.equal(redis.sidekiq, redis.base)
  assert.equal(redis.cache.kind === 'server' && redis.cache.host, 'cache')
  assert.equal(redis.cache.password, null)
  assert.equal(redis.namespace, 'old')
})

test('Redis sentinels: names, ports and secrets', async () => {
  const { redis } = await withEnv(
    'REDIS_SENTINEL_MASTER=mymaster\nREDIS_SENTINELS=a.example:1,b.example, [::1]:3\nREDIS_SENTINEL_PORT=2\nREDIS_PASSWORD=p',
  )
  assert.equal(redis.base.kind, 'sentinel')
  if (redis.base.kind !== 'sentinel') return
  assert.equal(redis.base.master, 'mymaster')
  assert.deepEqual(redis.base.sentinels, [
    { host: 'a.example', port: 1 },
    { host: 'b.example', port: 2 },
    { host: '::1', port: 3 },
  ])
  assert.equal(redis.base.sentinelPassword?.reveal(), 'p')
  const own = await withEnv(
    'REDIS_SENTINEL_MASTER=m\nREDIS_SENTINELS=a\nREDIS_SENTINEL_PASSWORD=s\nREDIS_SENTINEL_USERNAME=u\nREDIS_PASSWORD=p',
  )
  assert.equal(own.redis.base.kind === 'sentinel' && own.redis.base.sentinelPassword?.reveal(), 's')
  assert.equal(own.redis.base.kind === 'sentinel' && own.redis.base.sentinelUser, 'u')
})

test('S3: what Mastodon assumes when only the bucket is named', async () => {
  const storage = await s3With('')
  assert.deepEqual(storage, {
    kind: 's3',
    bucket: 'media',
    region: 'us-east-1',
    endpoint: null,
    pathStyle: false,
    keyPrefix: null,
    permission: 'public-read',
    storageClass: null,
    credentials: null,
    protocol: 'https',
    hostname: 's3-us-east-1.amazonaws.com',
    aliasHost: null,
    openTimeoutMs: 5000,
    readTimeoutMs: 5000,
    retryLimit: 0,
    multipartThreshold: 15_728_640,
    batchDeleteLimit: 1000,
    publicUrl: 'https://s3-us-east-1.amazonaws.com/media',
  } satisfies S3StorageConfig)
})

test('S3: every variable Mastodon knows', async () => {
  const storage = await s3With(
    [
      'S3_REGION=eu-1',
      'S3_ENDPOINT=https://s3.example/',
      'S3_KEY_PREFIX=/masto',
      'S3_PERMISSION=private',
      'S3_STORAGE_CLASS=STANDARD_IA',
      'S3_PROTOCOL=http',
      'S3_HOSTNAME=s3.example',
      'S3_ALIAS_HOST=files.social.example',
      'S3_CLOUDFRONT_HOST=ignored.example',
      'S3_OPEN_TIMEOUT=7',
      'S3_READ_TIMEOUT=9',
      'S3_RETRY_LIMIT=2',
      'S3_MULTIPART_THRESHOLD=1000000',
      'S3_BATCH_DELETE_LIMIT=500',
      'AWS_ACCESS_KEY_ID=id',
      'AWS_SECRET_ACCESS_KEY=se/cr+et',
      'AWS_SESSION_TOKEN=token',
    ].join('\n'),
  )
  assert.deepEqual(JSON.parse(JSON.stringify(storage)), {
    kind: 's3',
    bucket: 'media',
    region: 'eu-1',
    endpoint: 'https://s3.example',
    pathStyle: true,
    keyPrefix: 'masto',
    permission: 'private',
    storageClass: 'STANDARD_IA',
    credentials: { accessKeyId: '[hidden]', secretAccessKey: '[hidden]', sessionToken: '[hidden]' },
    protocol: 'http',
    hostname: 's3.example',
    aliasHost: 'files.social.example',
    openTimeoutMs: 7000,
    readTimeoutMs: 9000,
    retryLimit: 2,
    multipartThreshold: 1_000_000,
    batchDeleteLimit: 500,
    publicUrl: 'http://files.social.example/masto',
  })
  assert.equal(storage.credentials?.secretAccessKey.reveal(), 'se/cr+et')
})

test('S3_OVERRIDE_PATH_STYLE=true means the bucket stands in the host name, and only acts with an endpoint', async () => {
  assert.equal((await s3With('S3_ENDPOINT=https://e\nS3_OVERRIDE_PATH_STYLE=true')).pathStyle, false)
  assert.equal((await s3With('S3_ENDPOINT=https://e\nS3_OVERRIDE_PATH_STYLE=false')).pathStyle, true)
  assert.equal((await s3With('S3_OVERRIDE_PATH_STYLE=false')).pathStyle, false)
})

test('S3_PERMISSION set to nothing sends no ACL', async () => {
  assert.equal((await s3With('S3_PERMISSION=')).permission, null)
  assert.equal((await s3With("S3_PERMISSION=''")).permission, null)
})

test('the older cloudfront host stands in for the alias host', async () => {
  assert.equal((await s3With('S3_CLOUDFRONT_HOST=cf.example')).aliasHost, 'cf.example')
})

test('storage flags are tested in Mastodon’s order and must say exactly true', async () => {
  const flags =
    'S3_BUCKET=b\nSWIFT_CONTAINER=c\nSWIFT_AUTH_URL=https://a\nSWIFT_OBJECT_URL=https://o/\nAZURE_STORAGE_ACCOUNT=acc\nAZURE_CONTAINER_NAME=cont\n'
  const kindOf = async (lines: string) => (await withEnv(flags + lines)).storage.kind
  assert.equal(await kindOf('S3_ENABLED=true\nSWIFT_ENABLED=true\nAZURE_ENABLED=true'), 's3')
  assert.equal(await kindOf('S3_ENABLED=false\nSWIFT_ENABLED=true\nAZURE_ENABLED=true'), 'swift')
  assert.equal(await kindOf('AZURE_ENABLED=true'), 'azure')
  assert.equal(await kindOf('S3_ENABLED=True'), 'file-system')
  const { notes } = await withEnv('S3_ENABLED=1')
  assert.match(notes.join(), /S3_ENABLED is "1"; Mastodon takes only "true"/)
})

test('the media folder follows PAPERCLIP_ROOT_PATH and its :rails_root', async () => {
  const rootOf = async (lines: string) => {
    const { storage } = await withEnv(lines)
    return storage.kind === 'file-system' ? storage.root : undefined
  }
  assert.equal(await rootOf('PAPERCLIP_ROOT_PATH=/srv/media/'), '/srv/media')
  assert.equal(
    await rootOf('PAPERCLIP_ROOT_PATH=:rails_root/shared/media'),
    join(folder, 'here/shared/media'),
  )
  assert.equal(await rootOf('PAPERCLIP_ROOT_PATH=media'), join(folder, 'here/media'))
})

test('the public address of files on disk follows the CDN host and PAPERCLIP_ROOT_URL', async () => {
  const urlOf = async (lines: string) => (await withEnv(lines)).storage.publicUrl
  assert.equal(await urlOf('WEB_DOMAIN=www.social.example'), 'https://www.social.example/system')
  assert.equal(await urlOf('CDN_HOST=https://cdn.example/'), 'https://cdn.example/system')
  assert.equal(await urlOf('CDN_HOST=cdn.example\nPAPERCLIP_ROOT_URL=/media/'), 'https://cdn.example/media')
  assert.equal(await urlOf('PAPERCLIP_ROOT_URL=https://files.example/m'), 'https://files.example/m')
})

test('the instance: domains, federation, networks, image backend', async () => {
  const { instance, heal } = await withEnv(
    [
      'WEB_DOMAIN=Masto.Exämple',
      'ALTERNATE_DOMAINS=a.example, b.example',
      'LIMITED_FEDERATION_MODE=true',
      'ALLOWED_PRIVATE_ADDRESSES=10.0.0.0/8 192.168.1.5,fd00::/8',
      'MASTODON_USE_LIBVIPS=false',
      'EXTRA_MEDIA_HOSTS=https://x.example/path y.example',
      'S3_ALIAS_HOST=files.example',
    ].join('\n'),
    { CORNAC_HEAL_ALLOWED_PRIVATE_ADDRESSES: '172.16.0.0/12,10.0.0.0/8' },
  )
  assert.equal(instance.webDomain, 'masto.xn--exmple-cua')
  assert.deepEqual(instance.alternateDomains, ['a.example', 'b.example'])
  assert.equal(instance.limitedFederation, true)
  assert.equal(instance.authorizedFetch, true)
  assert.equal(instance.useLibvips, false)
  assert.deepEqual(instance.allowedPrivateAddresses, ['10.0.0.0/8', '192.168.1.5/32', 'fd00::/8'])
  assert.deepEqual(heal.allowedPrivateAddresses, [
    '10.0.0.0/8',
    '192.168.1.5/32',
    'fd00::/8',
    '172.16.0.0/12',
  ])
  assert.deepEqual(instance.aliasHosts, ['files.example', 'x.example', 'y.example'])
  assert.equal((await withEnv('WHITELIST_MODE=true')).instance.limitedFederation, true)
  assert.equal((await withEnv('AUTHORIZED_FETCH=false')).instance.authorizedFetch, false)
})

test('the real environment wins over the file, and the note says so without the values', async () => {
  const config = await withEnv('DB_HOST=from-file\nDB_PASS=filesecret', {
    DB_HOST: 'from-env',
    DB_PASS: 'envsecret',
  })
  assert.equal(config.database.connection.host, 'from-env')
  const notes = config.notes.join('\n')
  assert.match(notes, /DB_HOST comes from the environment, not from .*\.env\.production:2/)
  assert.ok(!/filesecret|envsecret/.test(notes))
})

test('an environment that holds Mastodon’s settings needs no file', async () => {
  const environment = { LOCAL_DOMAIN: 'env.example', DB_HOST: 'db', PAPERCLIP_ROOT_PATH: '/srv/media' }
  await put('live/.env.production', 'LOCAL_DOMAIN=file.example')
  const config = await loadConfig({}, around(environment))
  assert.equal(config.instance.localDomain, 'env.example')
  assert.equal(config.sources.envFile, null)
  assert.equal(config.storage.kind === 'file-system' && config.storage.root, '/srv/media')
})

test('without a file the media folder is the one that exists, or a question', async () => {
  const error = await failure(loadConfig({}, around({ LOCAL_DOMAIN: 'env.example' })))
  assert.match(error.message, /do not tell where the media folder is\. Set PAPERCLIP_ROOT_PATH/)
  await mkdir(join(folder, 'opt/public/system'), { recursive: true })
  const { storage } = await loadConfig({}, around({ LOCAL_DOMAIN: 'env.example' }))
  assert.equal(storage.kind === 'file-system' && storage.root, join(folder, 'opt/public/system'))
})

test('the named file wins over the working folder, which wins over the usual places', async () => {
  const named = await put('elsewhere/my.env', 'LOCAL_DOMAIN=named.example')
  await put('live/.env.production', 'LOCAL_DOMAIN=live.example')
  assert.equal((await loadConfig({}, around())).instance.localDomain, 'live.example')
  await put('here/.env.production', 'LOCAL_DOMAIN=here.example')
  assert.equal((await loadConfig({}, around())).instance.localDomain, 'here.example')
  assert.equal((await loadConfig({ envFile: named }, around())).instance.localDomain, 'named.example')
  const byVariable = await loadConfig({}, around({ CORNAC_ENV_FILE: '../elsewhere/my.env' }))
  assert.equal(byVariable.instance.localDomain, 'named.example')
})

test('two installations on one machine are not guessed between; a link to one of them is not a second', async () => {
  await put('opt/.env.production', 'LOCAL_DOMAIN=opt.example')
  await symlink(join(folder, 'opt'), join(folder, 'link'))
  assert.equal((await loadConfig({}, around())).instance.localDomain, 'opt.example')
  await put('live/.env.production', 'LOCAL_DOMAIN=live.example')
  assert.match((await failure(loadConfig({}, around()))).message, /More than one Mastodon.*--env-file/)
})

test('nothing found, no such file, a folder, an empty file, a file of another kind: one sentence each', async () => {
  assert.match((await failure(loadConfig({}, around()))).message, /were not found\. Name Mastodon’s/)
  const absent = await failure(loadConfig({ envFile: 'nothing.env' }, around()))
  assert.match(
    absent.message,
    /here\/nothing\.env: There is no such file\. Correct the path given with --env-file/,
  )
  assert.match((await failure(loadConfig({ envFile: folder }, around()))).message, /a folder, not a file/)
  for (const text of ['', '\uFEFF\r\n# nothing\r\n']) {
    const empty = await put('empty.env', text)
    const error = await failure(loadConfig({ envFile: empty }, around()))
    assert.equal(error.problems.length, 1)
    assert.match(error.message, /empty\.env: This file holds no settings/)
  }
  const wide = await put('wide.env', Buffer.from('LOCAL_DOMAIN=x.example', 'utf16le').toString('latin1'))
  assert.match((await failure(loadConfig({ envFile: wide }, around()))).message, /not a text file in UTF-8/)
  const other = await put('other.env', 'DB_HOST=db.example\n')
  const half = await failure(loadConfig({ envFile: other }, around()))
  assert.match(half.message, /LOCAL_DOMAIN is not set, so this does not look like the settings of a Mastodon/)
})

/** Runs as a user without rights, also when the tests run as root. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const root = process.geteuid?.() === 0
  if (root) process.seteuid?.(65_534)
  try {
    return await work()
  } finally {
    if (root) process.seteuid?.(0)
  }
}

test('a file or folder that may not be read says who may not and what to do', async () => {
  await chmod(folder, 0o755)
  const file = await put('closed.env', 'LOCAL_DOMAIN=x.example')
  await chmod(file, 0)
  const named = await failure(asNobody(() => loadConfig({ envFile: file }, around())))
  assert.match(
    named.message,
    /closed\.env: The user \S+ may not read this file\. Run cornac as the user of Mastodon/,
  )
  await put('live/.env.production', 'LOCAL_DOMAIN=x.example')
  await chmod(join(folder, 'live'), 0)
  const found = await failure(asNobody(() => loadConfig({}, around())))
  assert.match(found.message, /may not look into the folder of Mastodon\. Run cornac as the user of Mastodon/)
  await chmod(join(folder, 'live'), 0o755)
})

test('a file from Windows works: byte order mark and CRLF', async () => {
  await put('here/.env.production', '\uFEFFLOCAL_DOMAIN=win.example\r\nDB_NAME="masto"\r\n')
  const config = await loadConfig({}, around())
  assert.equal(config.instance.localDomain, 'win.example')
  assert.equal(config.database.connection.database, 'masto')
})

test('quotes in a file are syntax; in the environment they are part of the value and named', async () => {
  assert.equal((await withEnv('DB_NAME="masto"')).database.connection.database, 'masto')
  assert.deepEqual(await problemsWith('', { WEB_DOMAIN: '"www.social.example"', DB_NAME: "'masto'" }), [
    'the environment WEB_DOMAIN is wrapped in quotes, and in the environment quotes are part of the value',
    'the environment WEB_DOMAIN is "\\"www.social.example\\"", which is not a domain',
    'the environment DB_NAME is wrapped in quotes, and in the environment quotes are part of the value',
  ])
  const config = await withEnv('', { DB_PASS: '"quoted"' })
  assert.equal(config.database.connection.password?.reveal(), '"quoted"')
  assert.match(config.notes.join(), /DB_PASS in the environment is wrapped in quotes/)
})

test('every problem is told at once, with its place', async () => {
  await put('here/cornac.yaml', 'scan:\n  concurrency: lots\n  min_agee: 1h\nheal:\n  per_host: 9\n')
  const found = await problemsWith(
    'DB_PORT=70000\nDB_SSLMODE=maybe\nS3_ENABLED=true\nS3_ENDPOINT=s3.example\nAWS_ACCESS_KEY_ID=id\nREDIS_DB=x\nWEB_DOMAIN=https://social.example/',
    { CORNAC_HEAL_TIMEOUT: 'soon' },
  )
  assert.deepEqual(found.toSorted(), [
    '.env.production AWS_SECRET_ACCESS_KEY is not set, although AWS_ACCESS_KEY_ID is',
    '.env.production S3_BUCKET is not set, although S3_ENABLED is true',
    '.env.production:2 DB_PORT is "70000", which is not a number from 1 to 65535',
    '.env.production:3 DB_SSLMODE is "maybe", which is not one of the values it can have',
    '.env.production:5 S3_ENDPOINT is not a web address',
    '.env.production:7 REDIS_DB is "x", which is not a number from 0 to 65535',
    '.env.production:8 WEB_DOMAIN is "https://social.example/", which is not a domain',
    'cornac.yaml:2:3 scan.concurrency is "lots", which is not what it can be',
    'cornac.yaml:3:3 Cornac has no setting "scan.min_agee"',
    'cornac.yaml:5:3 heal.per_host is 9, which is not what it can be',
    'the environment (CORNAC_HEAL_TIMEOUT) heal.timeout is "soon", which is not what it can be',
  ])
})

test('every problem has a remedy, and sentences leave the full stop to whoever prints them', async () => {
  await put('here/cornac.yaml', 'scan: 5\nheal:\n  timeout: 5\n  allowed_private_addresses: [x, 3]\n')
  const { problems } = await failure(
    withEnv(
      'DATABASE_URL=mysql://x\nREDIS_URL=http://x\nREDIS_SENTINELS=a:b:c\nCDN_HOST=://\nALLOWED_PRIVATE_ADDRESSES=x\nS3_ENABLED=true',
    ),
  )
  assert.ok(problems.length >= 7, inspect(problems))
  for (const problem of problems) {
    assert.ok(problem.what.length > 10 && problem.remedy.length > 5, inspect(problem))
    assert.ok(!/[.\n]$/.test(problem.what) && !/[.\n]$/.test(problem.remedy), inspect(problem))
  }
})

test('the storage that is not used is not checked', async () => {
  const { storage } = await withEnv('S3_ENABLED=false\nS3_ENDPOINT=nonsense\nS3_OPEN_TIMEOUT=never')
  assert.equal(storage.kind, 'file-system')
})

test('a value that asks for a command is refused only where it is needed', async () => {
  assert.match((await failure(withEnv('DB_PASS=$(cat /run/secret)'))).message, /Cornac never runs commands/)
  await withEnv('SECRET_KEY_BASE=$(cat /run/secret)')
})

test('a dollar sign that swallows part of a password is noted without the password', async () => {
  const config = await withEnv('DB_PASS=corr$ecthorse')
  assert.equal(config.database.connection.password?.reveal(), 'corr')
  assert.match(config.notes.join(), /DB_PASS .* refers with \$ to a variable that is not set/)
  assert.ok(!/corr|ecthorse/.test(config.notes.join()))
})

test('Cornac’s own tables may lie in another database, under either name of the variable', async () => {
  const url = 'postgresql://cornac:s3cr%25t@db.example:6543/cornac_state?sslmode=require'
  const { state, database } = await withEnv('DB_PASS=mastodons', { CORNAC_STATE_DATABASE_URL: url })
  assert.deepEqual(
    { ...state.connection, password: state.connection?.password?.reveal() },
    {
      ...{ host: 'db.example', port: 6543, database: 'cornac_state', user: 'cornac', password: 's3cr%t' },
      ...{ sslMode: 'require', sslRootCertificate: null },
    },
  )
  assert.equal(database.connection.host, 'localhost')
  const short = await withEnv('', { CORNAC_DATABASE_URL: url })
  assert.equal(short.state.connection?.database, 'cornac_state')
  assert.deepEqual(short.notes, [])
  const both = await withEnv('', { CORNAC_DATABASE_URL: `${url}x`, CORNAC_STATE_DATABASE_URL: url })
  assert.equal(both.state.connection?.sslMode, 'require')
})

test('an address of Cornac’s own tables that cannot be used is named with its place, never with its password', async () => {
  const wrong = {
    'postgresql://cornac:hunter2@db.example': /state\.database_url names no database/,
    'mysql://cornac:hunter2@db.example/x': /state\.database_url is not an address of a PostgreSQL database/,
  }
  for (const [url, says] of Object.entries(wrong)) {
    const { message } = await withEnv('', { CORNAC_DATABASE_URL: url }).then(
      () => assert.fail('accepted'),
      (error: Error) => error,
    )
    assert.match(message, says)
    assert.match(message, /the environment \(CORNAC_DATABASE_URL\)/)
    assert.ok(!message.includes('hunter2'))
  }
})

test('cornac.yaml: settings with units; variables override it, flags override both', async () => {
  await put(
    'here/cornac.yaml',
    'state_dir: ~/state\nscan: { concurrency: 8, min_age: 90m }\nheal:\n  timeout: 10s\n',
  )
  const config = await withEnv('')
  assert.equal(config.sources.configFile, join(folder, 'here/cornac.yaml'))
  assert.deepEqual(config.scan, { concurrency: 8, minAgeMs: 5_400_000 })
  assert.equal(config.heal.timeoutMs, 10_000)
  assert.equal(config.stateDir, join(folder, 'home/state'))
  const byVariable = await withEnv('', { CORNAC_SCAN_CONCURRENCY: '9', CORNAC_STATE_DIR: '/srv/state' })
  assert.deepEqual(byVariable.scan, { concurrency: 9, minAgeMs: 5_400_000 })
  assert.equal(byVariable.stateDir, '/srv/state')
  const overrides = { 'scan.concurrency': { text: '10', flag: '--concurrency' } } as const
  const byFlag = await withEnv('', { CORNAC_SCAN_CONCURRENCY: '9' }, { overrides })
  assert.equal(byFlag.scan.concurrency, 10)
  const wrong = { 'scan.concurrency': { text: '0', flag: '--concurrency' } } as const
  assert.match(
    (await failure(withEnv('', {}, { overrides: wrong }))).message,
    /^--concurrency: scan\.concurrency is 0/,
  )
})

test('limits of runs have units, and the word none lifts one of them again', async () => {
  await put(
    'here/cornac.yaml',
    'apply: { max_delete: 5000, max_delete_bytes: 2GB, max_duration: 1h30m, requests_per_second: 20 }\n',
  )
  assert.deepEqual((await withEnv('')).apply, {
    maxDelete: 5000,
    maxDeleteBytes: 2 * 1024 ** 3,
    maxDurationMs: 5_400_000,
    requestsPerSecond: 20,
  })
  const lifted = await withEnv('', { CORNAC_APPLY_MAX_DELETE: 'none', CORNAC_APPLY_MAX_DURATION: 'None' })
  assert.deepEqual([lifted.apply.maxDelete, lifted.apply.maxDurationMs], [null, null])
  const overrides = { 'apply.max_delete': { text: '7', flag: '--max-delete' } } as const
  assert.equal((await withEnv('', {}, { overrides })).apply.maxDelete, 7)
  for (const [text, flag] of [
    ['0', '--max-delete'],
    ['-1', '--max-delete'],
    ['many', '--max-delete'],
  ] as const) {
    const wrong = { 'apply.max_delete': { text, flag } } as const
    assert.match(
      (await failure(withEnv('', {}, { overrides: wrong }))).message,
      /^--max-delete: apply\.max_delete is .*Give a whole number above zero, or none/,
    )
  }
  for (const text of ['0s', 'soon', '5'])
    assert.match(
      (await failure(withEnv('', { CORNAC_APPLY_MAX_DURATION: text }))).message,
      /apply\.max_duration is .*Give a duration such as 2h/,
    )
})

test('prices: Amazon’s own for its S3, what somebody said elsewhere, and never half of them', async () => {
  const S3 = 'S3_ENABLED=true\nS3_BUCKET=b\n'
  await put('here/cornac.yaml', '')
  const amazon = { requestsPerThousand: 0.005, gbMonth: 0.023, source: 'amazon' }
  assert.deepEqual((await withEnv(S3)).prices, amazon)
  assert.deepEqual((await withEnv(`${S3}S3_ENDPOINT=https://s3.eu-west-1.amazonaws.com`)).prices, amazon)
  for (const elsewhere of ['', `${S3}S3_ENDPOINT=https://amazonaws.com.example`])
    assert.equal((await withEnv(elsewhere)).prices, null, elsewhere)
  const month = { CORNAC_PRICES_GB_MONTH: '0.006' }
  assert.deepEqual((await withEnv(S3, month)).prices, { ...amazon, gbMonth: 0.006 })
  const elsewhere = `${S3}S3_ENDPOINT=https://s3.example`
  assert.match(
    (await failure(withEnv(elsewhere, month))).message,
    /prices\.gb_month is given without prices\.requests_per_thousand\. Give both/,
  )
  assert.deepEqual(
    (await withEnv(elsewhere, { ...month, CORNAC_PRICES_REQUESTS_PER_THOUSAND: '0' })).prices,
    {
      requestsPerThousand: 0,
      gbMonth: 0.006,
      source: 'settings',
    },
  )
})

test('cornac.yaml is looked for here, then for the whole machine; a named one must exist', async () => {
  await put('etc/cornac.yaml', 'scan: { concurrency: 2 }')
  assert.equal((await withEnv('')).scan.concurrency, 2)
  await put('here/cornac.yaml', 'scan: { concurrency: 3 }')
  assert.equal((await withEnv('')).scan.concurrency, 3)
  const other = await put('other.yaml', 'scan: { concurrency: 5 }')
  assert.equal((await withEnv('', { CORNAC_CONFIG: other })).scan.concurrency, 5)
  assert.equal((await withEnv('', { CORNAC_CONFIG: 'no.yaml' }, { configFile: other })).scan.concurrency, 5)
  assert.match(
    (await failure(withEnv('', { CORNAC_CONFIG: 'no.yaml' }))).message,
    /no\.yaml: There is no such file/,
  )
})

test('an empty cornac.yaml says nothing; a broken one is named by line and never quoted', async () => {
  for (const text of ['# nothing yet\n', 'scan:\n  # concurrency: 8\nheal:\n  timeout:\n']) {
    await put('here/cornac.yaml', text)
    assert.equal((await withEnv('')).heal.timeoutMs, 30_000)
  }
  await put(
    'here/cornac.yaml',
    'scan:\n  concurrency: 4\n mastodon: {database_url: postgres://u:hunter2@h}\n',
  )
  const error = await failure(withEnv(''))
  assert.match(error.message, /cornac\.yaml:\d+:\d+: This is not valid YAML/)
  assert.ok(!error.message.includes('hunter2'))
  await put('here/cornac.yaml', '- a list\n')
  assert.match((await failure(withEnv(''))).message, /This file is not a group of settings/)
})

test('a misspelt variable of Cornac’s own is noted with the name that was meant', async () => {
  const { notes } = await withEnv('', { CORNAC_SCAN_CONCURENCY: '3' })
  assert.deepEqual(notes, [
    'CORNAC_SCAN_CONCURENCY in the environment is no setting of Cornac; did you mean CORNAC_SCAN_CONCURRENCY?',
  ])
})

test('state lies in the home folder of a person, in XDG_STATE_HOME, or in /var/lib for root', async () => {
  const at = async (root: boolean, environment: Record<string, string> = {}) => {
    const place = {
      ...around({ LOCAL_DOMAIN: 'x.example', PAPERCLIP_ROOT_PATH: '/m', ...environment }),
      root,
    }
    return (await loadConfig({}, place)).stateDir
  }
  assert.equal(await at(false), join(folder, 'home/.local/state/cornac'))
  assert.equal(await at(false, { XDG_STATE_HOME: '/xdg' }), '/xdg/cornac')
  assert.equal(await at(false, { XDG_STATE_HOME: 'relative' }), join(folder, 'home/.local/state/cornac'))
  assert.equal(await at(true), '/var/lib/cornac')
})

test('no secret appears in any problem, note or printed configuration', async () => {
  const secret = 'hunter2secret'
  const lines = [
    `DB_PASS=${secret}`,
    `DATABASE_URL=postgres://u:${secret}@h:99999/x?sslmode=${secret}`,
    `REPLICA_DATABASE_URL=postgres://u:${secret}#@h/x`,
    `REDIS_URL=redis://u:${secret}/@h`,
    `SIDEKIQ_REDIS_URL=nonsense:${secret}`,
    `CACHE_REDIS_URL=redis://u:%${secret}@h`,
    `REDIS_PASSWORD="${secret}"`,
    `S3_ENABLED=true`,
    `S3_BUCKET=b`,
    `S3_ENDPOINT=ftp://u:${secret}@h`,
    `AWS_SECRET_ACCESS_KEY=${secret}`,
    `CDN_HOST=http://u:${secret}@:x/`,
    `DB_PORT=postgres://u:${secret}@h`,
  ]
  await put('here/cornac.yaml', `mastodon:\n  database_url: [${secret}]\n`)
  const environment = { CORNAC_MASTODON_DATABASE_URL: '', DB_PASS: `'${secret}'` }
  const error = await failure(withEnv(lines.join('\n'), environment))
  assert.ok(error.problems.length >= 9, inspect(error.problems))
  const printed = [error.message, String(error.stack), inspect(error), JSON.stringify(error)]
  for (const text of printed) assert.ok(!text.includes(secret), text)

  await put('here/cornac.yaml', '')
  const accepted = await withEnv(
    `DB_PASS=${secret}\nREDIS_URL=redis://u:${secret}@h\nS3_ENABLED=true\nS3_BUCKET=b\nAWS_ACCESS_KEY_ID=${secret}\nAWS_SECRET_ACCESS_KEY=${secret}`,
    { CORNAC_MASTODON_DATABASE_URL: `postgres://u:${secret}@h/x`, REDIS_URL: `redis://u:${secret}@h2` },
  )
  const shown = [JSON.stringify(accepted), inspect(accepted, { depth: 9, showHidden: true })]
  for (const text of shown) assert.ok(!text.includes(secret), text)

  const own = { CORNAC_MASTODON_DATABASE_URL: `postgres://u:${secret}%zz@h:x/` }
  assert.ok(!(await failure(withEnv('', own))).message.includes(secret))
})

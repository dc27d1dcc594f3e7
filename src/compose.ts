/** Config to adapters to ports: the only file that knows every adapter. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openImageMaker } from './adapters/images/open-image-maker.ts'
import { openMastodonDatabase } from './adapters/mastodon/open-database.ts'
import { connectDatabase, type DatabaseSettings } from './adapters/postgres/connect.ts'
import { openOriginFetcher } from './adapters/origin/open-origin-fetcher.ts'
import type { Signer } from './adapters/origin/open-origin-fetcher.ts'
import { openRailsCache } from './adapters/rails-cache/open-rails-cache.ts'
import type { RedisSettings } from './adapters/redis/connect-redis.ts'
import { openRedownloadQueue } from './adapters/sidekiq/open-redownload-queue.ts'
import { openSidekiq } from './adapters/sidekiq/open-sidekiq.ts'
import { openState } from './adapters/state/open-state.ts'
import { openScanFiles } from './adapters/state/scan-files.ts'
import { openFileStorage } from './adapters/storage/fs.ts'
import { openS3Storage } from './adapters/storage/s3.ts'
import { spareLocal } from './adapters/storage/wrap/spare-local.ts'
import { systemClock } from './adapters/system/clock.ts'
import { otherWork } from './adapters/system/other-work.ts'
import { processIdentity } from './adapters/system/process-identity.ts'
import type {
  Config,
  DatabaseConnection,
  RedisConfig,
  RedisEndpoint,
  StorageConfig,
} from './config/config.ts'
import { KnownError } from './core/errors.ts'
import type { SchemaFacts } from './core/model/schema.ts'
import type { OpenInstance } from './core/ports/instance.ts'
import type { MastodonDatabase } from './core/ports/mastodon.ts'
import type { OwnState, ScanStore } from './core/ports/state.ts'
import type { Storage } from './core/ports/storage.ts'

/** The program's page, named to origins in the user agent: who knocks says who it is (ARCHITECTURE.md#promises). */
const PAGE = 'https://www.npmjs.com/package/cornac'

/** Nothing is opened before it is asked for, and everything only once. */
export function openInstance(config: Config, version: string): OpenInstance {
  const closers: (() => Promise<void>)[] = []
  const once = <T>(open: () => Promise<T>, close?: (opened: T) => Promise<void>): (() => Promise<T>) => {
    let opened: Promise<T> | undefined
    return () => {
      opened ??= open().then((value) => {
        if (close !== undefined) closers.push(() => close(value))
        return value
      })
      return opened
    }
  }
  const database = once(
    async () => openMastodonDatabase(await databaseSettings(config.database.connection)),
    (opened) => opened.close(),
  )
  const storage = once(
    () => openCheckedStorage(config.storage),
    (opened) => opened.close(),
  )
  return {
    name: `${config.instance.localDomain} ${storageName(config.storage)}`,
    database,
    storage,
    sparingStorage: once(async () => spareLocal(await storage())),
    scans: once(() => openScans(join(config.stateDir, 'scans'), closers)),
    state: once(
      () => openOwnState(config),
      (opened) => opened.close(),
    ),
    sidekiq: once(
      () => openSidekiq(redisSettings(config.redis.sidekiq, config.redis)),
      (opened) => opened.close(),
    ),
    redownloads: once(
      async () => openRedownloads(config.redis, (await database()).schema),
      (opened) => opened.close(),
    ),
    railsCache: once(
      async () =>
        openRailsCache(redisSettings(config.redis.cache, config.redis), {
          version: (await database()).schema.version,
        }),
      (opened) => opened.close(),
    ),
    origin: once(
      async () =>
        openOriginFetcher({
          allowedPrivateRanges: config.heal.allowedPrivateAddresses,
          userAgent: `Cornac/${version} (+https://${config.instance.webDomain}/; ${PAGE})`,
          perHost: config.heal.perHost,
          clock: systemClock,
          signer: () => instanceActor(config.instance.webDomain, database),
        }),
      (opened) => opened.close(),
    ),
    images: once(async () => openImageMaker()),
    clock: systemClock,
    otherWork,
    chance: Math.random,
    newName: () => randomBytes(8).toString('hex'),
    async close() {
      for (const close of closers.splice(0).reverse()) await close().catch(() => {})
    },
  }
}

/** The instance actor lives on the web domain, not on the one in people's handles (docs/mastodon.md#instance-actor). */
async function instanceActor(
  webDomain: string,
  database: () => Promise<MastodonDatabase>,
): Promise<Signer | null> {
  const privateKeyPem = await (await database()).instanceActorKey()
  return privateKeyPem === null ? null : { keyId: `https://${webDomain}/actor#main-key`, privateKeyPem }
}

async function databaseSettings(connection: DatabaseConnection): Promise<DatabaseSettings> {
  const { sslRootCertificate, password, ...rest } = connection
  return {
    ...rest,
    password: password?.reveal() ?? null,
    sslRootCert: sslRootCertificate === null ? null : await readFile(sslRootCertificate, 'utf8'),
  }
}

/** Few connections: a heal asks for a page of the ledger, beats, and writes intents. */
const STATE_CONNECTIONS = 4
/** Its statements take milliseconds, those on the whole ledger seconds: after this the server is not there any more. */
const STATE_ANSWER_WITHIN_MS = 60_000

async function openOwnState({ state, database }: Config): Promise<OwnState> {
  const connection = state.connection ?? database.connection
  const pool = await connectDatabase({
    ...(await databaseSettings(connection)),
    maxConnections: STATE_CONNECTIONS,
    answerWithinMs: STATE_ANSWER_WITHIN_MS,
  }).catch((error: unknown) => {
    throw state.connection === null ? error : aboutStateUrl(error)
  })
  return openState(pool, {
    // An address of their own may lead to the same place; then the lease guards by time alone, as anywhere else.
    sameDatabase: state.connection === null,
    description: `the schema cornac in the database ${connection.database} on ${connection.host}`,
    clock: systemClock,
    processes: processIdentity,
  })
}

/** The address is Cornac's own: nothing in Mastodon's settings would mend it. */
function aboutStateUrl(error: unknown): unknown {
  if (!(error instanceof KnownError)) return error
  const { code, what, category } = error
  const remedy =
    'Check state.database_url in cornac.yaml, or CORNAC_STATE_DATABASE_URL, and that its server runs'
  return new KnownError({
    code,
    what: `where Cornac’s own tables are, ${what}`,
    remedy,
    category,
    cause: error,
  })
}

function redisSettings(endpoint: RedisEndpoint, { namespace }: RedisConfig): RedisSettings {
  const { user, password, db } = endpoint
  const target =
    endpoint.kind === 'sentinel'
      ? { ...endpoint, sentinelPassword: endpoint.sentinelPassword?.reveal() ?? null }
      : endpoint
  return { target, user, password: password?.reveal() ?? null, db, namespace }
}

/** Jobs are written as this Mastodon's Sidekiq reads them, so it has to be one that is known. */
async function openRedownloads(redis: RedisConfig, { version, schemaVersion }: SchemaFacts) {
  if (version === null)
    throw new KnownError({
      code: 'sidekiq-format-unknown',
      what: `the database has schema ${schemaVersion}, which is of no Mastodon that Cornac knows, so neither is the format of its Sidekiq jobs`,
      remedy: 'Heal without Sidekiq, or use a Cornac that knows this Mastodon',
    })
  return openRedownloadQueue(redisSettings(redis.sidekiq, redis), { version, clock: systemClock })
}

async function openCheckedStorage(config: StorageConfig): Promise<Storage> {
  const storage = openStorage(config)
  try {
    await storage.check()
    return storage
  } catch (error) {
    await storage.close()
    throw error
  }
}

function openStorage(config: StorageConfig): Storage {
  switch (config.kind) {
    case 'file-system':
      return openFileStorage({ root: config.root })
    case 's3':
      return openS3Storage({
        ...config,
        credentials:
          config.credentials === null
            ? null
            : {
                accessKeyId: config.credentials.accessKeyId.reveal(),
                secretAccessKey: config.credentials.secretAccessKey.reveal(),
                sessionToken: config.credentials.sessionToken?.reveal() ?? null,
              },
        clock: systemClock,
        chance: Math.random,
      })
    case 'swift':
    case 'azure':
      throw new KnownError({
        code: 'storage-not-supported',
        what: `this Mastodon keeps its media in ${config.kind === 'swift' ? 'OpenStack Swift' : 'Azure Blob Storage'} (${config.container}), which Cornac cannot read`,
        remedy:
          'Cornac reads disks and S3; Swift often offers S3 as well (s3api). cornac usage --database works without storage',
        category: 'usage',
      })
  }
}

function storageName(config: StorageConfig): string {
  switch (config.kind) {
    case 'file-system':
      return config.root
    case 's3':
      return `${config.endpoint ?? config.region} ${config.bucket} ${config.keyPrefix ?? ''}`
    case 'swift':
    case 'azure':
      return config.container
  }
}

/** Where no state folder can be written, scans go to a temporary one and cannot be resumed by a later process. */
async function openScans(folder: string, closers: (() => Promise<void>)[]): Promise<ScanStore> {
  try {
    return await openScanFiles(folder)
  } catch (error) {
    const temporary = await mkdtemp(join(tmpdir(), 'cornac-'))
    closers.push(() => rm(temporary, { recursive: true, force: true }))
    const reason = (error as NodeJS.ErrnoException).code ?? String(error)
    return {
      ...(await openScanFiles(temporary)),
      forgetfulBecause: `${folder} cannot be written (${reason}), so this scan cannot be resumed; set state_dir to change that`,
    }
  }
}

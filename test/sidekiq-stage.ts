/** The stage of the tests with Sidekiq: a little Mastodon, its Redis, the lab's workers and origins, and the driver. */
import { after, before } from 'node:test'
import pg from 'pg'
import { startFediverse, type Fediverse } from '../lab/fediverse/fediverse.ts'
import { buildInstance } from '../lab/instance/build-instance.ts'
import { diskMedia } from '../lab/instance/media/disk-media.ts'
import type { MediaSink } from '../lab/instance/media/media-sink.ts'
import { drawPictures } from '../lab/instance/pictures.ts'
import type { LabVersion } from '../lab/instance/schema/schema.ts'
import { removeServerDirectory, serverDirectory } from '../lab/servers/server-directory.ts'
import { startSidekiq, type LabSidekiq, type SidekiqOptions } from '../lab/sidekiq/start-sidekiq.ts'
import { openRedownloadQueue } from '../src/adapters/sidekiq/open-redownload-queue.ts'
import {
  openSidekiqDriver,
  type SidekiqDriver,
  type SidekiqLimits,
  type SidekiqPorts,
} from '../src/core/heal/sidekiq/via-sidekiq.ts'
import { refusalOf } from '../src/core/model/domain-policy.ts'
import type { HealKind, HealTarget } from '../src/core/model/heal-target.ts'
import { claimedKeys } from '../src/core/model/storage-key.ts'
import type { RedownloadJob } from '../src/core/ports/vitals.ts'
import { openLab, type OpenLab } from './open-lab.ts'
import { redisPlace, type RedisPlace } from './redis-settings.ts'
import { freshName, sharedPostgres } from './shared-servers.ts'

const SEED = 11
const pictures = drawPictures(SEED, 'tiny')

/** The origins; set before the first test of the file that imports this. */
export let fediverse: Fediverse
before(async () => {
  fediverse = await startFediverse({ hosts: 3 })
})
after(() => fediverse.stop())

export interface SidekiqStage extends Pick<RedisPlace, 'redis'> {
  readonly open: OpenLab
  readonly media: MediaSink
  readonly ports: SidekiqPorts
  /** Every job pushed through the ports, in order. */
  readonly pushed: readonly RedownloadJob[]
  readonly sql: (text: string, values?: unknown[]) => Promise<pg.QueryResult<Record<string, unknown>>>
  /** Impatient, and otherwise as asked. */
  driver(limits?: Partial<SidekiqLimits>, ports?: Partial<SidekiqPorts>): SidekiqDriver
  /** Stopped when the stage is taken down. */
  worker(options?: Partial<SidekiqOptions>): Promise<LabSidekiq>
  /** A process that beats once and takes nothing. */
  idleProcess(): Promise<void>
  /** Records that name a file, whole, and that Mastodon would fetch again. */
  whole(kind: HealKind, count: number): Promise<HealTarget[]>
  now(target: HealTarget): Promise<HealTarget>
  /** As tootctl leaves it: the row names nothing. */
  readonly prune: (target: HealTarget) => Promise<HealTarget>
  /** The row stays, the files go. */
  lose(target: HealTarget): Promise<void>
}

export async function onSidekiqStage(
  options: { version?: LabVersion; namespace?: string },
  play: (stage: SidekiqStage) => Promise<void>,
): Promise<void> {
  const { version = '4.5', namespace } = options
  await using stack = new AsyncDisposableStack()
  const postgres = await sharedPostgres()
  const database = freshName('sidekiq')
  await postgres.createDatabase(database)
  stack.defer(() => postgres.dropDatabase(database))
  const folder = await serverDirectory('sidekiq-media', { inMemoryBytes: 2 ** 27 })
  stack.defer(() => removeServerDirectory(folder))
  const media = diskMedia(folder)
  const lab = await buildInstance({
    version,
    databaseUrl: postgres.url(database),
    accounts: 60,
    attachments: 40,
    emoji: 4,
    cards: 4,
    prunedShare: 0,
    seed: SEED,
    media,
    pictures: await pictures,
    pictureUrl: ({ username, domain }, which, _extension, id) =>
      fediverse.urlFor({
        username: which === 'avatar' || which === 'header' ? username : `${which}-${id}`,
        host: fediverse.hostOf(domain),
        which: which === 'header' ? 'header' : 'avatar',
      }),
  })
  fediverse.clearVice()
  const place = stack.use(await redisPlace(namespace === undefined ? {} : { namespace }))
  const open = await openLab({
    ...lab.env,
    ...place.env,
    ...(namespace === undefined ? {} : { REDIS_NAMESPACE: namespace }),
  })
  stack.defer(() => open.close())
  const client = new pg.Client({ connectionString: postgres.url(database) })
  await client.connect()
  stack.defer(() => client.end())
  const { instance } = open
  const mastodon = await instance.database()
  const queue = await openRedownloadQueue(place.settings, { version, clock: instance.clock, unseenMs: 1_000 })
  stack.defer(() => queue.close())
  const pushed: RedownloadJob[] = []
  const ports: SidekiqPorts = {
    queue: {
      ...queue,
      push(jobs, callOptions) {
        pushed.push(...jobs)
        return queue.push(jobs, callOptions)
      },
    },
    database: mastodon,
    objects: await instance.sparingStorage(),
    clock: instance.clock,
  }
  const now = async ({ record }: HealTarget): Promise<HealTarget> => {
    const [target] = await mastodon.targetsById(record.kind, [record.id])
    if (target === undefined) throw new Error(`${record.kind} ${record.id} is gone`)
    return target
  }
  const key = (name: string): string => (namespace === undefined ? name : `${namespace}:${name}`)
  await play({
    open,
    media,
    ports,
    pushed,
    redis: place.redis,
    sql: (text, values) => client.query(text, values),
    driver: (limits, replaced) =>
      openSidekiqDriver(
        { ...ports, ...replaced },
        { pollMs: 50, patienceMs: 20_000, maxLatencyMs: 60_000, ...limits },
      ),
    async worker(wanted) {
      const common = { version, redisUrl: place.url, databaseUrl: postgres.url(database), media, namespace }
      return stack.use(await startSidekiq({ ...common, ...wanted }))
    },
    async idleProcess() {
      await place.redis.sadd(key('processes'), 'idle')
      await place.redis.hset(key('idle'), { beat: Date.now() / 1000, quiet: 'false', info: '{}' })
    },
    async whole(kind, count) {
      const rules = { ...(await mastodon.domainRules()), limitedFederation: false }
      const found: HealTarget[] = []
      for await (const page of mastodon.targets({ by: 'all' }, [kind]))
        for (const target of page) {
          const { record, owner, mediaType } = target
          const domain = record.domain ?? owner?.domain
          if (record.kind !== kind || record.fileName === null || !record.remote || record.hidden) continue
          if (record.remoteUrl === null || (mediaType !== null && mediaType !== 'image')) continue
          if (domain != null && refusalOf(domain, rules) !== null) continue
          if (record.storageVersion === 0) continue
          found.push(target)
        }
      if (found.length < count) throw new Error(`only ${found.length} whole ${kind}s`)
      return found.slice(0, count)
    },
    now,
    async prune(target) {
      if (!(await mastodon.clearFile(target.record, null))) throw new Error('not pruned')
      await media.remove(claimedKeys(target.record).map(({ key: claimed }) => claimed))
      return now(target)
    },
    lose: ({ record }) => media.remove(claimedKeys(record).map(({ key: claimed }) => claimed)),
  })
}

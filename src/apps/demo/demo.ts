/**
 * The trap, the damage, the healing: a small Mastodon with a real PostgreSQL, its media on disk, and a little
 * fediverse, all on this machine and gone afterwards. Uses the same verbs as the command line.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deleteFiles } from '../../../lab/instance/break/delete-files.ts'
import { pruneProfiles } from '../../../lab/instance/break/prune-profiles.ts'
import { buildInstance, type LabInstance } from '../../../lab/instance/build-instance.ts'
import { diskMedia } from '../../../lab/instance/media/disk-media.ts'
import { startFediverse, type Fediverse } from '../../../lab/fediverse/fediverse.ts'
import { startPostgres } from '../../../lab/servers/postgres.ts'
import type { Config } from '../../config/config.ts'
import { loadConfig } from '../../config/load.ts'
import { heal as runHeal, type HealResult } from '../../core/heal/heal.ts'
import { openHeal, openPlanHeal } from '../../core/heal/open-heal.ts'
import { planHeal, type HealForecast } from '../../core/heal/plan-heal.ts'
import type { HealScope } from '../../core/model/heal-target.ts'
import { ALL_KINDS } from '../../core/model/media.ts'
import type { OpenInstance } from '../../core/ports/instance.ts'
import type { Progress } from '../../core/ports/runtime.ts'
import type { DemoEvent, DemoResult } from '../../core/report/demo-story.ts'
import { findingLines } from '../../core/report/findings.ts'
import { scan } from '../../core/scan.ts'

export interface DemoOptions {
  /** Remote accounts the little Mastodon knows. */
  readonly accounts: number
  /** How many of them the demo's user follows. */
  readonly followed: number
  /** Told what happens, step by step. */
  readonly tell: (event: DemoEvent) => void
  readonly progress: Progress
  readonly signal?: AbortSignal | undefined
}

const HOSTS = 12

/** How many followed accounts have an origin that has lost their pictures. */
const LOST_AT_ORIGIN = 5

/** Leaves nothing behind: servers are stopped and folders removed, also when it fails or is aborted. */
export async function runDemo(
  openInstance: (config: Config) => OpenInstance,
  options: DemoOptions,
): Promise<DemoResult> {
  const startedAt = performance.now()
  await using world = new AsyncDisposableStack()
  options.tell({ step: 'starting' })
  const { lab, fediverse, folder } = await buildWorld(world, options)
  const config = await configOf(lab, folder)
  const instance = openInstance(config)
  world.defer(() => instance.close())

  await scanAndTell(instance, config, 'before', options)
  const pruned = await pruneProfiles(lab, { days: 7, includeFollows: true })
  const deleted = await deleteFiles(lab, { share: 0.02, kinds: ['avatar', 'header'] })
  options.tell({ step: 'trapped', files: pruned.files, bytes: pruned.bytes, deleted: deleted.files })
  await scanAndTell(instance, config, 'after', options)

  const user = lab.firstUser.username
  const scope = { by: 'follows-of', accountId: lab.firstUser.id } as const
  const before = await survey(instance, config, scope, options)
  options.tell({ step: 'damage', user, followed: before.followed, broken: before.broken })
  await loseAtOrigin(fediverse, instance, scope)
  const result = await heal(instance, config, scope, options)
  options.tell({ step: 'healed', user, result })
  const after = await survey(instance, config, scope, options)
  options.tell({ step: 'proved', broken: after.broken, hopeless: result.hopeless })
  return {
    accounts: options.accounts,
    followed: before.followed,
    broken_before: before.broken,
    healed: result.healed,
    hopeless: result.hopeless,
    broken_after: after.broken,
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
  }
}

interface DemoWorld {
  readonly lab: LabInstance
  readonly fediverse: Fediverse
  readonly folder: string
}

async function buildWorld(world: AsyncDisposableStack, options: DemoOptions): Promise<DemoWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'cornac-demo-'))
  world.defer(() => rm(folder, { recursive: true, force: true }))
  const postgres = await startPostgres()
  world.defer(() => postgres.stop())
  const fediverse = await startFediverse({ hosts: HOSTS })
  world.defer(() => fediverse.stop())
  options.signal?.throwIfAborted()
  await postgres.createDatabase('demo')
  const lab = await buildInstance({
    version: '4.5',
    databaseUrl: postgres.url('demo'),
    accounts: options.accounts,
    followsOfFirstUser: options.followed,
    seed: 4,
    media: diskMedia(join(folder, 'system')),
    pictureUrl: (owner, which) =>
      fediverse.urlFor({
        username: owner.username,
        host: fediverse.hostOf(owner.domain),
        which: which === 'header' ? 'header' : 'avatar',
      }),
    actorUrl: (owner) => fediverse.actorFor(owner.username, fediverse.hostOf(owner.domain)),
  })
  options.tell({ step: 'built', accounts: options.accounts, ...lab.written })
  return { lab, fediverse, folder }
}

/** The lab's own variables, read as any `.env.production` is; its origins are on loopback, so that is allowed. */
async function configOf(lab: LabInstance, folder: string): Promise<Config> {
  return loadConfig(
    {},
    {
      environment: {
        ...lab.env,
        ALLOWED_PRIVATE_ADDRESSES: '127.0.0.0/8',
        CORNAC_STATE_DIR: join(folder, 'state'),
      },
      workingDirectory: folder,
      home: folder,
      root: false,
      applicationFolders: [],
      machineConfigFile: join(folder, 'cornac.yaml'),
    },
  )
}

async function scanAndTell(
  instance: OpenInstance,
  config: Config,
  when: 'before' | 'after',
  { tell, progress, signal }: DemoOptions,
): Promise<void> {
  const ports = {
    records: await instance.database(),
    objects: await instance.storage(),
    store: await instance.scans(),
    clock: instance.clock,
  }
  const request = {
    instance: instance.name,
    kinds: ALL_KINDS,
    minAgeMs: config.scan.minAgeMs,
    concurrency: config.scan.concurrency,
    resume: false,
  }
  const result = await scan(ports, request, { progress, signal })
  tell({
    step: 'scanned',
    when,
    findings: findingLines(result.totals),
    objects: result.totals.objects,
    seconds: (result.finishedAtMs - result.startedAtMs) / 1000,
  })
}

async function survey(
  instance: OpenInstance,
  config: Config,
  scope: HealScope,
  { progress, signal }: DemoOptions,
): Promise<{ followed: number; broken: number }> {
  const ports = await openPlanHeal(instance)
  const forecast = await planHeal(
    ports,
    {
      instance: instance.name,
      choice: { by: 'scope', scope },
      kinds: ['avatar', 'header'],
      care: 'on-view',
      limitedFederation: config.instance.limitedFederation,
    },
    { progress, signal },
  )
  const { pruned, missing } = forecast.broken
  const followed = await ports.database.countTargets(scope, ['avatar'], { signal })
  return { followed, broken: pruned + missing - leftAlone(forecast) }
}

/** What the moderators' rules forbid to fetch is not counted as broken: nobody could bring it back. */
function leftAlone({ skipped }: HealForecast): number {
  return Object.values(skipped).reduce((sum, count) => sum + count, 0) - (skipped['not-yet'] ?? 0)
}

async function heal(
  instance: OpenInstance,
  config: Config,
  scope: HealScope,
  { progress, signal }: DemoOptions,
): Promise<HealResult> {
  return runHeal(
    await openHeal(instance, 'native', ['avatar', 'header']),
    {
      instance: instance.name,
      choice: { by: 'scope', scope },
      kinds: ['avatar', 'header'],
      care: 'on-view',
      budget: { limit: null, maxDurationMs: null, maxBytes: null },
      limitedFederation: config.instance.limitedFederation,
      useLibvips: config.instance.useLibvips,
      concurrency: config.heal.concurrency,
      perHost: config.heal.perHost,
      timeoutMs: config.heal.timeoutMs,
    },
    { progress, signal },
  )
}

/** A few origins have lost the pictures of somebody followed: those stay broken, and nobody can help it. */
async function loseAtOrigin(fediverse: Fediverse, instance: OpenInstance, scope: HealScope): Promise<void> {
  const database = await instance.database()
  let lost = 0
  for await (const page of database.targets(scope, ['avatar']))
    for (const { record } of page) {
      if (lost === LOST_AT_ORIGIN) return
      if (record.fileName !== null || record.remoteUrl === null || record.hidden) continue
      fediverse.setVice(record.remoteUrl, { kind: 'status', status: lost % 2 === 0 ? 404 : 410 })
      lost++
    }
}

/** The stage of the heal tests: a little Mastodon, its storage, the lab's origins, and looks at all of it. */
import { after, before } from 'node:test'
import pg from 'pg'
import { pruneProfiles } from '../lab/instance/break/prune-profiles.ts'
import { buildInstance, type LabInstance } from '../lab/instance/build-instance.ts'
import { diskMedia } from '../lab/instance/media/disk-media.ts'
import type { MediaSink } from '../lab/instance/media/media-sink.ts'
import { drawPictures } from '../lab/instance/pictures.ts'
import type { LabVersion } from '../lab/instance/schema/schema.ts'
import { startFediverse, type Fediverse } from '../lab/fediverse/fediverse.ts'
import { removeServerDirectory, serverDirectory } from '../lab/servers/server-directory.ts'
import type { Choice } from '../src/core/heal/find/choose-targets.ts'
import { heal as runHeal, type HealPorts, type HealRequest, type HealResult } from '../src/core/heal/heal.ts'
import { openHeal } from '../src/core/heal/open-heal.ts'
import { planHeal, type HealForecast } from '../src/core/heal/plan-heal.ts'
import type { HealTarget } from '../src/core/model/heal-target.ts'
import { silentProgress } from '../src/core/ports/runtime.ts'
import { scan } from '../src/core/scan.ts'
import { openLab, type OpenLab } from './open-lab.ts'
import { freshName, sharedPostgres } from './shared-servers.ts'

const SEED = 5
const pictures = drawPictures(SEED, 'tiny')
const HOSTS = 4
/** Enough for the lab's slowest origin, short enough for those that never answer. */
export const LIMITS = { useLibvips: null, timeoutMs: 10_000 }
const NO_BUDGET = { limit: null, maxDurationMs: null, maxBytes: null }

/** The origins; set before the first test of the file that imports this. */
export let fediverse: Fediverse
before(async () => {
  fediverse = await startFediverse({ hosts: HOSTS })
})
after(() => fediverse.stop())

export interface Stage {
  readonly lab: LabInstance & { readonly media: MediaSink }
  readonly open: OpenLab
  readonly ports: HealPorts
  /** Runs one statement as Mastodon would. */
  readonly sql: (
    text: string,
    values?: readonly unknown[],
  ) => Promise<pg.QueryResult<Record<string, unknown>>>
}

export interface StageOptions {
  /** Default 4.5. */
  readonly version?: LabVersion | undefined
  /** More of Mastodon's variables. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Remote accounts, and how many of them alice follows; default 160 and 70. */
  readonly accounts?: number | undefined
  readonly follows?: number | undefined
  /** Rows; default few, since most tests are about people. */
  readonly attachments?: number | undefined
  readonly emoji?: number | undefined
  readonly cards?: number | undefined
}

/** A fresh little Mastodon; everything is taken down when the test's callback ends. */
export async function onStage(
  options: StageOptions & { readonly media: MediaSink },
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const postgres = await sharedPostgres()
  const database = freshName('heal')
  await postgres.createDatabase(database)
  stack.defer(() => postgres.dropDatabase(database))
  fediverse.clearVice()
  const lab = await buildInstance({
    version: options.version ?? '4.5',
    databaseUrl: postgres.url(database),
    accounts: options.accounts ?? 160,
    followsOfFirstUser: options.follows ?? 70,
    attachments: options.attachments ?? 20,
    emoji: options.emoji ?? 5,
    cards: options.cards ?? 5,
    seed: SEED,
    media: options.media,
    pictures: await pictures,
    pictureUrl: ({ username, domain }, which) =>
      fediverse.urlFor({
        username,
        host: fediverse.hostOf(domain),
        which: which === 'header' ? 'header' : 'avatar',
      }),
    actorUrl: ({ username, domain }) => fediverse.actorFor(username, fediverse.hostOf(domain)),
  })
  const open = await openLab({ ...lab.env, ...postgres.env(database), ...options.media.env, ...options.env })
  stack.defer(() => open.close())
  const mastodon = new pg.Pool({ connectionString: postgres.url(database), max: 1 })
  stack.defer(() => mastodon.end())
  const { instance } = open
  await play({
    lab: { ...lab, media: options.media },
    open,
    ports: await openHeal(instance, 'native', ['avatar', 'header']),
    sql: (text, values) => mastodon.query(text, values === undefined ? undefined : [...values]),
  })
}

/** Media on disk, removed at the end. */
export async function onDisk(
  play: (stage: Stage) => Promise<void>,
  options: StageOptions = {},
): Promise<void> {
  const folder = await serverDirectory('heal', { inMemoryBytes: 2 ** 28 })
  try {
    await onStage({ ...options, media: diskMedia(folder) }, play)
  } finally {
    await removeServerDirectory(folder)
  }
}

/**
 * One stage for all tests of the file or `describe` that calls this, media on disk: for tests that each take accounts of their own (see
 * `Cast`). Read only in tests and hooks.
 */
export function stageOfFile(options: StageOptions | (() => Promise<StageOptions>) = {}): {
  readonly stage: Stage
} {
  let stage: Stage | undefined
  let close = (): void => {}
  let closed: Promise<void> = Promise.resolve()
  before(async () => {
    const chosen = typeof options === 'function' ? await options() : options
    stage = await new Promise<Stage>((resolve, reject) => {
      closed = onDisk((opened) => {
        resolve(opened)
        return new Promise<void>((end) => {
          close = end
        })
      }, chosen)
      closed.catch(reject)
    })
  })
  after(async () => {
    close()
    await closed
  })
  return {
    get stage() {
      if (stage === undefined) throw new Error('the stage opens before the first test')
      return stage
    },
  }
}

/** What alice follows. */
export function followsOfAlice({ lab }: Stage): Choice {
  return { by: 'scope', scope: { by: 'follows-of', accountId: lab.firstUser.id } }
}

export async function heal(
  stage: Stage,
  replaced: Partial<HealPorts> = {},
  request: Partial<HealRequest> = {},
  signal?: AbortSignal,
): Promise<HealResult> {
  const { ports, open } = stage
  return runHeal(
    { ...ports, ...replaced },
    {
      instance: open.instance.name,
      choice: followsOfAlice(stage),
      kinds: ['avatar', 'header'],
      care: 'on-view',
      budget: NO_BUDGET,
      limitedFederation: open.config.instance.limitedFederation,
      concurrency: 8,
      perHost: 2,
      ...LIMITS,
      ...request,
    },
    { progress: silentProgress, signal },
  )
}

/** Nothing of what was tried before is remembered. */
export async function forgetAll({ ports }: Stage): Promise<void> {
  await ports.state.ledger.forget({})
}

export async function forecast(stage: Stage, request: Partial<HealRequest> = {}): Promise<HealForecast> {
  const { ports, open } = stage
  return planHeal(
    { ...ports, ledger: ports.state.ledger },
    {
      instance: open.instance.name,
      choice: followsOfAlice(stage),
      kinds: ['avatar', 'header'],
      care: 'on-view',
      limitedFederation: open.config.instance.limitedFederation,
      ...request,
    },
    { progress: silentProgress },
  )
}

/** Broken pictures of what alice follows that the rules allow to fetch, tried before or not. */
export async function broken(stage: Stage): Promise<number> {
  const { fixable, skipped } = await forecast(stage)
  return fixable + (skipped['not-yet'] ?? 0) + (skipped['host-resting'] ?? 0)
}

export async function followedPictures({ ports, lab }: Stage): Promise<HealTarget[]> {
  const all: HealTarget[] = []
  const scope = { by: 'follows-of', accountId: lab.firstUser.id } as const
  for await (const page of ports.database.targets(scope, ['avatar', 'header'])) all.push(...page)
  return all
}

/** Pictures that heal is sure to fetch: pruned, and of domains that no block names. */
export async function fetchable(stage: Stage): Promise<HealTarget[]> {
  const rules = await stage.ports.database.domainRules()
  return (await followedPictures(stage)).filter(
    ({ record }) =>
      record.fileName === null &&
      record.remoteUrl !== null &&
      !record.hidden &&
      ![...rules.blocks.values()].some(({ domain }) => record.domain?.endsWith(domain) === true),
  )
}

/** All rows of accounts and all objects, so that "nothing changed" can be said of everything at once. */
export async function everything({
  sql,
  lab,
}: Stage): Promise<{ rows: Map<string, string>; objects: Map<string, number> }> {
  const { rows } = await sql('SELECT id::text, a::text AS row FROM accounts a')
  const objects = new Map<string, number>()
  for await (const { key, bytes } of lab.media.list('')) objects.set(key, bytes)
  return { rows: new Map(rows.map(({ id, row }) => [String(id), String(row)])), objects }
}

export async function breakProfiles(stage: Stage): Promise<void> {
  await pruneProfiles(stage.lab, { days: 0, includeFollows: true })
}

export async function findingsOfProfiles({ open }: Stage): Promise<string[]> {
  const { instance } = open
  const result = await scan(
    {
      records: await instance.database(),
      objects: await instance.storage(),
      store: await instance.scans(),
      clock: { ...instance.clock, now: () => Date.now() + 60_000 },
    },
    { instance: 'heal', kinds: ['avatar', 'header'], minAgeMs: 0, concurrency: 2, resume: false },
    { progress: silentProgress },
  )
  const lines: string[] = []
  for await (const page of result.findings())
    for (const { code, kind, id, key } of page) lines.push([code, kind, id, key].join(' '))
  return lines
}

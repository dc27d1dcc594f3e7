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
import { healFollows, type HealFollowsPorts, type HealResult } from '../src/core/heal/heal-follows.ts'
import { openHeal } from '../src/core/heal/open-heal.ts'
import { surveyFollows } from '../src/core/heal/survey-follows.ts'
import type { AccountPicture } from '../src/core/model/account-picture.ts'
import { silentProgress } from '../src/core/ports/runtime.ts'
import { scan } from '../src/core/scan.ts'
import { openLab, type OpenLab } from './open-lab.ts'
import { freshName, sharedPostgres } from './shared-servers.ts'

const SEED = 5
const pictures = drawPictures(SEED, 'tiny')
const HOSTS = 4
/** Enough for the lab's slowest origin, short enough for those that never answer. */
export const LIMITS = { useLibvips: null, timeoutMs: 10_000 }

/** The origins; set before the first test of the file that imports this. */
export let fediverse: Fediverse
before(async () => {
  fediverse = await startFediverse({ hosts: HOSTS })
})
after(() => fediverse.stop())

export interface Stage {
  readonly lab: LabInstance & { readonly media: MediaSink }
  readonly open: OpenLab
  readonly ports: HealFollowsPorts
  /** Runs one statement as Mastodon would. */
  readonly sql: (
    text: string,
    values?: readonly unknown[],
  ) => Promise<pg.QueryResult<Record<string, unknown>>>
}

/** A fresh little Mastodon; everything is taken down when the test's callback ends. */
export async function onStage(
  options: { version?: LabVersion; media: MediaSink; env?: Record<string, string> },
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
    accounts: 160,
    followsOfFirstUser: 70,
    attachments: 20,
    emoji: 5,
    cards: 5,
    seed: SEED,
    media: options.media,
    pictures: await pictures,
    pictureUrl: ({ username, domain }, which) =>
      fediverse.urlFor({
        username,
        host: fediverse.hostOf(domain),
        which: which === 'header' ? 'header' : 'avatar',
      }),
  })
  const open = await openLab({ ...lab.env, ...postgres.env(database), ...options.media.env, ...options.env })
  stack.defer(() => open.close())
  const client = new pg.Client({ connectionString: postgres.url(database) })
  await client.connect()
  stack.defer(() => client.end())
  const { instance } = open
  await play({
    lab: { ...lab, media: options.media },
    open,
    ports: await openHeal(instance),
    sql: (text, values) => client.query(text, values === undefined ? undefined : [...values]),
  })
}

/** Media on disk, removed at the end. */
export async function onDisk(
  play: (stage: Stage) => Promise<void>,
  options: { version?: LabVersion; env?: Record<string, string> } = {},
): Promise<void> {
  const folder = await serverDirectory('heal', { inMemoryBytes: 2 ** 28 })
  try {
    await onStage({ ...options, media: diskMedia(folder) }, play)
  } finally {
    await removeServerDirectory(folder)
  }
}

export async function heal(
  { ports, open }: Stage,
  replaced: Partial<HealFollowsPorts> = {},
): Promise<HealResult> {
  return healFollows(
    { ...ports, ...replaced },
    { user: 'alice', limitedFederation: open.config.instance.limitedFederation, concurrency: 8, ...LIMITS },
    { progress: silentProgress },
  )
}

export async function broken({ ports, open }: Stage): Promise<number> {
  const survey = await surveyFollows(
    ports,
    { user: 'alice', limitedFederation: open.config.instance.limitedFederation, concurrency: 8 },
    {},
  )
  return survey.broken.pruned + survey.broken.missing
}

export async function followedPictures({ ports, lab }: Stage): Promise<AccountPicture[]> {
  const all: AccountPicture[] = []
  for await (const page of ports.database.followedPictures(lab.firstUser.id)) all.push(...page)
  return all
}

/** Pictures that heal is sure to fetch: pruned, and of domains that no block names. */
export async function fetchable(stage: Stage): Promise<AccountPicture[]> {
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

/** Heal against a real database, real storage and the lab's origins: what comes back, what is left alone, what never changes. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { deleteFiles } from '../../lab/instance/break/delete-files.ts'
import { pruneProfiles } from '../../lab/instance/break/prune-profiles.ts'
import { buildInstance, type LabInstance } from '../../lab/instance/build-instance.ts'
import { diskMedia } from '../../lab/instance/media/disk-media.ts'
import type { MediaSink } from '../../lab/instance/media/media-sink.ts'
import { s3Media } from '../../lab/instance/media/s3-media.ts'
import { drawPictures } from '../../lab/instance/pictures.ts'
import { LAB_VERSIONS, type LabVersion } from '../../lab/instance/schema/schema.ts'
import { startFediverse, type Fediverse } from '../../lab/fediverse/fediverse.ts'
import type { Vice } from '../../lab/fediverse/vices.ts'
import { removeServerDirectory, serverDirectory } from '../../lab/servers/server-directory.ts'
import { healFollows, type HealFollowsPorts, type HealResult } from '../../src/core/heal/heal-follows.ts'
import { surveyFollows } from '../../src/core/heal/survey-follows.ts'
import type { AccountPicture } from '../../src/core/model/account-picture.ts'
import type { FailReason } from '../../src/core/model/heal-outcome.ts'
import { claimedKeys } from '../../src/core/model/storage-key.ts'
import { silentProgress } from '../../src/core/ports/runtime.ts'
import { scan } from '../../src/core/scan.ts'
import { needs } from '../needs.ts'
import { openLab, type OpenLab } from '../open-lab.ts'
import { freshName, sharedPostgres, sharedRgw, sharedSwift } from '../shared-servers.ts'

const SEED = 5
const pictures = drawPictures(SEED, 'tiny')
const HOSTS = 4
/** Enough for the lab's slowest origin, short enough for those that never answer. */
const LIMITS = { maxBytes: 8 * 1024 * 1024, timeoutMs: 10_000 }

let fediverse: Fediverse
before(async () => {
  fediverse = await startFediverse({ hosts: HOSTS })
})
after(() => fediverse.stop())

interface Stage {
  readonly lab: LabInstance & { readonly media: MediaSink }
  readonly open: OpenLab
  readonly ports: HealFollowsPorts
  /** Runs one statement as Mastodon would. */
  sql(text: string, values?: readonly unknown[]): Promise<pg.QueryResult<Record<string, unknown>>>
}

/** A fresh little Mastodon; everything is taken down when the test's callback ends. */
async function onStage(
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
    ports: {
      database: await instance.database(),
      objects: await instance.healStorage(),
      origin: await instance.origin(),
      images: await instance.images(),
      clock: instance.clock,
      newName: instance.newName,
    },
    sql: (text, values) => client.query(text, values === undefined ? undefined : [...values]),
  })
}

/** Media on disk, removed at the end. */
async function onDisk(
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

async function heal({ ports, open }: Stage, replaced: Partial<HealFollowsPorts> = {}): Promise<HealResult> {
  return healFollows(
    { ...ports, ...replaced },
    { user: 'alice', limitedFederation: open.config.instance.limitedFederation, concurrency: 8, ...LIMITS },
    { progress: silentProgress },
  )
}

async function broken({ ports, open }: Stage): Promise<number> {
  const survey = await surveyFollows(
    ports,
    { user: 'alice', limitedFederation: open.config.instance.limitedFederation, concurrency: 8 },
    {},
  )
  return survey.broken.pruned + survey.broken.missing
}

async function followedPictures({ ports, lab }: Stage): Promise<AccountPicture[]> {
  const all: AccountPicture[] = []
  for await (const page of ports.database.followedPictures(lab.firstUser.id)) all.push(...page)
  return all
}

/** Pictures that heal is sure to fetch: pruned, and of domains that no block names. */
async function fetchable(stage: Stage): Promise<AccountPicture[]> {
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
async function everything({
  sql,
  lab,
}: Stage): Promise<{ rows: Map<string, string>; objects: Map<string, number> }> {
  const { rows } = await sql('SELECT id::text, a::text AS row FROM accounts a')
  const objects = new Map<string, number>()
  for await (const { key, bytes } of lab.media.list('')) objects.set(key, bytes)
  return { rows: new Map(rows.map(({ id, row }) => [String(id), String(row)])), objects }
}

async function breakProfiles(stage: Stage): Promise<void> {
  await pruneProfiles(stage.lab, { days: 0, includeFollows: true })
}

async function findingsOfProfiles({ open }: Stage): Promise<string[]> {
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

for (const version of LAB_VERSIONS)
  test(
    `Mastodon ${version} on disk: everybody alice follows has a picture again, stored as Mastodon stores it`,
    needs('postgres'),
    () =>
      onDisk(
        async (stage) => {
          await breakProfiles(stage)
          await deleteFiles(stage.lab, { share: 0.1, kinds: ['avatar', 'header'] })
          const before = await broken(stage)
          assert.ok(before > 60, `only ${before} broken`)
          const result = await heal(stage)
          assert.equal(result.healed, before)
          assert.deepEqual(result.failed, {})
          assert.equal(result.unverified, 0)
          assert.equal(await broken(stage), 0)
          let gifs = 0
          for (const { record } of await followedPictures(stage)) {
            if (record.fileName === null || !/^[0-9a-f]{16}\.(jpg|png|gif|webp)$/.test(record.fileName))
              continue
            for (const { key, style } of claimedKeys(record)) {
              const stat = await stage.ports.objects.stat(key)
              assert.equal(stat.state, 'present', key)
              if (style === 'original') assert.equal(stat.state === 'present' && stat.bytes, record.bytes)
              if (style === 'static') gifs++
            }
          }
          assert.ok(gifs > 0, 'no GIF was healed, so no static variant was tried')
          const wrong = (await findingsOfProfiles(stage)).filter((line) =>
            /^(missing|mismatched|orphan)/.test(line),
          )
          const followed = new Set((await followedPictures(stage)).map(({ record }) => record.id))
          assert.deepEqual(
            wrong.filter((line) => followed.has(line.split(' ')[2] ?? '')),
            [],
          )
          assert.deepEqual(
            wrong.filter((line) => line.startsWith('orphan')),
            [],
          )
          assert.equal((await heal(stage)).healed, 0, 'a second run has nothing to do')
        },
        { version },
      ),
  )

describe('heal in a bucket', () => {
  const inBucket = (media: () => Promise<MediaSink>) => async (): Promise<void> => {
    const sink = await media()
    try {
      await onStage({ media: sink }, async (stage) => {
        await breakProfiles(stage)
        await deleteFiles(stage.lab, { share: 0.1, kinds: ['avatar', 'header'] })
        const before = await broken(stage)
        const result = await heal(stage)
        assert.ok(before > 60)
        assert.equal(result.healed, before)
        assert.equal(await broken(stage), 0)
        assert.deepEqual(
          (await findingsOfProfiles(stage)).filter((line) => line.startsWith('orphan')),
          [],
        )
      })
    } finally {
      await sink.close()
    }
  }
  test(
    'on Ceph RGW',
    needs('postgres', 'ceph-rgw'),
    inBucket(async () => s3Media({ ...(await sharedRgw()).address, bucket: freshName('heal') })),
  )
  test(
    'on Swift through s3api',
    needs('postgres', 'swift'),
    inBucket(async () => s3Media({ ...(await sharedSwift()).s3, bucket: freshName('heal') })),
  )
})

/** Every vice and how a picture that meets it ends: `healed`, or why not. */
const ENDS: readonly (readonly [Vice, FailReason | 'healed'])[] = [
  [{ kind: 'status', status: 404 }, 'gone'],
  [{ kind: 'status', status: 410 }, 'gone'],
  [{ kind: 'status', status: 403 }, 'refused'],
  [{ kind: 'status', status: 500 }, 'unavailable'],
  [{ kind: 'status', status: 429, retryAfter: '120' }, 'unavailable'],
  [{ kind: 'silent' }, 'timeout'],
  [{ kind: 'slow', bytesPerSecond: 50 }, 'timeout'],
  [{ kind: 'hangs-up' }, 'unreachable'],
  [{ kind: 'babbles' }, 'unreachable'],
  [{ kind: 'redirects', hops: 2 }, 'healed'],
  [{ kind: 'redirects', hops: 9 }, 'too-many-redirects'],
  [{ kind: 'redirect-loop' }, 'too-many-redirects'],
  [{ kind: 'redirect-to', location: 'http://10.0.0.1/a.png' }, 'private-address'],
  [{ kind: 'redirect-to', location: 'file:///etc/passwd' }, 'bad-url'],
  [{ kind: 'wrong-type', contentType: 'text/html' }, 'healed'],
  [{ kind: 'page' }, 'wrong-type'],
  [{ kind: 'truncated' }, 'unreachable'],
  [{ kind: 'reset' }, 'unreachable'],
  [{ kind: 'huge', bytes: 50 * 1024 * 1024 }, 'too-large'],
  [{ kind: 'file', file: 'svg' }, 'wrong-type'],
  [{ kind: 'file', file: 'bmp' }, 'wrong-type'],
  [{ kind: 'file', file: 'avif' }, 'wrong-type'],
  [{ kind: 'file', file: 'empty' }, 'wrong-type'],
  [{ kind: 'file', file: 'png-bomb' }, 'too-many-pixels'],
  [{ kind: 'file', file: 'webp-bomb' }, 'too-many-pixels'],
  [{ kind: 'file', file: 'gif-bomb' }, 'too-many-pixels'],
  [{ kind: 'gzip-bomb' }, 'too-large'],
  [{ kind: 'needs-signature' }, 'refused'],
]

test(
  'every vice at once: healthy pictures are healed, each vice has its own end, and what failed is as it was',
  needs('postgres'),
  () =>
    onDisk(async (stage) => {
      await breakProfiles(stage)
      const targets = await fetchable(stage)
      assert.ok(targets.length > ENDS.length + 10, `only ${targets.length} pictures to try`)
      const expected: Partial<Record<FailReason, number>> = {}
      const failing = new Set<string>()
      for (const [i, [vice, end]] of ENDS.entries()) {
        const { record, which } = targets[i] as AccountPicture
        fediverse.setVice(record.remoteUrl as string, vice)
        if (end === 'healed') continue
        expected[end] = (expected[end] ?? 0) + 1
        failing.add(`${record.id} ${which}`)
      }
      const wanted = await broken(stage)
      const before = await everything(stage)
      const result = await heal(stage)
      assert.deepEqual(result.failed, expected)
      assert.equal(result.healed, wanted - failing.size)
      for (const { record, which } of await followedPictures(stage))
        if (failing.has(`${record.id} ${which}`)) assert.equal(record.fileName, null)
      const after = await everything(stage)
      for (const [key, bytes] of before.objects) assert.equal(after.objects.get(key), bytes, key)
      const followed = new Set((await followedPictures(stage)).map(({ record }) => record.id))
      for (const [id, row] of before.rows) if (!followed.has(id)) assert.equal(after.rows.get(id), row)
      assert.deepEqual(
        (await findingsOfProfiles(stage)).filter((line) => line.startsWith('orphan')),
        [],
      )
      for (const host of fediverse.hosts)
        assert.ok(host.visits().peak <= 2, 'never more than two at once from one origin')
    }),
)

test(
  'suspended accounts, blocked domains and rejected media are left alone, each counted under its reason',
  needs('postgres'),
  () =>
    onDisk(async (stage) => {
      const { sql } = stage
      await breakProfiles(stage)
      const [one, two, three, four] = [
        ...new Map((await fetchable(stage)).map((picture) => [picture.record.domain, picture])).values(),
      ]
      assert.ok(one && two && three && four)
      await sql('UPDATE accounts SET suspended_at = now() WHERE id = $1', [one.record.id])
      const block = (domain: string | null, severity: number, reject: boolean): Promise<unknown> =>
        sql(
          'INSERT INTO domain_blocks (domain, severity, reject_media, created_at, updated_at) VALUES ($1, $2, $3, now(), now())',
          [domain, severity, reject],
        )
      await block(two.record.domain, 1, false)
      await block(three.record.domain, 0, true)
      await block(four.record.domain, 0, false)
      fediverse.hosts.forEach((host) => host.forget())
      const before = await everything(stage)
      const result = await heal(stage)
      assert.ok((result.skipped.suspended ?? 0) >= 1)
      assert.ok((result.skipped['domain-suspended'] ?? 0) >= 1)
      assert.ok((result.skipped['reject-media'] ?? 0) >= 1)
      const after = await everything(stage)
      for (const { record } of [one, two, three])
        assert.equal(after.rows.get(record.id), before.rows.get(record.id))
      assert.notEqual(
        after.rows.get(four.record.id),
        before.rows.get(four.record.id),
        'silencing stops no picture',
      )
      const asked = new Set(fediverse.hosts.flatMap((host) => [...host.visits().paths.keys()]))
      for (const { record } of [one, two, three])
        assert.ok(!asked.has(new URL(record.remoteUrl as string).pathname))
    }),
)

test('under limited federation only allowed domains are asked', needs('postgres'), () =>
  onDisk(
    async (stage) => {
      await breakProfiles(stage)
      const [friend] = await fetchable(stage)
      assert.ok(friend)
      await stage.sql(
        'INSERT INTO domain_allows (domain, created_at, updated_at) VALUES ($1, now(), now())',
        [friend.record.domain],
      )
      const result = await heal(stage)
      assert.ok(result.healed >= 1)
      assert.ok((result.skipped['not-allowed'] ?? 0) > 20)
      for (const { record } of await followedPictures(stage))
        if (
          record.fileName !== null &&
          /^[0-9a-f]{16}\./.test(record.fileName) &&
          record.assignedAtMs !== null &&
          record.assignedAtMs > Date.now() - 60_000
        )
          assert.equal(record.domain, friend.record.domain)
    },
    { env: { LIMITED_FEDERATION_MODE: 'true' } },
  ),
)

test(
  'a row that changed while its picture was fetched keeps its newer state, and our object is taken back',
  needs('postgres'),
  () =>
    onDisk(async (stage) => {
      await breakProfiles(stage)
      const { ports, sql } = stage
      let turn = 0
      /** Plays Mastodon between the fetch and the switch: a new picture, a suspension, another URL, a deletion. */
      const meddle = async (): Promise<void> => {
        const [victim] = (await fetchable(stage)).slice(turn * 7, turn * 7 + 1)
        turn++
        if (victim === undefined) return
        const deeds = [
          `UPDATE accounts SET avatar_file_name = 'newer.png', header_file_name = 'newer.png' WHERE id = $1`,
          `UPDATE accounts SET suspended_at = now() WHERE id = $1`,
          `UPDATE accounts SET avatar_remote_url = 'http://127.0.0.1:1/new.png', header_remote_url = 'http://127.0.0.1:1/new.png' WHERE id = $1`,
          `DELETE FROM accounts WHERE id = $1`,
        ]
        for (const deed of deeds.slice(turn % 4, (turn % 4) + 1)) await sql(deed, [victim.record.id])
      }
      const everyPicture = await fetchable(stage)
      const result = await heal(stage, {
        images: {
          async make(bytes, recipe, options) {
            if (turn < 12) await meddle()
            return ports.images.make(bytes, recipe, options)
          },
        },
      })
      assert.ok(result.healed >= everyPicture.length - 2 * 12 - result.changed)
      const { rows: newer } = await sql(
        `SELECT count(*)::int AS n FROM accounts WHERE avatar_file_name = 'newer.png'`,
      )
      assert.ok(Number(newer[0]?.['n']) >= 1)
      assert.deepEqual(
        (await findingsOfProfiles(stage)).filter((line) => line.startsWith('orphan')),
        [],
      )
    }),
)

test(
  'every row changes at the last moment: none is healed, none is touched, nothing is left behind',
  needs('postgres'),
  () =>
    onDisk(async (stage) => {
      await breakProfiles(stage)
      const { ports, sql } = stage
      const targets = await fetchable(stage)
      const wanted = await broken(stage)
      const result = await heal(stage, {
        database: {
          ...ports.database,
          async nameFile(change, options) {
            await sql(`UPDATE accounts SET ${change.seen.which}_file_name = 'theirs.png' WHERE id = $1`, [
              change.seen.record.id,
            ])
            return ports.database.nameFile(change, options)
          },
        },
      })
      assert.equal(result.healed, 0)
      assert.equal(result.changed, wanted)
      for (const { record } of await followedPictures(stage))
        if (targets.some((target) => target.record.id === record.id && target.which === record.kind))
          assert.equal(record.fileName, 'theirs.png')
      assert.deepEqual(
        (await findingsOfProfiles(stage)).filter((line) => line.startsWith('orphan')),
        [],
      )
    }),
)

test(
  'a store that loses what it accepts: the run ends with a sentence and no row names what is not there',
  needs('postgres'),
  () =>
    onDisk(async (stage) => {
      await breakProfiles(stage)
      const before = await everything(stage)
      await assert.rejects(
        heal(stage, { objects: { ...stage.ports.objects, write: async () => {} } }),
        /storage accepted .* but does not have it/,
      )
      assert.deepEqual(await everything(stage), before)
    }),
)

test(
  'a store that fails half-way through a GIF and its static variant: nothing changes, nothing stays',
  needs('postgres'),
  () =>
    onDisk(async (stage) => {
      await breakProfiles(stage)
      const before = await everything(stage)
      const { objects } = stage.ports
      const failing = {
        ...objects,
        async write(key: string, bytes: Uint8Array, contentType: string): Promise<void> {
          if (key.includes('/static/')) throw new Error('no space left')
          await objects.write(key, bytes, contentType)
        },
      }
      await assert.rejects(heal(stage, { objects: failing }), /no space left/)
      const after = await everything(stage)
      for (const line of await findingsOfProfiles(stage)) assert.ok(!/^(orphan|missing)/.test(line), line)
      for (const [key, bytes] of before.objects) assert.equal(after.objects.get(key), bytes)
    }),
)

test('storage that will not say is no reason to fetch: such pictures are left alone', needs('postgres'), () =>
  onDisk(async (stage) => {
    const before = await everything(stage)
    const unsure = {
      ...stage.ports.objects,
      stat: async () => ({ state: 'unknown' as const, reason: 'HTTP 503' }),
    }
    const result = await heal(stage, { objects: unsure })
    assert.equal(result.healed, 0)
    assert.ok((result.skipped['storage-uncertain'] ?? 0) > 60)
    assert.deepEqual(await everything(stage), before)
  }),
)

test('an abort finishes the picture in hand and leaves the rest as it was', needs('postgres'), () =>
  onDisk(async (stage) => {
    await breakProfiles(stage)
    const { ports, open } = stage
    const stop = new AbortController()
    let made = 0
    const images = {
      async make(...[bytes, recipe, options]: Parameters<typeof ports.images.make>) {
        if (++made === 10) stop.abort(new Error('enough'))
        return ports.images.make(bytes, recipe, options)
      },
    }
    const run = healFollows(
      { ...ports, images },
      {
        user: '@alice@lab.example',
        limitedFederation: open.config.instance.limitedFederation,
        concurrency: 4,
        ...LIMITS,
      },
      { progress: silentProgress, signal: stop.signal },
    )
    await assert.rejects(run, /enough/)
    const lines = await findingsOfProfiles(stage)
    assert.deepEqual(
      lines.filter((line) => /^(orphan|missing|mismatched)/.test(line)),
      [],
    )
    assert.ok((await broken(stage)) > 0)
    assert.ok((await heal(stage)).healed > 0, 'the next run goes on')
    assert.equal(await broken(stage), 0)
  }),
)

/** Plans made from a real Mastodon database, a real disk and our own tables: what they say, and what they never do. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { leaveOrphans } from '../../lab/instance/break/leave-orphans.ts'
import { scatterStrays } from '../../lab/instance/break/scatter-strays.ts'
import { buildInstance, type LabInstance } from '../../lab/instance/build-instance.ts'
import { diskMedia, type DiskMedia } from '../../lab/instance/media/disk-media.ts'
import { removeServerDirectory, serverDirectory } from '../../lab/servers/server-directory.ts'
import { layCanary, lookAtCanary } from '../../src/core/apply/canary.ts'
import { KnownError } from '../../src/core/errors.ts'
import type { Plan } from '../../src/core/model/plan.ts'
import { CANARY_KEY } from '../../src/core/model/own-keys.ts'
import { cutoffOf, type PruneKind, type PrunePolicy } from '../../src/core/model/prune-policy.ts'
import { isIntact } from '../../src/core/plan/hash-plan.ts'
import { silentProgress } from '../../src/core/ports/runtime.ts'
import { proposeLeftovers } from '../../src/core/propose-leftovers.ts'
import {
  proposeOrphans,
  type OrphanProposal,
  type ProposeOrphansPorts,
  type ProposeOrphansRequest,
} from '../../src/core/propose-orphans.ts'
import { proposePrune } from '../../src/core/propose-prune.ts'
import { needs } from '../needs.ts'
import { openLab, type OpenLab } from '../open-lab.ts'
import { freshName, sharedPostgres } from '../shared-servers.ts'

const DAY = 86_400_000
const PROGRESS = { progress: silentProgress }

interface Stage {
  readonly lab: LabInstance
  readonly media: DiskMedia
  readonly open: OpenLab
  close(): Promise<void>
}

async function openStage(): Promise<Stage> {
  const postgres = await sharedPostgres()
  const database = freshName('propose')
  await postgres.createDatabase(database)
  const root = await serverDirectory(database)
  const media = diskMedia(root)
  const lab = await buildInstance({
    version: '4.6',
    databaseUrl: postgres.url(database),
    accounts: 400,
    attachments: 300,
    cards: 120,
    emoji: 40,
    prunedShare: 0.1,
    seed: 5,
    pictures: 'tiny',
    media,
  })
  const open = await openLab(lab.env)
  return {
    lab,
    media,
    open,
    async close() {
      await open.close()
      await postgres.dropDatabase(database)
      await removeServerDirectory(root)
    },
  }
}

describe('plans of a real server', needs('postgres'), () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
  })
  after(() => stage.close())

  function policyOf(kinds: readonly PruneKind[], days: number): PrunePolicy {
    const madeAtMs = Date.now()
    return {
      preset: 'tootctl',
      kinds,
      cutoffMs: cutoffOf(days, madeAtMs),
      madeAtMs,
      includeFollows: true,
      keepInteracted: false,
      linkOnly: false,
      domain: null,
    }
  }

  async function planOf(policy: PrunePolicy): Promise<Plan> {
    const { instance } = stage.open
    return proposePrune(
      {
        database: await instance.database(),
        objects: await instance.storage(),
        clock: instance.clock,
        newName: instance.newName,
      },
      { instance: instance.name, policy, prices: { requestsPerThousand: 0.005, gbMonth: 0.023 } },
      PROGRESS,
    )
  }

  test('a prune’s plan counts what its candidates are, and shows files of every kind that would go', async () => {
    const { instance } = stage.open
    const database = await instance.database()
    const policy = policyOf(['avatar', 'header', 'attachment', 'card'], 1)
    const plan = await planOf(policy)
    assert.ok(isIntact(plan))
    assert.match(plan.id, /^prune-\d{8}T\d{6}-[0-9a-f]{4}$/)
    assert.equal(plan.schemaVersion, database.schema.schemaVersion)
    const files = new Map<string, number>()
    for await (const { candidates } of database.prune.candidates(policy))
      for (const { record, keys } of candidates.flatMap((candidate) => candidate.files)) {
        files.set(record.kind, (files.get(record.kind) ?? 0) + 1)
        const sample = plan.samples.find(({ kind, id }) => kind === record.kind && id === record.id)
        if (sample !== undefined) assert.equal(sample.key, keys[0])
      }
    assert.deepEqual(
      new Map(Object.entries(plan.totals.byKind).map(([kind, { count }]) => [kind, count])),
      files,
    )
    assert.ok(plan.samples.length >= 15 && plan.samples.length <= 20)
    const kinds = new Set(plan.samples.map(({ kind }) => kind))
    for (const kind of ['avatar', 'attachment', 'card'] as const) assert.ok(kinds.has(kind), kind)
    for (const kind of files.keys())
      assert.ok((plan.named[kind as PruneKind] ?? 0) >= (files.get(kind) ?? 0), kind)
    assert.deepEqual(plan.cost.requests, { list: 0, copy: 0, remove: 0 })
  })

  test('a plan that lets go of nothing says so, and one of one kind knows nothing of the others', async () => {
    const nothing = await planOf(policyOf(['card'], 36_500))
    assert.deepEqual([nothing.totals.files.count, nothing.samples.length, nothing.caps.length], [0, 0, 0])
    assert.deepEqual(Object.keys(nothing.named), ['card'])
    const headers = await planOf(policyOf(['header'], 1))
    assert.deepEqual([...new Set(headers.samples.map(({ kind }) => kind))], ['header'])
  })

  test('a plan is the same after a night in our tables, and no other instance finds it', async () => {
    const { instance } = stage.open
    const state = await instance.state()
    await state.setUp()
    const plan = await planOf(policyOf(['avatar', 'attachment', 'card'], 1.5))
    await state.plans.keep(plan)
    const found = await state.plans.find(instance.name, plan.id)
    assert.ok(found !== null && isIntact(found))
    assert.deepEqual(found, plan)
    assert.equal(await state.plans.find('another', plan.id), null)
  })

  test('a disk has no unfinished uploads and no old versions', async () => {
    const { instance } = stage.open
    const [objects, database] = [await instance.storage(), await instance.database()]
    const ports = { objects, database, clock: instance.clock, newName: instance.newName }
    for (const what of ['unfinished-uploads', 'old-versions'] as const)
      await assert.rejects(
        proposeLeftovers(ports, { instance: instance.name, what, beforeMs: 0, prices: null }, PROGRESS),
        { code: 'storage-not-offered' },
      )
  })
})

describe('orphans of a real server', needs('postgres'), () => {
  let stage: Stage
  /** Keys of orphans, those where only remote media lies. */
  let inside: string[] = []
  let outside: string[] = []
  let strays = 0

  before(async () => {
    stage = await openStage()
    const { findings } = await leaveOrphans(stage.lab, { share: 0.05 })
    const keys = findings.map(({ key }) => key ?? '')
    inside = keys.filter((key) => key.startsWith('cache/')).sort()
    outside = keys.filter((key) => !key.startsWith('cache/'))
    await scatterStrays(stage.lab)
    assert.ok(inside.length > 20 && outside.length > 2)
    await (await stage.open.instance.state()).setUp()
  })
  after(() => stage.close())

  async function propose(
    atMs: number,
    ports: Partial<ProposeOrphansPorts> = {},
    request: Partial<ProposeOrphansRequest> = {},
  ): Promise<OrphanProposal> {
    const { instance } = stage.open
    const [database, objects, state] = [
      await instance.database(),
      await instance.storage(),
      await instance.state(),
    ]
    return proposeOrphans(
      {
        scan: {
          records: database,
          objects,
          store: await instance.scans(),
          clock: { ...instance.clock, now: () => atMs },
        },
        database,
        objects,
        sightings: state.sightings,
        newName: instance.newName,
        ...ports,
      },
      {
        instance: instance.name,
        graceMs: DAY,
        minAgeMs: DAY,
        quarantineMs: 7 * DAY,
        concurrency: 4,
        prices: null,
        ...request,
      },
      PROGRESS,
    )
  }

  async function ripeKeys(proposal: OrphanProposal): Promise<string[]> {
    const { sightings } = await stage.open.instance.state()
    const keys: string[] = []
    const page = { after: '', size: 7 }
    for await (const some of sightings.ripe(stage.open.instance.name, proposal.scan, DAY, page))
      keys.push(...some.map(({ key }) => key))
    return keys.sort()
  }

  const countOf = (proposal: OrphanProposal): number =>
    Object.values(proposal.seen).reduce((sum, { count }) => sum + count, 0)

  const START = Date.now()

  test('a scan that may not be remembered says what it saw, and leaves no trace', async () => {
    const seen = await propose(START, { sightings: null })
    assert.deepEqual([seen.plan, seen.ripe.count, seen.waiting.count, seen.nextAtMs], [null, 0, 0, null])
    assert.equal(countOf(seen), inside.length)
    assert.equal(seen.outsideCache.count, outside.length)
    assert.ok(seen.strays.count > 0)
    strays = seen.strays.count
    const first = await propose(START + 1_000)
    assert.equal(first.ripe.count, 0, 'had the one before been remembered, it would not be the first')
    assert.equal(first.nextAtMs, START + 1_000 + DAY)
  })

  test('seen once, orphans wait; seen again a day later, all of them go, and no file outside cache/', async () => {
    const early = await propose(START + DAY)
    assert.deepEqual([early.plan, early.ripe.count, early.waiting.count], [null, 0, inside.length])
    const late = await propose(START + 1_000 + DAY)
    assert.equal(late.waiting.count, 0)
    assert.equal(late.ripe.count, inside.length)
    assert.deepEqual(await ripeKeys(late), inside)
    assert.deepEqual([late.outsideCache.count, late.strays.count], [outside.length, strays])
    const { plan } = late
    assert.ok(plan !== null && isIntact(plan))
    assert.deepEqual([plan.totals.rows, plan.totals.files], [0, late.ripe])
    assert.deepEqual(plan.request, {
      verb: 'orphans',
      what: 'objects',
      scanId: late.scan.id,
      scanStartedAtMs: START + 1_000 + DAY,
      graceMs: DAY,
      quarantineMs: 7 * DAY,
    })
    assert.equal(
      plan.totals.byAge.reduce((sum, { count }) => sum + count, 0),
      inside.length,
    )
    assert.ok(plan.samples.length > 10 && plan.samples.every(({ key }) => inside.includes(key)))
    for (const kind of ['avatar', 'header', 'attachment', 'thumbnail', 'emoji', 'card'] as const)
      assert.ok((plan.named[kind] ?? 0) > 0, kind)
    const believed = await (await stage.open.instance.database()).believed()
    for (const { kind, remote, count } of believed)
      if (remote && kind !== 'site-upload' && kind !== 'backup') assert.equal(plan.named[kind], count, kind)
  })

  test('what was written anew, or went, between two scans is no orphan that was seen twice', async () => {
    const [changed = '', gone = ''] = inside
    await stage.media.put(changed, Buffer.alloc(77), 'image/png', { modifiedAtMs: START - 3 * DAY })
    await rm(stage.media.pathOf(gone))
    const later = await propose(START + 3 * DAY)
    assert.deepEqual(await ripeKeys(later), inside.slice(2))
    assert.equal(later.waiting.count, 1)
    assert.equal(later.nextAtMs, START + 4 * DAY)
  })

  test('young objects are no orphans yet', async () => {
    const young = await propose(START + 4 * DAY, {}, { minAgeMs: 40 * DAY })
    assert.deepEqual([countOf(young), young.outsideCache.count, young.plan], [0, 0, null])
  })

  test('an empty or foreign storage, or another database, ends it before anything is remembered', async () => {
    const { instance } = stage.open
    const [database, objects, state, store] = [
      await instance.database(),
      await instance.storage(),
      await instance.state(),
      await instance.scans(),
    ]
    const before = await propose(START + 5 * DAY)
    const atMs = START + 6 * DAY
    const clock = { ...instance.clock, now: () => atMs }
    const lists: Readonly<Record<string, Partial<ProposeOrphansPorts['scan']>>> = {
      'storage-empty': { objects: { async *list() {} } },
      'storage-mismatch': {
        objects: {
          async *list(range, options) {
            for await (const page of objects.list(range, options))
              yield page.filter((entry) => 'key' in entry && /\/\d*[0-2]\/[^/]+\/[^/]+$/.test(entry.key))
          },
        },
      },
      'nothing-named': {
        records: {
          async *records() {},
          reread: async () => new Map(),
          estimate: async () => 0,
          cuts: async () => [],
        },
      },
    }
    for (const [code, replaced] of Object.entries(lists)) {
      const scan = { records: database, objects, store, clock, ...replaced }
      await assert.rejects(
        propose(atMs, { scan }),
        (error) => error instanceof KnownError && error.code === code,
      )
    }
    const { sightings } = state
    const after = await sightings.totals(instance.name, before.scan, DAY)
    assert.equal(
      Object.values(after.ripe).reduce((sum, { count }) => sum + count, 0),
      before.ripe.count,
    )
  })
})

describe('the mark between storage and our tables', needs('postgres'), () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
    await (await stage.open.instance.state()).setUp()
  })
  after(() => stage.close())

  type LayPorts = Parameters<typeof layCanary>[0]

  async function ports(): Promise<LayPorts> {
    const { instance } = stage.open
    return {
      objects: await instance.sparingStorage(),
      state: await instance.state(),
      database: await instance.database(),
      clock: instance.clock,
      newName: instance.newName,
    }
  }

  const look = async (): Promise<string> =>
    (await lookAtCanary(await ports(), stage.open.instance.name, {})).state

  const INSTANCE = (): string => stage.open.instance.name

  test('it is laid only where storage holds what the database names', async () => {
    const real = await ports()
    assert.equal(await look(), 'new')
    const stranger = {
      ...real.objects,
      stat: async (key: string) =>
        key.length % 7 === 0 ? real.objects.stat(key) : { state: 'absent' as const },
    }
    await assert.rejects(layCanary({ ...real, objects: stranger }, INSTANCE(), {}), {
      code: 'storage-mismatch',
    })
    const nameless = { ...real, database: { async *records() {} } }
    await assert.rejects(layCanary(nameless, INSTANCE(), {}), { code: 'storage-mismatch' })
    assert.equal(await look(), 'new')
    assert.equal(await stage.media.get(CANARY_KEY), null)
  })

  test('a storage that does not keep it is refused, and a death at any moment leaves nothing to mend', async () => {
    const real = await ports()
    const liar = { ...real.objects, write: async () => {} }
    await assert.rejects(layCanary({ ...real, objects: liar }, INSTANCE(), {}), { code: 'canary-not-kept' })
    assert.equal(await look(), 'new')
    let told = 0
    const dying = {
      mark: (instance: string) => real.state.canaries.mark(instance),
      lay: async (instance: string, mark: string) => {
        if (told++ === 1) throw new Error('killed')
        await real.state.canaries.lay(instance, mark)
      },
    }
    await assert.rejects(layCanary({ ...real, state: { canaries: dying } }, INSTANCE(), {}), /killed/)
    assert.notEqual(await stage.media.get(CANARY_KEY), null)
    assert.equal(await look(), 'new')
    await layCanary(real, INSTANCE(), {})
    assert.equal(await look(), 'matches')
  })

  test('a mark that is gone, is another, or that our tables do not know is told apart', async () => {
    const real = await ports()
    const kept = await stage.media.get(CANARY_KEY)
    assert.ok(kept !== null)
    assert.equal((await lookAtCanary(real, INSTANCE(), {})).mark, Buffer.from(kept).toString())
    await stage.media.put(CANARY_KEY, Buffer.concat([kept, Buffer.from('\n')]), 'text/plain')
    assert.equal(await look(), 'matches', 'as a person writes it, with a line break')
    await stage.media.put(CANARY_KEY, Buffer.from('somebody else'), 'text/plain')
    assert.equal(await look(), 'foreign')
    assert.equal((await lookAtCanary(real, 'another instance', {})).state, 'ours-lost')
    await stage.media.remove([CANARY_KEY])
    assert.equal(await look(), 'storage-lost-it')
  })

  test('a scan finds nothing of it, and what is sampled is what rows name', async () => {
    const real = await ports()
    await stage.media.put(CANARY_KEY, Buffer.from('mark'), 'text/plain')
    const asked: string[] = []
    const objects = {
      ...real.objects,
      stat: async (key: string) => {
        asked.push(key)
        return real.objects.stat(key)
      },
    }
    await layCanary({ ...real, objects }, 'yet another', {})
    assert.ok(asked.length > 50 && asked.length <= 100, String(asked.length))
    assert.equal(new Set(asked).size, asked.length)
    const claimed = new Set([...stage.lab.claims()].map(({ key }) => key))
    assert.ok(asked.every((key) => claimed.has(key)))
    for (const folder of ['accounts/avatars', 'accounts/headers', 'media_attachments/files', 'custom_emojis'])
      assert.ok(
        asked.some((key) => key.includes(folder)),
        folder,
      )
  })
})

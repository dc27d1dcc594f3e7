/** Orphans from their first sighting to quarantine, and back; and what else takes space in a bucket. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leaveOrphans } from '../../lab/instance/break/leave-orphans.ts'
import { s3Media } from '../../lab/instance/media/s3-media.ts'
import { keepVersions } from '../../lab/servers/s3-bucket.ts'
import { openApply } from '../../src/core/apply/open-apply.ts'
import { tidy } from '../../src/core/apply/tidy.ts'
import { NO_OVERRIDES } from '../../src/core/model/overrides.ts'
import type { Plan } from '../../src/core/model/plan.ts'
import type { BatchContent } from '../../src/core/model/run.ts'
import { proposeLeftovers } from '../../src/core/propose-leftovers.ts'
import { proposeOrphans, type OrphanProposal } from '../../src/core/propose-orphans.ts'
import { silentProgress } from '../../src/core/ports/runtime.ts'
import { askedFor, DEATHS, dying, type DeathAt } from '../die-in-batch.ts'
import { apply, planOf, policyOf, QUIET, truth, undo } from '../apply-stage.ts'
import { hashLocalMedia, without } from '../faults/truth.ts'
import { onDisk, onStage, type Stage } from '../heal-stage.ts'
import { underObjectLock } from '../locked-storage.ts'
import { needs } from '../needs.ts'
import { freshName, sharedRgw } from '../shared-servers.ts'

const DAY_MS = 86_400_000

/** `quarantineMs` null removes at once. */
async function propose(stage: Stage, quarantineMs: number | null, laterMs = 0): Promise<OrphanProposal> {
  const { instance } = stage.open
  const clock = { ...instance.clock, now: () => instance.clock.now() + laterMs }
  const database = await instance.database()
  const storage = await instance.storage()
  const state = await instance.state()
  await state.setUp()
  return proposeOrphans(
    {
      scan: { records: database, objects: storage, store: await instance.scans(), clock },
      database,
      objects: storage,
      sightings: state.sightings,
      newName: instance.newName,
    },
    { instance: instance.name, graceMs: DAY_MS, minAgeMs: 0, quarantineMs, concurrency: 2, prices: null },
    { progress: silentProgress },
  )
}

/** As if every sighting so far had been a day earlier. */
async function aDayPasses(stage: Stage): Promise<void> {
  await stage.sql(
    `UPDATE cornac.orphan_sightings SET first_scan_at = first_scan_at - interval '1 day',
      first_scan = first_scan || '-yesterday', last_scan_at = last_scan_at - interval '1 day'`,
  )
}

async function plantOrphans(stage: Stage): Promise<ReadonlySet<string>> {
  const before = await truth(stage)
  await leaveOrphans(stage.lab, { share: 0.2, kinds: ['avatar', 'header', 'attachment'] })
  const after = await truth(stage)
  return new Set(without(after.unclaimed, before.unclaimed))
}

/** A plan of orphans that are there, of which the day that has to pass has passed. */
async function orphansSeenTwice(stage: Stage, quarantineMs: number | null): Promise<Plan> {
  await plantOrphans(stage)
  await propose(stage, quarantineMs)
  await aDayPasses(stage)
  const { plan } = await propose(stage, quarantineMs)
  assert.ok(plan !== null)
  return plan
}

async function quarantined(stage: Stage): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const { key } of stage.lab.media.list('cornac/quarantine/')) keys.push(key)
  return keys
}

async function play(stage: Stage): Promise<void> {
  const local = await hashLocalMedia(stage.lab)
  const orphans = await plantOrphans(stage)
  assert.ok(orphans.size > 10, `${orphans.size} orphans`)
  const first = await propose(stage, 7 * DAY_MS)
  assert.equal(first.plan, null, 'one sighting is not enough')
  assert.equal((await propose(stage, 7 * DAY_MS)).plan, null, 'nor are two within a day')
  await aDayPasses(stage)
  const { plan } = await propose(stage, 7 * DAY_MS)
  assert.ok(plan !== null)
  const before = await truth(stage)

  // Claimed by a new row before anything is done: the case that must never go wrong.
  const saved = [...orphans].find((key) => /^cache\/accounts\/avatars\/.*\/original\//.test(key))
  assert.ok(saved !== undefined)
  const id = saved.split('/').slice(3, -2).join('')
  await stage.sql(
    `UPDATE accounts SET avatar_file_name = $2, avatar_content_type = 'image/png', avatar_storage_schema_version = 1
      WHERE id = $1::bigint`,
    [id, saved.split('/').at(-1)],
  )
  const result = await apply(stage, plan)
  assert.equal(result.stopped, null)
  assert.equal(result.run.counts.refused, 0)
  assert.ok(result.run.counts.changed >= 1)
  assert.equal(result.run.counts.objectsMoved, plan.totals.files.count - result.run.counts.changed)
  assert.ok((await stage.lab.media.get(saved)) !== null, 'what a row claims stays')
  assert.equal((await quarantined(stage)).length, result.run.counts.objectsMoved)
  const after = await truth(stage)
  assert.deepEqual(
    without(after.dangling, before.dangling).filter((line) => !line.includes(` ${id} `)),
    [],
  )

  const taken = await undo(stage, 'last')
  assert.equal(taken.restored.fromQuarantine, result.run.counts.objectsMoved)
  assert.equal(taken.lost, 0)
  assert.deepEqual(await quarantined(stage), [])
  const back = await truth(stage)
  assert.deepEqual(without(before.objects, back.objects), [], 'every object is back')
  assert.equal(await hashLocalMedia(stage.lab), local)
}

test(
  'orphans go after two sightings a day apart, wait in quarantine, and come back: disk',
  { ...needs('postgres'), timeout: 120_000 },
  () => onDisk(play, { attachments: 60 }),
)

test(
  'orphans go after two sightings a day apart, wait in quarantine, and come back: RGW',
  { ...needs('postgres', 'ceph-rgw'), timeout: 120_000 },
  () => onRgw(play),
)

test(
  'a quarantine that is over is emptied by the next run, and then nothing of it can be brought back',
  { ...needs('postgres'), timeout: 120_000 },
  () =>
    onDisk(async (stage) => {
      const plan = await orphansSeenTwice(stage, 7 * DAY_MS)
      const { run } = await apply(stage, plan)
      assert.ok(run.counts.objectsMoved > 10)
      await plantOrphans(stage)
      const WEEK = 7 * DAY_MS + 60_000
      await propose(stage, null, WEEK - DAY_MS)
      const next = await propose(stage, null, WEEK)
      assert.ok(next.plan !== null)
      const second = await apply(stage, next.plan, {
        ports: (ports) => ({ ...ports, clock: { ...ports.clock, now: () => ports.clock.now() + WEEK } }),
      })
      assert.equal(second.run.counts.objectsMoved, 0)
      assert.equal(second.run.counts.objectsRemoved, next.plan.totals.files.count)
      assert.equal(second.quarantine.files, run.counts.objectsMoved)
      assert.deepEqual(await quarantined(stage), [])
      const taken = await undo(stage, run.id)
      assert.equal(taken.restored.fromQuarantine, 0)
      assert.equal(taken.lost, run.counts.objectsMoved)
    }),
)

test(
  'orphans that storage does not give back, or does not answer for, wait in quarantine for the next undo',
  { ...needs('postgres'), timeout: 120_000 },
  () =>
    onDisk(async (stage) => {
      const plan = await orphansSeenTwice(stage, 7 * DAY_MS)
      const before = await truth(stage)
      const { run } = await apply(stage, plan)
      const busy = { state: 'refused', reason: 'SlowDown, HTTP 503' } as const
      const first = await undo(stage, run.id, (ports) => ({
        ...ports,
        objects: {
          ...ports.objects,
          async move(pairs, access, options) {
            const moved = await ports.objects.move(pairs.slice(3), access, options)
            return [...pairs.slice(0, 3).map((pair) => ({ ...pair, ...busy })), ...moved]
          },
        },
      }))
      assert.deepEqual([first.unanswered, first.lost, first.run.state], [3, 0, 'undoing'])
      assert.equal((await quarantined(stage)).length, 3)
      const second = await undo(stage, run.id)
      assert.deepEqual([second.unanswered, second.lost, second.run.state], [0, 0, 'undone'])
      assert.deepEqual(await quarantined(stage), [])
      assert.deepEqual(without(before.objects, (await truth(stage)).objects), [])
    }),
)

test(
  'a file written anew while orphans go is not written over, also where storage does not say that it is there',
  { ...needs('postgres'), timeout: 120_000 },
  () =>
    onDisk(async (stage) => {
      const orphans = await plantOrphans(stage)
      await propose(stage, 7 * DAY_MS)
      await aDayPasses(stage)
      const { plan } = await propose(stage, 7 * DAY_MS)
      assert.ok(plan !== null)
      const saved = [...orphans].find((key) => /^cache\/accounts\/avatars\/.*\/original\//.test(key))
      assert.ok(saved !== undefined)
      const id = saved.split('/').slice(3, -2).join('')
      const fresh = Buffer.from('fetched a moment ago')
      let claimed = false
      const first = await apply(stage, plan, {
        ports: (ports) => ({
          ...ports,
          objects: {
            ...ports.objects,
            async move(pairs, access, options) {
              const moved = await ports.objects.move(pairs, access, options)
              if (!pairs.some(({ from }) => from === saved)) return moved
              claimed = true
              await stage.lab.media.put(saved, fresh, 'image/png')
              await stage.sql(
                `UPDATE accounts SET avatar_file_name = $2, avatar_content_type = 'image/png',
                  avatar_storage_schema_version = 1 WHERE id = $1::bigint`,
                [id, saved.split('/').at(-1)],
              )
              return moved
            },
            stat: async (key, options) =>
              key === saved && claimed
                ? { state: 'unknown', reason: 'no answer in time' }
                : ports.objects.stat(key, options),
          },
        }),
      })
      assert.ok(claimed)
      assert.equal(first.run.counts.refused, 1)
      assert.deepEqual(Buffer.from((await stage.lab.media.get(saved)) ?? []), fresh)
      const { recovered } = await tidy(
        { ...(await openApply(stage.open.instance)), otherWork: QUIET },
        stage.open.instance.name,
        NO_OVERRIDES,
        {},
      )
      assert.deepEqual([recovered.batches, recovered.open], [1, 0])
      assert.deepEqual(Buffer.from((await stage.lab.media.get(saved)) ?? []), fresh)
    }),
)

/** Dies in a batch, and goes on with the same plan. */
async function dieAndGoOn(stage: Stage, at: DeathAt, quarantineMs: number | null): Promise<void> {
  const plan = await orphansSeenTwice(stage, quarantineMs)
  const before = await truth(stage)
  const opened: BatchContent[] = []
  const first: string[] = []
  const dies = apply(stage, plan, { ports: (ports) => dying(at, opened)(askedFor(first)(ports)) })
  await assert.rejects(dies, /killed/)
  const [content] = opened
  assert.ok(opened.length === 1 && content?.of === 'objects')
  const keys = content.objects.map(({ key }) => key)
  assert.ok(keys.length > 20, `${keys.length} keys`)
  assert.equal(first.length < keys.length, at === 'after the first part')
  const again: string[] = []
  const result = await apply(stage, plan, { ports: askedFor(again) })
  assert.ok(again.length > 0 && again.length < keys.length, `${again.length} of ${keys.length} keys again`)
  if (at === 'after the first part')
    assert.deepEqual(
      again.filter((key) => first.includes(key)),
      [],
    )
  assert.deepEqual(result.recovered, { batches: 1, objects: again.length, open: 0 })
  const { files, byKind } = plan.totals
  const away = quarantineMs === null ? { objectsRemoved: keys.length, objectsMoved: 0 } : null
  const moved = { objectsRemoved: 0, objectsMoved: keys.length }
  const nothing = { rows: 0, changed: 0, refused: 0 }
  assert.deepEqual(result.run.counts, { ...nothing, files, byKind, ...(away ?? moved) })
  const after = await truth(stage)
  assert.deepEqual(without(before.objects, after.objects).toSorted(), keys.toSorted())
  assert.equal((await quarantined(stage)).length, quarantineMs === null ? 0 : keys.length)
  if (quarantineMs === null) return
  const taken = await undo(stage, 'last')
  assert.deepEqual([taken.restored.fromQuarantine, taken.lost], [keys.length, 0])
}

async function onRgw(act: (stage: Stage) => Promise<void>, versioned = false): Promise<void> {
  const rgw = await sharedRgw()
  const media = await s3Media({ ...rgw.address, bucket: freshName('orphans') })
  if (versioned) await keepVersions(rgw.address, media.env['S3_BUCKET']!)
  try {
    await onStage({ media, attachments: 60 }, act)
  } finally {
    await media.close()
  }
}

for (const at of DEATHS)
  for (const [where, quarantineMs] of [
    ['to quarantine', 7 * DAY_MS],
    ['for good', null],
  ] as const) {
    test(
      `orphans on their way out ${where}, whose run died ${at}, are not all asked for again: disk`,
      { ...needs('postgres'), timeout: 120_000 },
      () => onDisk((stage) => dieAndGoOn(stage, at, quarantineMs), { attachments: 60 }),
    )
    test(
      `orphans on their way out ${where}, whose run died ${at}, are not all asked for again: RGW`,
      { ...needs('postgres', 'ceph-rgw'), timeout: 120_000 },
      () => onRgw((stage) => dieAndGoOn(stage, at, quarantineMs)),
    )
  }

for (const at of DEATHS)
  test(
    `nothing is added to a quarantine that is over: what a run that died ${at} has not told is where it was`,
    { ...needs('postgres'), timeout: 120_000 },
    () =>
      onDisk(
        async (stage) => {
          await plantOrphans(stage)
          await propose(stage, 7 * DAY_MS)
          await aDayPasses(stage)
          const { plan } = await propose(stage, 7 * DAY_MS)
          assert.ok(plan !== null)
          const opened: BatchContent[] = []
          const dies = apply(stage, plan, { ports: (ports) => dying(at, opened)(askedFor([])(ports)) })
          await assert.rejects(dies, /killed/)
          const [content] = opened
          assert.ok(opened.length === 1 && content?.of === 'objects')
          const moved = (await quarantined(stage)).length
          const { instance } = stage.open
          const ports = { ...(await openApply(instance)), otherWork: QUIET }
          const clock = { ...ports.clock, now: () => ports.clock.now() + 7 * DAY_MS + 60_000 }
          const due = await tidy({ ...ports, clock }, instance.name, NO_OVERRIDES, {})
          assert.deepEqual(due.recovered, { batches: 1, objects: 0, open: 0 })
          assert.deepEqual(await quarantined(stage), [])
          const { objects } = await truth(stage)
          const there = content.objects.filter(({ key }) => objects.has(key)).length
          assert.ok(there > 0 && due.quarantine.files > 0, `${there} are there`)
          assert.equal(there + due.quarantine.files, content.objects.length)
          assert.equal(due.quarantine.files < moved, at === 'after the last removal')
        },
        { attachments: 60 },
      ),
  )

async function oldVersions(stage: Stage): Promise<Plan> {
  const { instance } = stage.open
  const { plan } = await proposeLeftovers(
    {
      objects: await instance.storage(),
      database: await instance.database(),
      clock: instance.clock,
      newName: instance.newName,
    },
    { instance: instance.name, what: 'old-versions', beforeMs: Date.now() + 60_000, prices: null },
    { progress: silentProgress },
  )
  return plan
}

/** Old versions: what a prune of a bucket that keeps them leaves. */
async function leaveVersions(stage: Stage, at: DeathAt): Promise<void> {
  await apply(stage, await planOf(stage, policyOf({ kinds: ['avatar'], includeFollows: true })))
  const plan = await oldVersions(stage)
  const opened: BatchContent[] = []
  const first: string[] = []
  const dies = apply(stage, plan, { ports: (ports) => dying(at, opened)(askedFor(first)(ports)) })
  await assert.rejects(dies, /killed/)
  const [content] = opened
  assert.ok(opened.length === 1 && content?.of === 'versions')
  const count = content.versions.length
  assert.ok(count > 20, `${count} versions`)
  const again: string[] = []
  const result = await apply(stage, plan, { ports: askedFor(again) })
  assert.ok(again.length > 0 && again.length < count, `${again.length} of ${count} versions again`)
  const { files, objectsRemoved } = result.run.counts
  assert.deepEqual([files, objectsRemoved], [plan.totals.files, count])
  assert.deepEqual(result.recovered, { batches: 1, objects: again.length, open: 0 })
}

for (const at of DEATHS)
  test(
    `old versions whose removal died ${at} are not all asked for again, and their bytes are counted once`,
    { ...needs('postgres', 'ceph-rgw'), timeout: 120_000 },
    () => onRgw((stage) => leaveVersions(stage, at), true),
  )

for (const why of ['whose run was killed', 'that storage refused'])
  test(
    `old versions ${why} and that an undo has made the objects again are not removed by the next run`,
    { ...needs('postgres', 'ceph-rgw'), timeout: 120_000 },
    () =>
      onRgw(async (stage) => {
        const before = await truth(stage)
        const pruned = await apply(
          stage,
          await planOf(stage, policyOf({ kinds: ['avatar'], includeFollows: true })),
        )
        const plan = await oldVersions(stage)
        const failing = apply(stage, plan, {
          ports: underObjectLock(() => {
            if (why === 'whose run was killed') throw new Error('killed')
          }),
        })
        if (why === 'whose run was killed') await assert.rejects(failing, /killed/)
        else assert.ok((await failing).run.counts.refused > 20)
        const taken = await undo(stage, pruned.run.id)
        assert.ok(taken.restored.fromVersion > 20, JSON.stringify(taken))
        const { recovered } = await apply(stage, await oldVersions(stage))
        assert.deepEqual(recovered, { batches: 1, objects: 0, open: 0 })
        const after = await truth(stage)
        assert.deepEqual(without(before.objects, after.objects), [])
        assert.deepEqual(without(after.dangling, before.dangling), [])
      }, true),
  )

async function openBatches(stage: Stage): Promise<number> {
  let count = 0
  const { runs } = await stage.open.instance.state()
  for await (const _batch of runs.openBatches(stage.open.instance.name)) count++
  return count
}

test(
  'orphans that storage refuses night after night are asked for once a night, and named in one batch',
  { ...needs('postgres'), timeout: 120_000 },
  () =>
    onDisk(
      async (stage) => {
        const first = await orphansSeenTwice(stage, null)
        const locked = new Set(first.samples.slice(0, 4).map(({ key }) => key))
        const refusing = (asked: string[]) => askedFor(asked, (key) => locked.has(key))
        await apply(stage, first, { ports: refusing([]) })
        assert.equal(await openBatches(stage), 1)
        for (const _night of [1, 2]) {
          const { plan } = await propose(stage, null)
          assert.equal(plan?.totals.files.count, locked.size)
          const asked: string[] = []
          const result = await apply(stage, plan, { ports: refusing(asked), budget: { maxFiles: 1 } })
          assert.deepEqual(asked.toSorted(), [...locked].toSorted())
          assert.deepEqual([result.stopped, result.recovered.open], [null, 1])
          assert.equal(await openBatches(stage), 1)
        }
        const { plan } = await propose(stage, null)
        assert.ok(plan !== null)
        const { recovered } = await apply(stage, plan)
        assert.deepEqual(recovered, { batches: 1, objects: locked.size, open: 0 })
        assert.equal((await propose(stage, null)).plan, null)
      },
      { attachments: 60 },
    ),
)

test(
  'old versions under object lock are named in one batch, whatever the number of nights',
  { ...needs('postgres', 'ceph-rgw'), timeout: 120_000 },
  () =>
    onRgw(async (stage) => {
      await apply(stage, await planOf(stage, policyOf({ kinds: ['avatar'], includeFollows: true })))
      const first = await oldVersions(stage)
      const asked: number[] = []
      for (const night of [1, 2, 3]) {
        let count = 0
        await apply(stage, night === 1 ? first : await oldVersions(stage), {
          ports: underObjectLock((versions) => {
            count += versions
          }),
        })
        asked.push(count)
      }
      assert.deepEqual(asked, [asked[0], asked[0], asked[0]])
      assert.equal(await openBatches(stage), 1)
      const { recovered } = await apply(stage, await oldVersions(stage))
      assert.deepEqual(recovered, { batches: 1, objects: asked[0], open: 0 })
      const { runs } = await stage.open.instance.state()
      const run = await runs.ofPlan(first.id)
      assert.deepEqual([run?.counts.files, run?.counts.refused], [first.totals.files, 0])
    }, true),
)

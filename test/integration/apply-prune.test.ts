/** Prunes from their plan to the last object, and back again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keysOf } from '../../src/core/apply/batch-order.ts'
import { openApply } from '../../src/core/apply/open-apply.ts'
import { tidy } from '../../src/core/apply/tidy.ts'
import { NO_OVERRIDES } from '../../src/core/model/overrides.ts'
import type { BatchContent } from '../../src/core/model/run.ts'
import { s3Media } from '../../lab/instance/media/s3-media.ts'
import { apply, planOf, policyOf, QUIET, rowsOf, truth, undo } from '../apply-stage.ts'
import { askedFor, DEATHS, dying, type DeathAt } from '../die-in-batch.ts'
import { hashLocalMedia, without } from '../faults/truth.ts'
import { lockedStorage } from '../locked-storage.ts'
import { fediverse, onDisk, onStage, type Stage } from '../heal-stage.ts'
import { needs } from '../needs.ts'
import { freshName, sharedRgw } from '../shared-servers.ts'

const ALL_PRUNED = ['avatar', 'header', 'attachment', 'card'] as const

/** The lab's own look: which rows of accounts name an avatar. */
async function named(stage: Stage, column: string, table = 'accounts'): Promise<ReadonlySet<string>> {
  const { rows } = await stage.sql(
    `SELECT id::text AS id FROM ${table} WHERE ${column} IS NOT NULL AND ${column} <> ''`,
  )
  return new Set(rows.map(({ id }) => String(id)))
}

async function pruneAndLook(stage: Stage): Promise<void> {
  const local = await hashLocalMedia(stage.lab)
  const before = await truth(stage)
  const plan = await planOf(stage, policyOf({ kinds: ALL_PRUNED, includeFollows: true }))
  assert.ok(plan.totals.files.count > 50, `${plan.totals.files.count} files`)
  const result = await apply(stage, plan)
  assert.equal(result.stopped, null)
  assert.equal(result.run.state, 'done')
  assert.equal(result.run.counts.rows, plan.totals.rows)
  assert.deepEqual(result.run.counts.files, plan.totals.files)
  assert.deepEqual(result.run.counts.byKind, plan.totals.byKind)
  assert.equal(result.run.counts.changed, 0)
  assert.equal(result.run.counts.refused, 0)
  assert.deepEqual(result.verified.stillThere, [])
  assert.ok(result.verified.looked > 0)
  const after = await truth(stage)
  assert.deepEqual(without(after.dangling, before.dangling), [], 'no row names what is not there')
  assert.deepEqual(without(after.unclaimed, before.unclaimed), [], 'no object is left that nobody knows')
  assert.equal(await hashLocalMedia(stage.lab), local)
  const again = await planOf(stage, policyOf({ kinds: ALL_PRUNED, includeFollows: true }))
  assert.equal(again.totals.files.count, 0)
  await assert.rejects(apply(stage, plan), { code: 'plan-applied' })
}

test(
  'a prune lets go of exactly what its plan says, rows and objects: disk',
  { ...needs('postgres'), timeout: 120_000 },
  () => onDisk((stage) => pruneAndLook(stage), { attachments: 60, cards: 20 }),
)

async function onRgw(play: (stage: Stage) => Promise<void>, version?: '4.3' | '4.6'): Promise<void> {
  const rgw = await sharedRgw()
  const media = await s3Media({ ...rgw.address, bucket: freshName('apply') })
  try {
    await onStage({ media, attachments: 60, cards: 20, version }, play)
  } finally {
    await media.close()
  }
}

for (const version of ['4.3', '4.6'] as const)
  test(
    `a prune lets go of exactly what its plan says, rows and objects: RGW, Mastodon ${version}`,
    { ...needs('postgres', 'ceph-rgw'), timeout: 120_000 },
    () => onRgw(pruneAndLook, version),
  )

test(
  'a prune can be taken back: rows name files again whose objects are there, origins give the others',
  { ...needs('postgres', 'redis'), timeout: 120_000 },
  () =>
    onDisk(async (stage) => {
      const before = await truth(stage)
      const avatars = await named(stage, 'avatar_file_name')
      const plan = await planOf(stage, policyOf({ kinds: ['avatar'], includeFollows: true }))
      const { run } = await apply(stage, plan)
      const left = await named(stage, 'avatar_file_name')
      assert.equal(avatars.size - left.size, plan.totals.files.count)
      const result = await undo(stage, 'last')
      assert.equal(result.run.state, 'undone')
      assert.equal(result.restored.inPlace + result.restored.fromQuarantine + result.restored.fromVersion, 0)
      assert.equal(result.healed + result.lost + result.changed, run.counts.files.count)
      assert.ok(result.healed > 0.8 * run.counts.files.count, JSON.stringify(result))
      const after = await truth(stage)
      assert.deepEqual(without(after.dangling, before.dangling), [])
      await assert.rejects(undo(stage, run.id), { code: 'run-undone' })
    }),
)

test(
  'storage that takes nothing away is noticed after one batch: no more rows are let go, and the same plan goes on later',
  { ...needs('postgres'), timeout: 120_000 },
  () =>
    onDisk(
      async (stage) => {
        const plan = await planOf(stage, policyOf({ kinds: ALL_PRUNED, includeFollows: true }))
        let calls = 0
        const shut = await apply(stage, plan, {
          ports: (ports) => ({
            ...ports,
            objects: {
              ...ports.objects,
              remove: async (keys) => {
                calls++
                return keys.map((key) => ({ key, removed: false as const, reason: 'permission denied' }))
              },
            },
          }),
        })
        assert.equal(shut.stopped, 'refused')
        assert.equal(shut.run.state, 'stopped')
        assert.ok(calls > 0 && shut.run.counts.refused > 0)
        assert.ok(shut.run.counts.rows < plan.totals.rows, `${shut.run.counts.rows} of ${plan.totals.rows}`)
        const opened = await apply(stage, plan)
        assert.deepEqual([opened.stopped, opened.run.counts.refused], [null, 0])
        assert.equal(opened.run.counts.rows, plan.totals.rows)
      },
      { attachments: 40, cards: 20 },
    ),
)

test(
  'where storage would not remove anything, an undo leaves every row as it was, to the letter',
  { ...needs('postgres'), timeout: 120_000 },
  () =>
    onDisk(
      async (stage) => {
        const tables = ['accounts', 'media_attachments', 'preview_cards'] as const
        const before = await Promise.all(tables.map((table) => rowsOf(stage, table)))
        const plan = await planOf(stage, policyOf({ kinds: ALL_PRUNED, includeFollows: true }))
        const result = await apply(stage, plan, {
          ports: lockedStorage,
        })
        assert.ok(result.run.counts.refused > 0)
        assert.equal(result.run.counts.objectsRemoved, 0)
        const taken = await undo(stage, result.run.id)
        assert.equal(taken.lost + taken.changed + taken.healed, 0)
        const after = await Promise.all(tables.map((table) => rowsOf(stage, table)))
        for (const [i, table] of tables.entries()) assert.deepEqual(after[i], before[i], table)
      },
      { attachments: 40, cards: 20 },
    ),
)

test(
  'a file that storage did not answer for is not lost: its run is not over, and the next undo names it again',
  { ...needs('postgres'), timeout: 120_000 },
  () =>
    onDisk(async (stage) => {
      const before = await rowsOf(stage, 'accounts')
      for (const { origin } of fediverse.hosts)
        fediverse.setVice(origin, { kind: 'status', status: 503 }, 'everything')
      const plan = await planOf(stage, policyOf({ kinds: ['avatar'], includeFollows: true }))
      const { run } = await apply(stage, plan, {
        ports: lockedStorage,
      })
      const silent = (key: string): boolean => /[02468]\.\w+$/.test(key)
      const first = await undo(stage, run.id, (ports) => ({
        ...ports,
        objects: {
          ...ports.objects,
          stat: async (key, options) =>
            silent(key)
              ? { state: 'unknown', reason: 'no answer in time' }
              : ports.objects.stat(key, options),
        },
      }))
      assert.ok(first.unanswered > 0 && first.restored.inPlace > 0, JSON.stringify(first))
      assert.equal(first.lost, 0)
      assert.equal(first.restored.inPlace + first.unanswered, run.counts.files.count)
      assert.equal(first.run.state, 'undoing')
      const second = await undo(stage, run.id)
      assert.equal(second.restored.inPlace, first.unanswered)
      assert.equal(second.already, first.restored.inPlace)
      assert.deepEqual([second.changed, second.lost, second.unanswered], [0, 0, 0])
      assert.equal(second.run.state, 'undone')
      assert.deepEqual(await rowsOf(stage, 'accounts'), before)
    }),
)

test(
  'a run that storage refused something is brought to its end by the next one',
  { ...needs('postgres'), timeout: 120_000 },
  () =>
    onDisk(async (stage) => {
      const before = await truth(stage)
      const plan = await planOf(stage, policyOf({ kinds: ['avatar'] }))
      let refused = 0
      const first = await apply(stage, plan, {
        ports: (ports) => ({
          ...ports,
          objects: {
            ...ports.objects,
            async remove(keys, options) {
              const answers = await ports.objects.remove(keys.slice(3), options)
              refused += Math.min(3, keys.length)
              const no = keys
                .slice(0, 3)
                .map((key) => ({ key, removed: false as const, reason: 'locked by its owner' }))
              return [...no, ...answers]
            },
          },
        }),
      })
      assert.equal(first.run.counts.refused, refused)
      assert.equal(without((await truth(stage)).unclaimed, before.unclaimed).length, refused)
      const next = await apply(stage, await planOf(stage, policyOf({ kinds: ['header'] })))
      assert.ok(next.recovered.batches > 0)
      assert.equal(next.recovered.open, 0)
      assert.deepEqual(without((await truth(stage)).unclaimed, before.unclaimed), [])
      const state = await stage.open.instance.state()
      const run = await state.runs.find(stage.open.instance.name, first.run.id)
      assert.equal(run?.counts.refused, 0)
      assert.equal(run?.counts.objectsRemoved, first.run.counts.objectsRemoved + refused)
    }),
)

test(
  'limits end a run after what they allow, and the same plan goes on where it ended',
  { ...needs('postgres'), timeout: 120_000 },
  () =>
    onDisk(async (stage) => {
      const before = await truth(stage)
      const plan = await planOf(stage, policyOf({ kinds: ['avatar', 'header'] }))
      const first = await apply(stage, plan, { budget: { maxFiles: 25 } })
      assert.equal(first.stopped, 'files')
      assert.ok(first.files === 25 || first.files === 24, `${first.files} files`)
      assert.equal(first.run.state, 'stopped')
      const second = await apply(stage, plan, { budget: { maxBytes: 1 } })
      assert.equal(second.stopped, 'bytes')
      assert.equal(second.run.counts.files.count, first.files + second.files)
      // Before anything began there is nothing to finish.
      await assert.rejects(apply(stage, plan, { signal: AbortSignal.abort() }), { name: 'AbortError' })
      const last = await apply(stage, plan)
      assert.equal(last.stopped, null)
      assert.equal(last.run.attempts, 3)
      assert.deepEqual(last.run.counts.files, plan.totals.files)
      assert.deepEqual(without((await truth(stage)).unclaimed, before.unclaimed), [])
    }),
)

test(
  'a row that has more files than a run may let go of is told, and let go of by a run that may',
  { ...needs('postgres'), timeout: 120_000 },
  () =>
    onDisk(async (stage) => {
      const plan = await planOf(stage, policyOf({ kinds: ['avatar', 'header'], includeFollows: true }))
      const one = () => apply(stage, plan, { budget: { maxFiles: 1 } })
      let result = await one()
      while (result.stopped === 'files') result = await one()
      assert.deepEqual([result.stopped, result.files], ['row', 0])
      assert.equal(
        result.run.stoppedBecause,
        'the next row has more files than one run was allowed to let go of',
      )
      assert.equal((await apply(stage, plan, { budget: { maxFiles: 2 } })).files, 2)
    }),
)

/** Dies in a batch, and goes on with the same plan. */
async function dieAndGoOn(stage: Stage, at: DeathAt): Promise<void> {
  const before = await truth(stage)
  const plan = await planOf(stage, policyOf({ kinds: ['avatar', 'header'], includeFollows: true }))
  const opened: BatchContent[] = []
  const first: string[] = []
  let refuse: string | undefined
  const locked = (key: string): boolean => key === (refuse ??= key)
  const dies = apply(stage, plan, { ports: (ports) => dying(at, opened)(askedFor(first, locked)(ports)) })
  await assert.rejects(dies, /killed/)
  const [content] = opened
  assert.ok(opened.length === 1 && content?.of === 'rows')
  const keys = keysOf(content.candidates)
  assert.ok(keys.length > 40, `${keys.length} keys`)
  assert.equal(first.length < keys.length, at === 'after the first part')
  const again: string[] = []
  const result = await apply(stage, plan, { ports: askedFor(again) })
  assert.ok(again.length > 0 && again.length < keys.length, `${again.length} of ${keys.length} keys again`)
  assert.ok(refuse !== undefined && again.includes(refuse), 'what was refused is tried again')
  const repeated = again.filter((key) => first.includes(key))
  if (at === 'after the first part') assert.deepEqual(repeated, [refuse])
  assert.deepEqual(result.recovered, { batches: 1, objects: again.length, open: 0 })
  const { rows, files, byKind } = plan.totals
  const counts = { rows, files, byKind, objectsRemoved: keys.length, objectsMoved: 0 }
  assert.deepEqual(result.run.counts, { ...counts, changed: 0, refused: 0 })
  const after = await truth(stage)
  assert.deepEqual(without(after.dangling, before.dangling), [])
  assert.deepEqual(without(after.unclaimed, before.unclaimed), [])
}

for (const at of DEATHS) {
  test(
    `a run that died ${at} of a batch asks for less than the batch again, and counts all of it once: disk`,
    { ...needs('postgres'), timeout: 120_000 },
    () => onDisk((stage) => dieAndGoOn(stage, at)),
  )
  test(
    `a run that died ${at} of a batch asks for less than the batch again, and counts all of it once: RGW`,
    { ...needs('postgres', 'ceph-rgw'), timeout: 120_000 },
    () => onRgw((stage) => dieAndGoOn(stage, at)),
  )
}

test(
  'what a death left outside cache/ goes as well, though its row names nothing and knows no address any more',
  { ...needs('postgres'), timeout: 120_000 },
  () =>
    onDisk(
      async (stage) => {
        const { media } = stage.lab
        // As cards of old servers lie.
        for await (const { key } of media.list('cache/preview_cards/')) {
          await media.put(key.slice('cache/'.length), (await media.get(key)) ?? new Uint8Array(), 'image/png')
          await media.remove([key])
        }
        await stage.sql('UPDATE preview_cards SET image_storage_schema_version = NULL')
        const before = await truth(stage)
        const plan = await planOf(stage, policyOf({ kinds: ['card'], includeFollows: true }))
        const dies = apply(stage, plan, {
          ports: (ports) => ({
            ...ports,
            objects: { ...ports.objects, remove: () => Promise.reject(new Error('killed')) },
          }),
        })
        await assert.rejects(dies, /killed/)
        const left = without((await truth(stage)).unclaimed, before.unclaimed)
        assert.ok(
          left.some((key) => !key.startsWith('cache/') && !key.startsWith('cornac/')),
          left.join(' '),
        )
        await apply(stage, plan)
        const after = await truth(stage)
        assert.deepEqual(
          without(after.unclaimed, before.unclaimed).filter((key) => !key.startsWith('cornac/')),
          [],
        )
        assert.deepEqual(without(after.dangling, before.dangling), [])
      },
      { cards: 60 },
    ),
)

test('a recovery that dies leaves less to the next one', { ...needs('postgres'), timeout: 120_000 }, () =>
  onDisk(async (stage) => {
    const before = await truth(stage)
    const plan = await planOf(stage, policyOf({ kinds: ['avatar', 'header'], includeFollows: true }))
    const opened: BatchContent[] = []
    const asked: string[][] = []
    for (const at of [DEATHS[1], DEATHS[1], DEATHS[0]]) {
      const keys: string[] = []
      asked.push(keys)
      const dies = apply(stage, plan, { ports: (ports) => dying(at, opened)(askedFor(keys)(ports)) })
      await assert.rejects(dies, /killed/)
    }
    const last: string[] = []
    const result = await apply(stage, plan, { ports: askedFor(last) })
    const [one, two, three] = asked.map((keys) => keys.length) as [number, number, number]
    assert.equal(opened.length, 1)
    const all = new Set([...asked.flat(), ...last])
    assert.ok(last.length > 0 && last.length < three && two < all.size - one, `${one} ${two} ${three}`)
    assert.equal(result.run.counts.objectsRemoved, all.size)
    assert.deepEqual(result.run.counts.files, plan.totals.files)
    assert.equal(result.run.counts.rows, plan.totals.rows)
    assert.deepEqual(without((await truth(stage)).unclaimed, before.unclaimed), [])
  }),
)

test(
  'a run that died with part of a batch noted is taken back as any other',
  { ...needs('postgres', 'redis'), timeout: 120_000 },
  () =>
    onDisk(async (stage) => {
      const before = await truth(stage)
      const plan = await planOf(stage, policyOf({ kinds: ['avatar', 'header'], includeFollows: true }))
      const asked: string[] = []
      const dies = apply(stage, plan, { ports: (ports) => dying(DEATHS[1], [])(askedFor(asked)(ports)) })
      await assert.rejects(dies, /killed/)
      const taken = await undo(stage, 'last')
      assert.equal(taken.run.state, 'undone')
      const { restored, healed, lost, changed } = taken
      assert.equal(restored.inPlace + healed + lost + changed, plan.totals.files.count)
      assert.ok(restored.inPlace > 0 && healed > 0, JSON.stringify(taken))
      const after = await truth(stage)
      assert.deepEqual(without(after.dangling, before.dangling), [])
      const state = await stage.open.instance.state()
      for await (const _ of state.runs.openBatches(stage.open.instance.name)) assert.fail('a batch is open')
    }),
)

test(
  'an undo that died after its rows named files again tells of all of them when it is gone on with',
  { ...needs('postgres'), timeout: 120_000 },
  () =>
    onDisk(async (stage) => {
      const before = await rowsOf(stage, 'accounts')
      const plan = await planOf(stage, policyOf({ kinds: ['avatar', 'header'], includeFollows: true }))
      await apply(stage, plan, {
        ports: lockedStorage,
      })
      const dies = undo(stage, 'last', (ports) => ({
        ...ports,
        state: {
          ...ports.state,
          runs: { ...ports.state.runs, batchUndone: () => Promise.reject(new Error('killed')) },
        },
      }))
      await assert.rejects(dies, /killed/)
      const taken = await undo(stage, 'last')
      assert.equal(taken.run.state, 'undone')
      assert.equal(taken.already + taken.restored.inPlace, plan.totals.files.count)
      assert.ok(taken.already > 0 && taken.changed === 0, JSON.stringify(taken))
      assert.deepEqual(await rowsOf(stage, 'accounts'), before)
    }),
)

test('an interrupted run finishes its batch and says so', { ...needs('postgres'), timeout: 120_000 }, () =>
  onDisk(async (stage) => {
    const before = await truth(stage)
    const plan = await planOf(stage, policyOf({ kinds: ['avatar', 'attachment'] }))
    const person = new AbortController()
    const result = await apply(stage, plan, {
      signal: person.signal,
      ports: (ports) => ({
        ...ports,
        database: {
          ...ports.database,
          prune: {
            ...ports.database.prune,
            letGo(...args) {
              person.abort()
              return ports.database.prune.letGo(...args)
            },
          },
        },
      }),
    })
    assert.equal(result.stopped, 'interrupted')
    assert.ok(result.files > 0 && result.files < plan.totals.files.count)
    const now = await truth(stage)
    assert.deepEqual(without(now.dangling, before.dangling), [])
    assert.deepEqual(without(now.unclaimed, before.unclaimed), [])
    assert.equal((await apply(stage, plan)).stopped, null)
  }),
)

test(
  'a process that stood still while its run was taken back removes nothing that rows name again',
  { ...needs('postgres'), timeout: 120_000 },
  () =>
    onDisk(async (stage) => {
      const before = await truth(stage)
      const rows = await rowsOf(stage, 'accounts')
      const plan = await planOf(stage, policyOf({ kinds: ['avatar', 'header'], includeFollows: true }))
      let stoodStill = 0
      const lost = apply(stage, plan, {
        ports: (ports) => ({
          ...ports,
          database: {
            ...ports.database,
            prune: {
              ...ports.database.prune,
              // Rows have let go, and then nothing moves here until others have taken over and given back.
              async letGo(...args) {
                const gone = await ports.database.prune.letGo(...args)
                stoodStill += gone.size
                await stage.sql(
                  `UPDATE cornac.leases SET token = token + 1, held = false WHERE name = 'apply'`,
                )
                await undo(stage, 'last')
                return gone
              },
            },
          },
        }),
      })
      await assert.rejects(lost, { code: 'lease-lost' })
      assert.ok(stoodStill > 20, `${stoodStill} rows`)
      const after = await truth(stage)
      assert.deepEqual(without(after.dangling, before.dangling), [], 'no row names what is not there')
      assert.deepEqual(without(before.objects, after.objects), [], 'no object is gone')
      assert.deepEqual(await rowsOf(stage, 'accounts'), rows)
    }),
)

test(
  'without a plan nobody is waited for where nothing is due; what is due is ended under the guards of a run',
  { ...needs('postgres'), timeout: 120_000 },
  () =>
    onDisk(async (stage) => {
      const before = await truth(stage)
      const { instance } = stage.open
      const open = { ...(await openApply(instance)), otherWork: QUIET }
      const atNight = { ...open, otherWork: { ...QUIET, localHour: () => 4 } }
      const nothing = await tidy(atNight, instance.name, NO_OVERRIDES, {})
      assert.deepEqual(nothing, {
        recovered: { batches: 0, objects: 0, open: 0 },
        quarantine: { files: 0, refused: 0, because: null },
      })
      const plan = await planOf(stage, policyOf({ kinds: ['avatar'] }))
      const refuse = async (keys: readonly string[]) =>
        keys.map((key) => ({ key, removed: false as const, reason: 'locked by its owner' }))
      const { run } = await apply(stage, plan, {
        ports: (ports) => ({ ...ports, objects: { ...ports.objects, remove: refuse } }),
      })
      assert.ok(run.counts.refused > 0)
      await assert.rejects(tidy(atNight, instance.name, NO_OVERRIDES, {}), { code: 'vacuum-hours' })
      const busy = { ...open, otherWork: { ...QUIET, runningTootctl: async () => ['tootctl media remove'] } }
      await assert.rejects(tidy(busy, instance.name, NO_OVERRIDES, {}), { code: 'tootctl-at-work' })
      assert.equal(without((await truth(stage)).unclaimed, before.unclaimed).length, run.counts.refused)
      const { recovered } = await tidy(open, instance.name, NO_OVERRIDES, {})
      assert.equal(recovered.open, 0)
      assert.deepEqual(without((await truth(stage)).unclaimed, before.unclaimed), [])
    }),
)

/** Runs and undos that were broken off, met by the next ones. */
import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { leaveOrphans } from '../../lab/instance/break/leave-orphans.ts'
import { s3Media } from '../../lab/instance/media/s3-media.ts'
import { keepVersions } from '../../lab/servers/s3-bucket.ts'
import { openApply, openUndo } from '../../src/core/apply/open-apply.ts'
import { tidy, type Tidied } from '../../src/core/apply/tidy.ts'
import { undoRun } from '../../src/core/apply/undo.ts'
import { NO_OVERRIDES } from '../../src/core/model/overrides.ts'
import type { Plan } from '../../src/core/model/plan.ts'
import { proposeOrphans } from '../../src/core/propose-orphans.ts'
import { silentProgress } from '../../src/core/ports/runtime.ts'
import { apply, planOf, policyOf, QUIET, rowsOf, truth, undo, type ApplyWishes } from '../apply-stage.ts'
import { without } from '../faults/truth.ts'
import { LIMITS, onDisk, onStage, type Stage } from '../heal-stage.ts'
import { needs } from '../needs.ts'
import { freshName, sharedRgw } from '../shared-servers.ts'

const LIMIT = { ...needs('postgres'), timeout: 120_000 }
const DAY_MS = 86_400_000
const WEEK = 7 * DAY_MS + 60_000

type Ports = Awaited<ReturnType<typeof openApply>>

/** Rows have let go, and then the process dies: every object is still there. */
const DIES: ApplyWishes = {
  ports: (ports: Ports) => ({
    ...ports,
    objects: { ...ports.objects, remove: () => Promise.reject(new Error('killed')) },
  }),
}

/** An undo whose time is up before it has brought anything back. */
async function undoWithoutTime(stage: Stage, run: string): Promise<void> {
  const { instance } = stage.open
  const ports = await openUndo(instance, { ...LIMITS, limitedFederation: false, concurrency: 8, perHost: 2 })
  const request = { instance: instance.name, run, maxDurationMs: 0 }
  const result = await undoRun({ ...ports, otherWork: QUIET }, request, { progress: silentProgress })
  assert.deepEqual([result.stopped, result.run.state], ['duration', 'undoing'])
}

test('what an undo has not come to yet is not removed by the next run', LIMIT, () =>
  onDisk(
    async (stage) => {
      const rows = await rowsOf(stage, 'accounts')
      const { objects } = await truth(stage)
      const avatars = await planOf(stage, policyOf({ kinds: ['avatar'], includeFollows: true }))
      await assert.rejects(apply(stage, avatars, DIES), /killed/)
      await undoWithoutTime(stage, `run-${avatars.id}`)

      const cards = await planOf(stage, policyOf({ kinds: ['card'] }))
      const other = await apply(stage, cards)
      assert.deepEqual(other.recovered, { batches: 0, objects: 0, open: 0 })
      const taken = await undo(stage, `run-${avatars.id}`)
      assert.equal(taken.restored.inPlace, avatars.totals.files.count, JSON.stringify(taken))
      assert.deepEqual(await rowsOf(stage, 'accounts'), rows)
      const gone = without(objects, (await truth(stage)).objects)
      assert.deepEqual(
        gone.filter((key) => key.includes('/avatars/')),
        [],
      )
    },
    { cards: 20 },
  ),
)

/** @param plantMore what the lab's own looks at storage need not see */
async function orphanPlan(
  stage: Stage,
  plantMore: () => Promise<void> = async () => {},
): Promise<{ plan: Plan; orphans: readonly string[] }> {
  const { instance } = stage.open
  const before = await truth(stage)
  await leaveOrphans(stage.lab, { share: 0.2, kinds: ['avatar', 'header'] })
  const orphans = without((await truth(stage)).unclaimed, before.unclaimed)
  await plantMore()
  const [database, storage, state] = [
    await instance.database(),
    await instance.storage(),
    await instance.state(),
  ]
  await state.setUp()
  const { clock, newName } = instance
  const scan = { records: database, objects: storage, store: await instance.scans(), clock }
  const propose = () =>
    proposeOrphans(
      { scan, database, objects: storage, sightings: state.sightings, newName },
      {
        ...{ instance: instance.name, graceMs: DAY_MS, minAgeMs: 0 },
        ...{ quarantineMs: 7 * DAY_MS, concurrency: 2, prices: null },
      },
      { progress: silentProgress },
    )
  await propose()
  await stage.sql(
    `UPDATE cornac.orphan_sightings SET first_scan_at = first_scan_at - interval '1 day',
      first_scan = first_scan || '-yesterday', last_scan_at = last_scan_at - interval '1 day'`,
  )
  const { plan } = await propose()
  assert.ok(plan !== null && orphans.length > 10)
  return { plan, orphans }
}

async function tidyAWeekLater(
  stage: Stage,
  change: (ports: Ports) => Ports = (ports) => ports,
): Promise<Tidied> {
  const { instance } = stage.open
  const ports = change({ ...(await openApply(instance)), otherWork: QUIET })
  const clock = { ...ports.clock, now: () => ports.clock.now() + WEEK }
  return tidy({ ...ports, clock }, instance.name, NO_OVERRIDES, {})
}

test('a quarantine is not emptied while its run is being taken back', LIMIT, () =>
  onDisk(async (stage) => {
    const { plan } = await orphanPlan(stage)
    const { objects } = await truth(stage)
    const { run } = await apply(stage, plan)
    assert.ok(run.counts.objectsMoved > 10)
    await undoWithoutTime(stage, run.id)
    const { quarantine } = await tidyAWeekLater(stage)
    assert.equal(quarantine.files, 0)
    const taken = await undo(stage, run.id)
    assert.deepEqual([taken.restored.fromQuarantine, taken.lost], [run.counts.objectsMoved, 0])
    assert.deepEqual(without(objects, (await truth(stage)).objects), [])
  }),
)

test('what storage does not remove of a quarantine that is over is told, and tried again', LIMIT, () =>
  onDisk(async (stage) => {
    const { plan } = await orphanPlan(stage)
    const { run } = await apply(stage, plan)
    const moved = run.counts.objectsMoved
    const locks = (ports: Ports): Ports => ({
      ...ports,
      objects: {
        ...ports.objects,
        async remove(keys, options) {
          const [locked, ...others] = keys
          const refused =
            locked === undefined
              ? []
              : [{ key: locked, removed: false as const, reason: 'locked by its owner' }]
          return [...refused, ...(others.length === 0 ? [] : await ports.objects.remove(others, options))]
        },
      },
    })
    const first = await tidyAWeekLater(stage, locks)
    const { files, refused, because } = first.quarantine
    assert.ok(refused > 0)
    assert.deepEqual([files + refused, because], [moved, 'locked by its owner'])
    const second = await tidyAWeekLater(stage)
    assert.deepEqual(second.quarantine, { files: refused, refused: 0, because: null })
    const third = await tidyAWeekLater(stage)
    assert.deepEqual(third.quarantine, { files: 0, refused: 0, because: null })
  }),
)

/** While it lasts, storage brings nothing back out of quarantine. */
const keepsAll = (ports: Ports): Ports => ({
  ...ports,
  objects: {
    ...ports.objects,
    move: async (pairs, access, options) =>
      access === 'private'
        ? ports.objects.move(pairs, access, options)
        : pairs.map((pair) => ({ ...pair, state: 'refused' as const, reason: 'no space left on the disk' })),
  },
})

/** An orphan is claimed by a row while it is being moved, and storage will not give it back. */
async function claimedOnItsWay(stage: Stage): Promise<{ key: string; run: string }> {
  const { plan, orphans } = await orphanPlan(stage)
  const key = orphans.find((orphan) => /^cache\/accounts\/avatars\/.*\/original\//.test(orphan))
  assert.ok(key !== undefined)
  const { run } = await apply(stage, plan, {
    ports: (ports) => {
      const { objects } = keepsAll(ports)
      return {
        ...ports,
        objects: {
          ...objects,
          async move(pairs, access, options) {
            const moved = await objects.move(pairs, access, options)
            await stage.sql(
              `UPDATE accounts SET avatar_file_name = $2, avatar_content_type = 'image/png',
                avatar_storage_schema_version = 1 WHERE id = $1::bigint`,
              [key.split('/').slice(3, -2).join(''), key.split('/').at(-1)],
            )
            return moved
          },
        },
      }
    },
  })
  assert.equal(run.counts.refused, 1)
  assert.equal(await stage.lab.media.get(key), null)
  return { key, run: run.id }
}

test('what a row names and storage does not give back is not removed with its quarantine', LIMIT, () =>
  onDisk(async (stage) => {
    const { key } = await claimedOnItsWay(stage)
    const first = await tidyAWeekLater(stage, keepsAll)
    assert.deepEqual([first.recovered.open, first.quarantine.files], [1, 0])
    const second = await tidyAWeekLater(stage)
    assert.equal(second.recovered.open, 0)
    assert.ok((await stage.lab.media.get(key)) !== null, 'the file is back')
    assert.ok(second.quarantine.files > 0)
  }),
)

test('what a row names and storage did not give back is brought back by an undo', LIMIT, () =>
  onDisk(async (stage) => {
    const { key, run } = await claimedOnItsWay(stage)
    const taken = await undo(stage, run)
    assert.deepEqual([taken.lost, taken.run.state], [0, 'undone'])
    assert.ok((await stage.lab.media.get(key)) !== null, 'the file is back')
  }),
)

test('a run that died in a batch of thousands of rows goes on with its own plan', LIMIT, () =>
  onDisk(async (stage) => {
    await apply(stage, await planOf(stage, policyOf({ kinds: ['header'], includeFollows: true })))
    await stage.sql(
      `INSERT INTO accounts
        SELECT (jsonb_populate_record(NULL::accounts, to_jsonb(a) || jsonb_build_object('id', a.id + n, 'username', 'n' || n))).*
          FROM (SELECT * FROM accounts WHERE domain IS NOT NULL AND avatar_file_name <> '' ORDER BY id DESC LIMIT 1) a,
            generate_series(1, 2500) n`,
    )
    const plan = await planOf(stage, policyOf({ kinds: ['avatar'], includeFollows: true }))
    assert.ok(plan.totals.files.count > 2500)
    await assert.rejects(apply(stage, plan, DIES), /killed/)
    const { run, recovered } = await apply(stage, plan)
    assert.ok(recovered.batches > 0)
    assert.equal(run.state, 'done')
    assert.deepEqual(run.counts.files, plan.totals.files)
  }),
)

test(
  'a row that somebody holds all the time is not given up: the next undo names its file again',
  LIMIT,
  () =>
    onDisk(async (stage) => {
      const rows = await rowsOf(stage, 'accounts')
      const plan = await planOf(stage, policyOf({ kinds: ['avatar'], includeFollows: true }))
      await assert.rejects(apply(stage, plan, DIES), /killed/)
      const [id] = plan.samples.map((sample) => sample.id)
      await stage.sql('BEGIN')
      await stage.sql('SELECT 1 FROM accounts WHERE id = $1::bigint FOR UPDATE', [id])
      const first = await undo(stage, `run-${plan.id}`)
      await stage.sql('COMMIT')
      assert.deepEqual([first.changed, first.unanswered, first.run.state], [0, 1, 'undoing'])
      const second = await undo(stage, `run-${plan.id}`)
      assert.deepEqual([second.restored.inPlace, second.run.state], [1, 'undone'])
      assert.deepEqual(await rowsOf(stage, 'accounts'), rows)
    }),
)

test(
  'an undo brings back no version of a file that no row will name again',
  { ...needs('postgres', 'ceph-rgw'), timeout: 120_000 },
  async () => {
    const rgw = await sharedRgw()
    const media = await s3Media({ ...rgw.address, bucket: freshName('adversity') })
    await keepVersions(rgw.address, media.env['S3_BUCKET']!)
    try {
      await onStage({ media, attachments: 60 }, async (stage) => {
        const before = await truth(stage)
        const plan = await planOf(stage, policyOf({ kinds: ['avatar', 'attachment'], includeFollows: true }))
        // A row that claims a second file, which never was there: the first one alone is of no use to it.
        const half = plan.samples.filter(({ kind }) => kind === 'avatar')[1]!
        await stage.sql(`UPDATE accounts SET avatar_content_type = 'image/gif' WHERE id = $1::bigint`, [
          half.id,
        ])
        const { run } = await apply(stage, plan)
        const [avatar, attachment] = (['avatar', 'attachment'] as const).map((kind) =>
          plan.samples.find((sample) => sample.kind === kind)!,
        )
        await stage.sql(`UPDATE accounts SET avatar_file_name = 'newer.png' WHERE id = $1::bigint`, [
          avatar?.id,
        ])
        await stage.sql('DELETE FROM media_attachments WHERE id = $1::bigint', [attachment?.id])
        const taken = await undo(stage, run.id)
        assert.equal(taken.lost + taken.unanswered, 0)
        assert.ok(taken.restored.fromVersion > 20 && taken.changed >= 2, JSON.stringify(taken))
        assert.deepEqual(without((await truth(stage)).unclaimed, before.unclaimed), [])
      })
    } finally {
      await media.close()
    }
  },
)

test('a row whose file name leads elsewhere is left alone, and holds up nothing', LIMIT, () =>
  onDisk(async (stage) => {
    const ids = await stage.sql(
      `UPDATE accounts SET avatar_file_name = CASE id % 2 WHEN 0 THEN '../../secret.png' ELSE '..' END WHERE id IN
        (SELECT id FROM accounts WHERE domain IS NOT NULL AND avatar_file_name <> '' ORDER BY id LIMIT 3) RETURNING id::text`,
    )
    assert.equal(ids.rows.length, 3)
    const plan = await planOf(stage, policyOf({ kinds: ['avatar'], includeFollows: true }))
    const { run } = await apply(stage, plan)
    assert.deepEqual([run.state, run.counts.changed, run.counts.refused], ['done', 3, 0])
    assert.equal(run.counts.files.count, plan.totals.files.count - 3)
    assert.equal((await apply(stage, await planOf(stage, policyOf({ kinds: ['header'] })))).run.state, 'done')
  }),
)

test('an orphan whose name no key can say is not told as moved', LIMIT, () =>
  onDisk(async (stage) => {
    const { rows } = await stage.sql('SELECT min(id)::text AS id FROM accounts WHERE domain IS NOT NULL')
    const id = String(rows[0]?.['id'])
      .padStart(9, '0')
      .replaceAll(/(\d{3})(?=\d)/g, '$1/')
    const folder = `${stage.lab.media.env['PAPERCLIP_ROOT_PATH']!}/cache/accounts/avatars/${id}/original`
    const path = Buffer.concat([Buffer.from(`${folder}/m`), Buffer.from([0xfc]), Buffer.from('ller.png')])
    const { plan } = await orphanPlan(stage, async () => {
      await mkdir(folder, { recursive: true })
      await writeFile(path, 'an orphan')
    })
    const { run } = await apply(stage, plan)
    assert.equal(await readFile(path, 'utf8'), 'an orphan')
    assert.equal(run.counts.objectsMoved, plan.totals.files.count - 1)
    assert.equal(run.counts.changed, 1)
  }),
)

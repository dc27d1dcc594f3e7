/**
 * Prunes of buckets as providers really are: a vice between the program and a real store. Whatever it does, no row names what is
 * not there, every object that is left is known to the journal, and the next run ends it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { S3Client } from '@aws-sdk/client-s3'
import type { MediaSink } from '../../lab/instance/media/media-sink.ts'
import { s3Media } from '../../lab/instance/media/s3-media.ts'
import { keepVersions, s3Client } from '../../lab/servers/s3-bucket.ts'
import { startS3Dialect, type S3Answer, type S3Dialect, type S3Vice } from '../../lab/servers/s3-dialect.ts'
import {
  isBulkRemoval,
  isCopy,
  isListing,
  isLook,
  isSingleRemoval,
} from '../../lab/servers/s3-vices/recognise.ts'
import {
  brokenOff,
  gatewayTimeout,
  onlyWithContentMd5,
  refusedKeys,
  silentAbout,
  slowDown,
  withoutBulkRemoval,
} from '../../lab/servers/s3-vices/removing.ts'
import { hidesAbsence, refusesAcl } from '../../lab/servers/s3-vices/rights.ts'
import { apply, planOf, policyOf, rowsOf, truth, undo } from '../apply-stage.ts'
import { askedFor } from '../die-in-batch.ts'
import { without } from '../faults/truth.ts'
import { onStage, type Stage } from '../heal-stage.ts'
import { needs } from '../needs.ts'
import { freshName, sharedRgw } from '../shared-servers.ts'

const KINDS = ['avatar', 'header', 'attachment', 'card'] as const

interface Play extends Stage {
  readonly proxy: S3Dialect
  /** Past the proxy. */
  readonly store: S3Client
}

/** The program sees the bucket through the proxy, the lab past it. */
async function onProxy(
  play: (stage: Play) => Promise<void>,
  options: { readonly versioned?: boolean } = {},
): Promise<void> {
  const rgw = await sharedRgw()
  const bucket = freshName('dialect')
  const media: MediaSink = await s3Media({ ...rgw.address, bucket })
  if (options.versioned === true) await keepVersions(rgw.address, bucket)
  const store = s3Client(rgw.address)
  await using proxy = await startS3Dialect(rgw.address)
  const { endpoint } = proxy.address
  const env = { ...media.env, S3_ENDPOINT: endpoint, S3_HOSTNAME: new URL(endpoint).host }
  try {
    await onStage(
      { media: { ...media, env }, attachments: 40, cards: 20, accounts: 60, follows: 20 },
      (stage) => play({ ...stage, proxy, store }),
    )
  } finally {
    store.destroy()
    await media.close()
  }
}

/** A vice that tells how often it changed a request or an answer: one that never strikes would prove nothing. */
function watched(vice: S3Vice): { readonly vice: S3Vice; readonly strikes: () => number } {
  let count = 0
  return {
    async vice(request, pass) {
      let passed: S3Answer | 'silence' | null = null
      let asked = request
      const answer = await vice(request, async (each) => {
        asked = each
        return (passed = await pass(each))
      })
      if (answer !== passed || asked !== request) count++
      return answer
    },
    strikes: () => count,
  }
}

async function pruneWith(stage: Play, ...vices: S3Vice[]) {
  const before = await truth(stage)
  const plan = await planOf(stage, policyOf({ kinds: KINDS, includeFollows: true }))
  const seen = vices.map(watched)
  stage.proxy.vices = seen.map(({ vice }) => vice)
  const result = await apply(stage, plan)
  const strikes = seen.map((one) => one.strikes())
  const after = await truth(stage)
  assert.deepEqual(without(after.dangling, before.dangling), [], 'rows that name nothing there')
  return { plan, result, strikes, left: without(after.unclaimed, before.unclaimed) }
}

/** Nothing stays behind, at the first try, and the vice was met. */
async function cleanly(stage: Play, vice: S3Vice): Promise<void> {
  assert.ok((await leavesNothing(stage, vice)) > 0, 'the vice never struck')
}

/** As `cleanly` with a store that refuses a sort of request: it never sees one. */
async function politely(stage: Play, vice: S3Vice): Promise<void> {
  assert.equal(await leavesNothing(stage, vice), 0, 'the store had to refuse something')
  assert.ok(stage.proxy.requests.some(isBulkRemoval))
}

async function leavesNothing(stage: Play, vice: S3Vice): Promise<number> {
  const { plan, result, strikes, left } = await pruneWith(stage, vice)
  assert.equal(result.stopped, null)
  assert.deepEqual(result.run.counts.files, plan.totals.files)
  assert.equal(result.run.counts.refused, 0)
  assert.deepEqual(left, [])
  return strikes[0] ?? 0
}

const LIMIT = { ...needs('postgres', 'ceph-rgw'), timeout: 120_000 }

test(
  'a prune asks once per thousand keys of a batch to remove them, and never about single keys but to verify',
  LIMIT,
  () =>
    onProxy(async (stage) => {
      const before = stage.proxy.requests.length
      const { result, left } = await pruneWith(stage)
      assert.deepEqual(left, [])
      const asked = stage.proxy.requests.slice(before)
      const state = await stage.open.instance.state()
      let most = 0
      for await (const batch of state.runs.batches(result.run.id)) {
        assert.ok(batch.content.of === 'rows')
        const keys = batch.content.candidates.flatMap(({ files }) => files.flatMap((file) => file.keys))
        most += Math.ceil(keys.length / 1000)
      }
      assert.ok(most > 0)
      assert.equal(asked.filter(isBulkRemoval).length, most)
      assert.equal(asked.filter(isSingleRemoval).length, 0)
      assert.equal(asked.filter(isCopy).length, 0)
      // Whether the bucket is there at all.
      assert.ok(asked.filter(isListing).length <= 1)
      // A sample of what is named before the mark is laid, the mark itself, and a sample of what was removed.
      assert.ok(
        asked.filter(isLook).length <= 100 + 3 + result.verified.looked,
        `${asked.filter(isLook).length} looks`,
      )
    }),
)

let asked = 0
const sometimes = (): number => ((asked += 7) % 10) / 10

test('no multi-object delete, as on Google: keys are removed one by one', LIMIT, () =>
  onProxy((stage) => cleanly(stage, withoutBulkRemoval())),
)
test('bulk deletes with Content-MD5 only: each has it', LIMIT, () =>
  onProxy((stage) => politely(stage, onlyWithContentMd5)),
)
test('a bucket without ACLs is asked for none', LIMIT, () => onProxy((stage) => politely(stage, refusesAcl)))
test('403 for absent keys', LIMIT, () =>
  onProxy(async (stage) => {
    const { result, strikes, left } = await pruneWith(stage, hidesAbsence)
    assert.ok((strikes[0] ?? 0) > 0)
    assert.equal(result.run.counts.refused, 0)
    assert.deepEqual(left, [])
    assert.deepEqual(result.verified.stillThere, [])
  }),
)
test('a storm of SlowDown', LIMIT, () => onProxy((stage) => cleanly(stage, slowDown(0.6, sometimes))))
test('time-outs of large batches', LIMIT, () => onProxy((stage) => cleanly(stage, gatewayTimeout(60))))
test('answers that break off', LIMIT, () => {
  let times = 0
  return onProxy((stage) =>
    cleanly(
      stage,
      brokenOff('connection', () => times++ < 2),
    ),
  )
})

test(
  'keys that the store refuses, or says nothing about, are told, known to the journal, and removed by the next run',
  LIMIT,
  () =>
    onProxy(async (stage) => {
      const first = (key: string): boolean => /[0-3][^/]*$/.test(key)
      const silent = (key: string): boolean => /[4-5][^/]*$/.test(key)
      const { result, left } = await pruneWith(
        stage,
        silentAbout(silent),
        refusedKeys(stage.store, 'AccessDenied', first),
      )
      const { refused } = result.run.counts
      assert.ok(refused > 0)
      assert.ok(left.length > 0 && left.length <= refused)
      const state = await stage.open.instance.state()
      const known = new Set<string>()
      for await (const { outcome } of state.runs.openBatches(stage.open.instance.name))
        for (const key of outcome?.refused ?? []) known.add(key)
      assert.deepEqual(
        left.filter((key) => !known.has(key)),
        [],
        'the journal knows every one',
      )
      stage.proxy.vices = []
      const next = await apply(stage, await planOf(stage, policyOf({ kinds: ['avatar'] })))
      assert.equal(next.recovered.open, 0)
      const now = await truth(stage)
      assert.deepEqual(
        left.filter((key) => now.objects.has(key)),
        [],
      )
    }),
)

test('a store without bulk removal is asked no more often in a second than it may be', LIMIT, () =>
  onProxy(async (stage) => {
    const PER_SECOND = 20
    const plan = await planOf(stage, policyOf({ kinds: KINDS, includeFollows: true }))
    stage.proxy.vices = [withoutBulkRemoval()]
    const before = stage.proxy.requests.length
    const startedMs = performance.now()
    await apply(stage, plan, { ports: askedFor([]), budget: { requestsPerSecond: PER_SECOND } })
    const seconds = (performance.now() - startedMs) / 1000
    const removals = stage.proxy.requests.slice(before).filter(isSingleRemoval).length
    assert.ok(removals > 150, `${removals} removals`)
    // Calls that are under way at once are waited for by the next.
    const atOnce = 8 * 10
    assert.ok(seconds > (removals - atOnce) / PER_SECOND, `${removals} removals in ${seconds} s`)
  }),
)

test('a bucket that keeps versions gives everything back', LIMIT, () =>
  onProxy(
    async (stage) => {
      const tables = ['accounts', 'media_attachments', 'preview_cards'] as const
      const rows = await Promise.all(tables.map((table) => rowsOf(stage, table)))
      const before = await truth(stage)
      const { result } = await pruneWith(stage)
      const taken = await undo(stage, result.run.id)
      assert.equal(
        taken.restored.fromVersion,
        result.run.counts.files.count - taken.lost - taken.healed - taken.changed,
      )
      assert.equal(taken.lost + taken.healed + taken.changed, 0, JSON.stringify(taken))
      const after = await truth(stage)
      assert.deepEqual(without(before.objects, after.objects), [])
      const back = await Promise.all(tables.map((table) => rowsOf(stage, table)))
      for (const [i, table] of tables.entries()) assert.deepEqual(back[i], rows[i], table)
    },
    { versioned: true },
  ),
)

/** What plans are made of: costs, examples, sums over objects. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AGE_ENDS_DAYS, type PruneCandidate } from '../model/prune-candidate.ts'
import { costOf, objectsBehind, type StoreHabits } from './cost.ts'
import { EvenSample } from './even-sample.ts'
import { isIntact, sealPlan } from './hash-plan.ts'
import { ObjectTotals } from './object-totals.ts'
import { planLeftovers, planOrphans } from './plan-orphans.ts'
import { planPrune, type PrunePlanParts } from './plan-prune.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 21)
const S3: StoreHabits = { removeBatch: 1_000, listPage: 1_000, bulkRemoval: true }
const DISK: StoreHabits = { removeBatch: 1_000, listPage: null, bulkRemoval: null }
const PRICES = { requestsPerThousand: 0.005, gbMonth: 0.023 }
const ORIGIN = { instance: 'a.example', madeAtMs: NOW, schemaVersion: '1', chance: 'c0ffee00' }

test('a disk asks for no requests; a bucket for as many as its batches, or one for each where it takes no batches', () => {
  const work = { listed: 2_500, moved: 10, removed: 4_001, bytes: 3 * 2 ** 30 }
  assert.deepEqual(costOf(work, DISK, null), { requests: { list: 0, copy: 0, remove: 0 }, money: null })
  assert.deepEqual(costOf(work, S3, null).requests, { list: 3, copy: 10, remove: 5 })
  assert.equal(costOf(work, { ...S3, bulkRemoval: null }, null).requests.remove, 5)
  assert.equal(costOf(work, { ...S3, bulkRemoval: false }, null).requests.remove, 4_011)
})

test('money is for requests that list or copy, once, and for what is stored no more, each month; removing is free', () => {
  const work = { listed: 1_000_000, moved: 1_000, removed: 5_000_000, bytes: 100 * 2 ** 30 }
  const { money } = costOf(work, S3, PRICES)
  assert.ok(Math.abs((money?.once ?? 0) - (2_000 / 1_000) * 0.005) < 1e-12)
  assert.ok(Math.abs((money?.savedMonthly ?? 0) - 2.3) < 1e-12)
})

test('behind an image attachment stand two objects, behind everything else one', () => {
  const some = { count: 10, bytes: 1 }
  assert.equal(objectsBehind({ avatar: some, attachment: some, thumbnail: some, card: some }), 50)
})

test('of a stream of any length, at most so many are kept, in order, from its beginning to its end', () => {
  for (const length of [0, 1, 19, 20, 21, 40, 41, 100, 12_345]) {
    const sample = new EvenSample<number>(20)
    for (let i = 0; i < length; i++) sample.offer(i)
    const items = sample.items()
    assert.equal(items.length, Math.min(length, 20), String(length))
    assert.deepEqual(
      [...items].sort((a, b) => a - b),
      items,
    )
    assert.equal(new Set(items).size, items.length)
    if (length > 20) {
      const gaps = items.slice(1).map((item, i) => item - (items[i] ?? 0))
      assert.ok(Math.max(...gaps) <= length / 5, `${length}: ${Math.max(...gaps)}`)
      assert.ok((items[0] ?? 1) === 0 && (items.at(-1) ?? 0) >= length * 0.7, `${length}: ${items.at(-1)}`)
    }
  }
})

test('objects are added up by kind and by age, every bucket there, and each object in one', () => {
  const totals = new ObjectTotals(NOW)
  for (const [kind, days] of [
    ['avatar', 0],
    ['avatar', 6.999],
    ['avatar', 7],
    ['card', 90],
    ['card', 365],
    [null, 5_000],
    ['card', -1],
  ] as const)
    totals.add({ kind, bytes: 10, modifiedAtMs: NOW - days * DAY })
  const { rows, files, byKind, byAge, topDomains } = totals.totals()
  assert.deepEqual([rows, files, topDomains], [0, { count: 7, bytes: 70 }, []])
  assert.deepEqual(byKind, { avatar: { count: 3, bytes: 30 }, card: { count: 3, bytes: 30 } })
  assert.deepEqual(
    byAge.map(({ count }) => count),
    [3, 1, 0, 1, 0, 2],
  )
  assert.deepEqual(
    byAge.map(({ fromDays, toDays }) => [fromDays, toDays]),
    [...AGE_ENDS_DAYS, null].map((end, i) => [AGE_ENDS_DAYS[i - 1] ?? 0, end]),
  )
})

function candidate(kind: 'avatar' | 'attachment' | 'card', number: number): PruneCandidate {
  const table = ({ avatar: 'accounts', attachment: 'media_attachments', card: 'preview_cards' } as const)[
    kind
  ]
  const key = `cache/${kind}/${number}/original/a.png`
  const record = {
    kind,
    id: String(number),
    remote: true,
    domain: 'b.example',
    fileName: 'a.png',
    contentType: 'image/png',
    bytes: number,
    assignedAtMs: 0,
    storageVersion: 1,
    remoteUrl: null,
    hidden: false,
  }
  return {
    table,
    id: String(number),
    files: [{ record, assignedAt: null, keys: [key, key.replace('original', 'small')] }],
    rowUpdatedAt: '2026-01-31 23:59:59.000001',
    quietSinceMs: NOW - number,
    domain: 'b.example',
    bytes: number,
  }
}

const many = (kind: 'avatar' | 'attachment' | 'card', count: number): PruneCandidate[] =>
  Array.from({ length: count }, (_, i) => candidate(kind, i + 1))

const PARTS: PrunePlanParts = {
  policy: {
    preset: 'cornac',
    kinds: ['avatar', 'attachment', 'card'],
    cutoffMs: NOW - 90 * DAY,
    madeAtMs: NOW,
    includeFollows: false,
    keepInteracted: true,
    linkOnly: false,
    domain: null,
  },
  totals: {
    rows: 900,
    files: { count: 900, bytes: 2 ** 30 },
    byKind: { avatar: { count: 300, bytes: 1 }, attachment: { count: 600, bytes: 1 } },
    topDomains: [],
    byAge: [],
  },
  named: { avatar: 1_000, attachment: 1_000 },
  candidates: [many('avatar', 500), many('attachment', 3), many('card', 0)],
  store: S3,
  prices: PRICES,
}

test('a prune’s plan shows some of each table, the originals, spread over what was read', () => {
  const plan = planPrune(ORIGIN, PARTS)
  assert.equal(plan.id, 'prune-20261121T000000-c0ff')
  assert.deepEqual(plan.request, { verb: 'prune', policy: PARTS.policy })
  const avatars = plan.samples.filter(({ kind }) => kind === 'avatar')
  assert.deepEqual([avatars.length, plan.samples.length], [10, 13])
  assert.ok(Number(avatars.at(-1)?.id) > 400)
  assert.ok(plan.samples.every(({ key }) => key.includes('/original/')))
  assert.deepEqual(plan.cost.requests, { list: 0, copy: 0, remove: 2 })
  assert.ok(Math.abs((plan.cost.money?.savedMonthly ?? 0) - 0.023) < 1e-12)
  assert.deepEqual(plan.caps, [
    { kind: 'avatar', share: 0.3, files: 300, of: 1_000, level: 'stop' },
    { kind: 'attachment', share: 0.6, files: 600, of: 1_000, level: 'refuse' },
  ])
  assert.ok(isIntact(sealPlan(plan)))
  assert.ok(planPrune(ORIGIN, { ...PARTS, candidates: [many('avatar', 500)] }).samples.length === 20)
})

test('orphans in quarantine are copied, listed and removed twice; at once they are removed once', () => {
  const totals = new ObjectTotals(NOW)
  for (let i = 0; i < 1_500; i++) totals.add({ kind: 'avatar', bytes: 1, modifiedAtMs: NOW - 9 * DAY })
  const request = {
    verb: 'orphans',
    what: 'objects',
    scanId: 's',
    scanStartedAtMs: NOW,
    graceMs: DAY,
    quarantineMs: 7 * DAY,
  } as const
  const parts = { totals: totals.totals(), named: { avatar: 5_000 }, samples: [], store: S3, prices: null }
  const plan = planOrphans(ORIGIN, { ...parts, request })
  assert.deepEqual(plan.cost.requests, { list: 2, copy: 1_500, remove: 3 })
  assert.deepEqual(plan.caps, [{ kind: 'avatar', share: 0.3, files: 1_500, of: 5_000, level: 'stop' }])
  const atOnce = planOrphans(ORIGIN, { ...parts, request: { ...request, quarantineMs: null } })
  assert.deepEqual(atOnce.cost.requests, { list: 0, copy: 0, remove: 2 })
  const uploads = planLeftovers(ORIGIN, {
    ...parts,
    listed: 12_000,
    request: { verb: 'orphans', what: 'unfinished-uploads', beforeMs: NOW },
  })
  assert.deepEqual(uploads.cost.requests, { list: 12, copy: 0, remove: 1_500 })
  assert.deepEqual([uploads.caps, uploads.named], [[], {}])
})

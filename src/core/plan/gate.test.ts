/** The gate: every guard at its boundary, in words a person can act on, and no way around the largest shares. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KnownError } from '../errors.ts'
import type { CanaryLook } from '../model/canary.ts'
import { ALL_KINDS, KINDS, type Kind } from '../model/media.ts'
import { NO_OVERRIDES, type Overrides } from '../model/overrides.ts'
import type { Plan, PlanDraft } from '../model/plan.ts'
import { capsMet, percentFor } from './caps.ts'
import { mayApply, refuse, type GateFacts, type GateRequest } from './gate.ts'
import { sealPlan } from './hash-plan.ts'
import { REFUSE_SHARE } from './safety.ts'

const NOW = Date.UTC(2026, 10, 21, 14)
const DAY = 86_400_000
const INSTANCE = 'social.example /srv/media'

type Counts = Readonly<Partial<Record<Kind, number>>>

function totalsOf(files: Counts): PlanDraft['totals'] {
  const byKind = Object.fromEntries(
    Object.entries(files).map(([kind, count]) => [kind, { count, bytes: count * 1_000 }]),
  )
  const count = Object.values(files).reduce((sum, part) => sum + part, 0)
  return { rows: count, files: { count, bytes: count * 1_000 }, byKind, topDomains: [], byAge: [] }
}

function planOf(files: Counts, named: Counts, parts: Partial<PlanDraft> = {}): Plan {
  const totals = totalsOf(files)
  return sealPlan({
    format: 1,
    id: 'prune-20261121T130000-3fa9',
    instance: INSTANCE,
    madeAtMs: NOW - DAY,
    schemaVersion: '20260601000000',
    request: {
      verb: 'prune',
      policy: {
        preset: 'cornac',
        kinds: ['avatar', 'header', 'attachment', 'card'],
        cutoffMs: NOW - 90 * DAY,
        madeAtMs: NOW - DAY,
        includeFollows: false,
        keepInteracted: true,
        linkOnly: false,
        domain: null,
      },
    },
    totals,
    named,
    samples: [],
    cost: { requests: { list: 0, copy: 0, remove: 1 }, money: null },
    caps: capsMet(totals.byKind, named),
    ...parts,
  })
}

const ORPHANS: PlanDraft['request'] = {
  verb: 'orphans',
  what: 'objects',
  scanId: '20261121T130000Z',
  scanStartedAtMs: NOW - DAY,
  graceMs: DAY,
  quarantineMs: 7 * DAY,
}

function factsOf(plan: Plan, parts: Partial<GateFacts> = {}): GateFacts {
  return {
    instance: INSTANCE,
    nowMs: NOW,
    localHour: 14,
    tootctl: [],
    schemaVersion: '20260601000000',
    readOnlyBecause: null,
    canary: { state: 'matches', mark: 'a1b2' },
    totals: plan.totals,
    named: plan.named,
    begun: null,
    ...parts,
  }
}

const PERSON: GateRequest = { overrides: NO_OVERRIDES, confirmed: 'person' }
const AT_ONCE: GateRequest = { ...PERSON, confirmed: 'at-once' }
const withOverrides = (parts: Partial<Overrides>): GateRequest => ({
  overrides: { ...NO_OVERRIDES, ...parts },
  confirmed: 'at-once',
})

/** A small prune that nothing stands against. */
const SMALL = planOf({ avatar: 1_000 }, { avatar: 100_000, header: 50_000 })

function codes(plan: Plan, facts: Partial<GateFacts> = {}, request: GateRequest = AT_ONCE): string[] {
  return mayApply(plan, factsOf(plan, facts), request).map(({ code }) => code)
}

test('where nothing stands against it, a plan may be applied at once', () => {
  assert.deepEqual(codes(SMALL), [])
  refuse(mayApply(SMALL, factsOf(SMALL), AT_ONCE))
})

const canary = (state: CanaryLook['state'], mark: string | null = 'a1b2'): Partial<GateFacts> => ({
  canary: { state, mark },
})

const GUARDS: readonly (readonly [string, Plan, Partial<GateFacts>, readonly string[]])[] = [
  ['a plan changed by hand', { ...SMALL, named: { avatar: 1_000_000 } }, {}, ['plan-changed']],
  ['another instance', SMALL, { instance: 'other.example' }, ['plan-of-another-instance']],
  ['a plan of exactly seven days', SMALL, { nowMs: NOW + 6 * DAY }, []],
  ['a plan a millisecond older', SMALL, { nowMs: NOW + 6 * DAY + 1 }, ['plan-too-old']],
  ['a plan five minutes ahead', SMALL, { nowMs: NOW - DAY - 300_000 }, []],
  ['a plan a millisecond further ahead', SMALL, { nowMs: NOW - DAY - 300_001 }, ['plan-from-future']],
  ['an old plan whose run has begun', SMALL, { nowMs: NOW + 29 * DAY, begun: {} }, []],
  ['one older than a journal', SMALL, { nowMs: NOW + 29 * DAY + 1, begun: {} }, ['plan-too-old']],
  ['other tables', SMALL, { schemaVersion: '20270101000000' }, ['schema-changed']],
  ['an unknown Mastodon', SMALL, { readOnlyBecause: 'it is unknown' }, ['read-only-instance']],
  ['a moment before the margin', SMALL, { localHour: 2.83 }, []],
  ['ten minutes before three', SMALL, { localHour: 3 - 10 / 60 }, ['vacuum-hours']],
  ['just before six', SMALL, { localHour: 5.999 }, ['vacuum-hours']],
  ['six', SMALL, { localHour: 6 }, []],
  ['midnight', SMALL, { localHour: 0 }, []],
  ['tootctl', SMALL, { tootctl: ['ruby bin/tootctl media remove'] }, ['tootctl-at-work']],
  ['no mark on either side', SMALL, canary('new', null), []],
  ['a mark that storage lost', SMALL, canary('storage-lost-it'), ['canary-missing']],
  ['a mark of somebody else', SMALL, canary('foreign'), ['canary-foreign']],
  ['a mark nobody knows', SMALL, canary('ours-lost', null), ['canary-unknown']],
  [
    'ten per cent and 1,000 more to go',
    planOf({ avatar: 20_000 }, { avatar: 1e6 }),
    { totals: totalsOf({ avatar: 22_000 }) },
    [],
  ],
  [
    'one more than that',
    planOf({ avatar: 20_000 }, { avatar: 1e6 }),
    { totals: totalsOf({ avatar: 22_001 }) },
    ['world-moved'],
  ],
  ['1,000 more of few', SMALL, { totals: totalsOf({ avatar: 2_000 }) }, []],
  ['1,001 more of few', SMALL, { totals: totalsOf({ avatar: 2_001 }) }, ['world-moved']],
  ['less to go than planned', SMALL, { totals: totalsOf({ avatar: 3 }) }, []],
  ['ten per cent named less', SMALL, { named: { avatar: 90_000, header: 50_000 } }, []],
  ['one file more than that', SMALL, { named: { avatar: 89_999, header: 50_000 } }, ['world-moved']],
  ['ten per cent named more', SMALL, { named: { avatar: 110_000, header: 50_000 } }, []],
  ['and one', SMALL, { named: { avatar: 110_001, header: 50_000 } }, ['world-moved']],
  ['1,000 of few named less', planOf({}, { avatar: 1_500 }), { named: { avatar: 500 } }, []],
  ['a kind not counted anew', SMALL, { named: { avatar: 100_000 } }, []],
  ['nothing named at all', planOf({ avatar: 5 }, {}), {}, ['nothing-named']],
  [
    'nothing named by now',
    planOf({ avatar: 5 }, { avatar: 500 }),
    { named: { avatar: 0 } },
    ['nothing-named'],
  ],
  [
    'nothing named any more once the prune has begun',
    planOf({ avatar: 5 }, { avatar: 500 }),
    { named: { avatar: 0 }, begun: { avatar: { count: 500, bytes: 0 } } },
    [],
  ],
  ['nothing named and nothing to go', planOf({}, { avatar: 0 }), {}, []],
  [
    'orphans of a server that names nothing',
    planOf({ avatar: 5 }, {}, { request: ORPHANS }),
    {},
    ['nothing-named'],
  ],
  [
    'uploads of a server that names nothing',
    planOf(
      { avatar: 500 },
      {},
      { request: { verb: 'orphans', what: 'unfinished-uploads', beforeMs: NOW - DAY } },
    ),
    { totals: null },
    [],
  ],
]

for (const [name, plan, facts, expected] of GUARDS)
  test(`${name}: ${expected.length === 0 ? 'may be applied' : expected.join(', ')}`, () => {
    assert.deepEqual(codes(plan, facts, PERSON), expected)
    assert.deepEqual(codes(plan, facts, AT_ONCE), expected)
  })

test('a run that goes on counts what it has let go of as still named, and as still to go', () => {
  const plan = planOf({ avatar: 45_000 }, { avatar: 100_000 })
  const begun = { avatar: { count: 40_000, bytes: 1 } }
  const named = { avatar: 60_000 }
  assert.deepEqual(codes(plan, { begun, named, totals: totalsOf({ avatar: 5_000 }) }, PERSON), [])
  assert.deepEqual(codes(plan, { begun, named, totals: totalsOf({ avatar: 9_501 }) }, PERSON), [
    'world-moved',
  ])
  assert.deepEqual(codes(plan, { begun, named: { avatar: 100_000 }, totals: null }, PERSON), ['world-moved'])
  const orphans = planOf({ avatar: 45_000 }, { avatar: 100_000 }, { request: ORPHANS })
  assert.deepEqual(codes(orphans, { begun, totals: null }, PERSON), [])
})

test('each flag sets its own guard aside, and no other', () => {
  const facts = { localHour: 4, tootctl: ['tootctl media remove'], totals: totalsOf({ avatar: 80_000 }) }
  const plan = planOf({ avatar: 80_000 }, { avatar: 100_000 })
  assert.deepEqual(codes(plan, facts), ['vacuum-hours', 'tootctl-at-work', 'share-refused'])
  assert.deepEqual(codes(plan, facts, withOverrides({ duringVacuum: true })), [
    'tootctl-at-work',
    'share-refused',
  ])
  assert.deepEqual(codes(plan, facts, withOverrides({ besideTootctl: true })), [
    'vacuum-hours',
    'share-refused',
  ])
  assert.deepEqual(codes(plan, facts, withOverrides({ shares: { avatar: 0.8 } })), [
    'vacuum-hours',
    'tootctl-at-work',
  ])
})

const SHARES: readonly (readonly [number, number, readonly string[], readonly string[]])[] = [
  // files, of, at once, a person
  [20_000, 100_000, [], []],
  [20_001, 100_000, ['share-needs-person'], []],
  [50_000, 100_000, ['share-needs-person'], []],
  [50_001, 100_000, ['share-refused'], ['share-refused']],
  [100_000, 100_000, ['share-refused'], ['share-refused']],
  [99, 99, [], []],
  [21, 100, ['share-needs-person'], []],
  [51, 100, ['share-refused'], ['share-refused']],
]

for (const [files, of, atOnce, person] of SHARES)
  test(`${files} of ${of} at once: ${atOnce[0] ?? 'yes'}; after a look: ${person[0] ?? 'yes'}`, () => {
    const plan = planOf({ attachment: files }, { attachment: of })
    assert.deepEqual(codes(plan), atOnce)
    assert.deepEqual(codes(plan, {}, PERSON), person)
  })

test('the share of this moment counts as much as the one in the plan', () => {
  const plan = planOf({ avatar: 1_900 }, { avatar: 10_000 })
  assert.deepEqual(codes(plan), [])
  assert.deepEqual(codes(plan, { totals: totalsOf({ avatar: 2_001 }) }), ['share-needs-person'])
  assert.deepEqual(codes(plan, { named: { avatar: 9_100 } }), ['share-needs-person'])
  const half = planOf({ avatar: 5_100 }, { avatar: 10_000 })
  assert.deepEqual(codes(half, { totals: totalsOf({ avatar: 10 }) }, PERSON), ['share-refused'])
})

test('more orphans than files that are named are all of a kind, whichever number is missing', () => {
  for (const named of [{ card: 10 }, { card: 10, header: 5 }, { header: 500 }] as const) {
    const plan = planOf({ card: 300 }, named, { request: ORPHANS })
    assert.deepEqual(codes(plan, {}, PERSON), ['share-refused'])
    assert.deepEqual(codes(plan, {}, withOverrides({ shares: { card: 0.99 } })), ['share-refused'])
    assert.deepEqual(codes(plan, {}, withOverrides({ shares: { card: 1 } })), [])
  }
})

test('the flag a refusal names is one that sets it aside', () => {
  for (const [files, of] of [
    [57, 100],
    [7_001, 10_000],
    [2_001, 10_000],
    [1, 1],
    [333_333, 500_000],
  ] as const) {
    const plan = planOf({ thumbnail: files * 300 }, { thumbnail: of * 300 })
    const [refusal] = mayApply(plan, factsOf(plan), AT_ONCE)
    const percent = Number(/--allow-share thumbnails=(\d+)$/.exec(refusal?.remedy ?? '')?.[1])
    assert.ok(percent <= 100, refusal?.remedy)
    assert.deepEqual(codes(plan, {}, withOverrides({ shares: { thumbnail: percent / 100 } })), [])
    assert.notDeepEqual(codes(plan, {}, withOverrides({ shares: { thumbnail: (percent - 1) / 100 } })), [])
  }
})

test('kinds that are refused are told together, with the flags of all of them as a plan shows them', () => {
  const plan = planOf(
    { avatar: 8_000, header: 3_000, card: 6_000 },
    { avatar: 10_000, header: 10_000, card: 10_000 },
  )
  const [together, ...others] = mayApply(plan, factsOf(plan), PERSON)
  assert.equal(others.length, 0)
  assert.match(
    together?.what ?? '',
    /takes 8000 avatars where rows name 10000 \(80 %\) and 6000 cards where .* \(60 %\), and above 50 %/,
  )
  assert.match(together?.remedy ?? '', /add --allow-share avatars=80 --allow-share cards=60$/)
  assert.deepEqual(codes(plan), ['share-refused', 'share-needs-person'])
  assert.match(mayApply(plan, factsOf(plan), AT_ONCE)[1]?.remedy ?? '', /or add --allow-share headers=30$/)
})

test('every refusal is a sentence with what to do, and caps end with their own exit', () => {
  const seen = new Set<string>()
  for (const [, plan, facts] of GUARDS)
    for (const refusal of mayApply(plan, factsOf(plan, facts), AT_ONCE)) {
      seen.add(refusal.code)
      assert.ok(!/\.$|undefined|null|NaN/.test(refusal.what), refusal.what)
      assert.ok(!/\.$|undefined|null|NaN/.test(refusal.remedy), refusal.remedy)
      assert.match(refusal.remedy, /^[A-Z]/)
      const capped = ['vacuum-hours', 'tootctl-at-work', 'world-moved'].includes(refusal.code)
      assert.equal(refusal.category === 'capped', capped, refusal.code)
    }
  assert.equal(seen.size, 13)
  const facts = factsOf(SMALL, { localHour: 4, tootctl: ['tootctl media remove'] })
  assert.throws(
    () => refuse(mayApply(SMALL, facts, AT_ONCE)),
    (error) =>
      error instanceof KnownError &&
      error.category === 'capped' &&
      error.code === 'vacuum-hours' &&
      error.message.includes('--during-vacuum. Besides, tootctl is changing media'),
  )
})

/** A number of files between none and a million, small ones as likely as large ones. */
function anyCount(): number {
  return Math.floor(10 ** (Math.random() * 6)) - 1
}

function anyCounts(): Counts {
  const kinds = ALL_KINDS.filter((kind) => !KINDS[kind].protected && Math.random() < 0.6)
  return Object.fromEntries(kinds.map((kind) => [kind, anyCount()]))
}

function anyShares(): Counts {
  return Object.fromEntries(Object.keys(anyCounts()).map((kind) => [kind, Math.random()]))
}

test('whatever the facts: more than half of a kind goes only if the run names the kind and that share', () => {
  let [passed, refusedRuns] = [0, 0]
  for (let round = 0; round < 10_000; round++) {
    const request = Math.random() < 0.5 ? undefined : ORPHANS
    const plan = planOf(anyCounts(), anyCounts(), request === undefined ? {} : { request })
    const facts: Partial<GateFacts> = {
      totals: Math.random() < 0.3 ? plan.totals : totalsOf(anyCounts()),
      named: Math.random() < 0.6 ? plan.named : anyCounts(),
      begun: Math.random() < 0.5 ? null : {},
      localHour: Math.random() * 24,
    }
    const overrides: Overrides = {
      duringVacuum: Math.random() < 0.9,
      besideTootctl: Math.random() < 0.5,
      shares: anyShares(),
    }
    const confirmed = Math.random() < 0.5 ? 'person' : 'at-once'
    const refusals = mayApply(plan, factsOf(plan, facts), { overrides, confirmed })
    if (refusals.length > 0) {
      refusedRuns++
      continue
    }
    passed++
    const named = { ...plan.named, ...facts.named }
    for (const kind of ALL_KINDS)
      for (const [files, of] of [
        [plan.totals.byKind[kind]?.count ?? 0, plan.named[kind] ?? 0],
        [facts.totals?.byKind[kind]?.count ?? 0, named[kind] ?? 0],
      ] as const)
        if (Math.max(files, of) >= 100 && files > of * REFUSE_SHARE)
          assert.ok((overrides.shares[kind] ?? 0) >= Math.min(1, files / of), `${kind}: ${files} of ${of}`)
  }
  assert.ok(passed > 50 && refusedRuns > 1_000, `${passed} passed, ${refusedRuns} refused`)
})

test('whole per cents are never less than the share, and never more than the next', () => {
  for (let of = 1; of <= 300; of++)
    for (let files = 0; files <= of; files++) {
      const percent = percentFor(files / of)
      assert.ok(
        Number.isInteger(percent) && percent / 100 >= files / of && percent - (files / of) * 100 < 1.000001,
      )
    }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plan, PlanDraft } from '../model/plan.ts'
import { hashPlan, isIntact, sealPlan } from './hash-plan.ts'
import { planId } from './plan-id.ts'

const draft: PlanDraft = {
  format: 1,
  id: 'prune-20261121T141952-3fa9',
  instance: 'social.example /srv/media',
  madeAtMs: Date.UTC(2026, 10, 21, 14, 19, 52),
  schemaVersion: '20260601000000',
  request: {
    verb: 'prune',
    policy: {
      preset: 'cornac',
      kinds: ['avatar', 'header'],
      cutoffMs: 1,
      madeAtMs: 2,
      includeFollows: false,
      keepInteracted: true,
      linkOnly: false,
      domain: null,
    },
  },
  totals: {
    rows: 2,
    files: { count: 3, bytes: 1e15 },
    byKind: { avatar: { count: 2, bytes: 5 }, header: { count: 1, bytes: 6 } },
    topDomains: [{ domain: 'ümläut.example', count: 3, bytes: 11 }],
    byAge: [],
  },
  named: { header: 10, avatar: 20 },
  samples: [],
  cost: { requests: { list: 0, copy: 0, remove: 1 }, money: { once: 0.00000012, savedMonthly: 0.1 } },
  caps: [],
}

/** The same value with the keys of every object the other way round. */
function turned<T>(value: T): T {
  if (Array.isArray(value)) return value.map(turned) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, turned(member)]),
  ) as T
}

test('the order of keys and the spelling of numbers do not matter', () => {
  const sealed = sealPlan(draft)
  assert.match(sealed.hash, /^[0-9a-f]{64}$/)
  assert.equal(hashPlan(turned(draft)), sealed.hash)
  assert.ok(isIntact(turned(sealed)))
  const spelled = JSON.stringify(sealed).replace('"count":3', '"count":3.000').replace('1.2e-7', '0.00000012')
  assert.notEqual(spelled, JSON.stringify(sealed))
  assert.ok(isIntact(JSON.parse(spelled) as Plan))
  const negative = { ...draft, named: { avatar: -0 } }
  assert.equal(hashPlan(negative), hashPlan({ ...draft, named: { avatar: 0 } }))
})

/** Every change of one leaf, each in a copy of its own. */
function* changesOf(value: unknown): Generator<unknown> {
  if (typeof value === 'number') yield value + 1
  else if (typeof value === 'string') yield `${value} `
  else if (typeof value === 'boolean') yield !value
  else if (value === null) yield 'something'
  else if (Array.isArray(value)) {
    yield [...(value as unknown[]), 'more']
    for (const [i, item] of value.entries()) for (const change of changesOf(item)) yield value.with(i, change)
  } else {
    yield { ...(value as object), another: 1 }
    for (const [name, member] of Object.entries(value as object)) {
      for (const change of changesOf(member)) yield { ...(value as object), [name]: change }
      yield Object.fromEntries(Object.entries(value as object).filter(([other]) => other !== name))
    }
  }
}

test('a plan of which anything was changed, added or taken away is not intact', () => {
  const sealed = sealPlan(draft)
  assert.ok(isIntact(sealed))
  let changes = 0
  for (const changed of changesOf(sealed)) {
    changes++
    assert.ok(!isIntact(changed as Plan), JSON.stringify(changed))
  }
  assert.ok(changes > 60, `only ${changes}`)
})

test('what JSON would silently turn into something else is refused', () => {
  for (const count of [NaN, Infinity, -Infinity])
    assert.throws(() => sealPlan({ ...draft, named: { avatar: count } }), TypeError)
  assert.throws(() => hashPlan({ ...draft, madeAtMs: 1n as unknown as number }), TypeError)
  assert.ok(!isIntact({ ...sealPlan(draft), named: { avatar: NaN } }))
})

test('a list’s order is part of it, and a name is not confused with what it holds', () => {
  const two = (kinds: readonly ('avatar' | 'header')[]): PlanDraft =>
    draft.request.verb === 'prune'
      ? { ...draft, request: { ...draft.request, policy: { ...draft.request.policy, kinds } } }
      : draft
  assert.notEqual(hashPlan(two(['avatar', 'header'])), hashPlan(two(['header', 'avatar'])))
  assert.notEqual(
    hashPlan({ ...draft, id: 'a","instance":"b' }),
    hashPlan({ ...draft, id: 'a', instance: 'b' }),
  )
})

test('a plan is named after verb and second', () => {
  assert.equal(
    planId('prune', Date.UTC(2026, 10, 21, 14, 19, 52, 321), '3fa9c0ffee123456'),
    'prune-20261121T141952-3fa9',
  )
})

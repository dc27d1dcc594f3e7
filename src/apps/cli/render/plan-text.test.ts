import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plan, PlanDraft } from '../../../core/model/plan.ts'
import { sealPlan } from '../../../core/plan/hash-plan.ts'
import { plainPainter } from './paint.ts'
import { describePlan, listOf, type PlanView } from './plan-text.ts'

const DAY_MS = 86_400_000
const NOW = Date.UTC(2026, 10, 21, 12)

function planOf(change: Partial<PlanDraft>): Plan {
  return sealPlan({
    format: 1,
    id: 'prune-20261121T120000-3fa9',
    instance: 'social.example /srv/media',
    madeAtMs: NOW,
    schemaVersion: '20260101000000',
    request: {
      verb: 'prune',
      policy: {
        preset: 'cornac',
        kinds: ['avatar', 'header'],
        cutoffMs: NOW - 30 * DAY_MS,
        madeAtMs: NOW,
        includeFollows: false,
        keepInteracted: true,
        linkOnly: false,
        domain: null,
      },
    },
    totals: {
      rows: 900,
      files: { count: 1_200, bytes: 2 ** 20 },
      byKind: { avatar: { count: 800, bytes: 2 ** 19 }, header: { count: 400, bytes: 2 ** 19 } },
      topDomains: [{ domain: 'a\u202Eb.example', count: 9, bytes: 900 }],
      byAge: [{ fromDays: 365, toDays: null, count: 1_200, bytes: 2 ** 20 }],
    },
    named: { avatar: 1_000, header: 100_000 },
    samples: [],
    cost: { requests: { list: 0, copy: 0, remove: 3 }, money: null },
    caps: [{ kind: 'avatar', share: 0.8, files: 800, of: 1_000, level: 'refuse' }],
    ...change,
  })
}

function textOf(plan: Plan, change: Partial<PlanView> = {}): string {
  const view = { plan, kept: true, verbose: false, prices: null, obstacles: [], besides: [], ...change }
  return describePlan(view, plainPainter).replaceAll('\u202F', ' ')
}

test('the first line says what would go, and of how much', () => {
  assert.match(
    textOf(planOf({})),
    /^1 200 files \(1\.00 MB\) of 900 rows would go, 1\.2 % of the 101 000 that rows name\.\nAsked for: avatars and headers by the rules of cornac, quiet for 30 d or longer \(since /,
  )
})

test('what a cap refuses stands with the command that is meant to be typed, once', () => {
  const text = textOf(planOf({}))
  assert.match(
    text,
    /\n80 % of all avatars \(800 of 1 000\) would go: that is refused, unless the run names the share\.\n/,
  )
  assert.match(
    text,
    /\nNothing was changed\. If that is meant: cornac apply prune-20261121T120000-3fa9 --allow-share avatars=80\n/,
  )
  assert.equal(text.match(/cornac apply/g)?.length, 1)
})

test('a cap that only wants a person names no option', () => {
  const cap = { kind: 'avatar', share: 0.3, files: 300, of: 1_000, level: 'stop' } as const
  const text = textOf(planOf({ caps: [cap] }))
  assert.match(text, /30 % of all avatars .*: --apply alone stops here, and lets somebody look first\.\n/)
  assert.match(text, /To go on: cornac apply prune-20261121T120000-3fa9\n/)
})

test('a plan that was not kept is not to be applied', () => {
  const text = textOf(planOf({}), { kept: false })
  assert.match(text, /Nothing was changed, and the plan was not kept\.\n/)
  assert.doesNotMatch(text, /cornac apply/)
})

test('a plan that was applied is not said to have changed nothing, and only what is left is to be applied', () => {
  const applied = textOf(planOf({}), { run: 'done' })
  assert.match(applied, /\nIt was applied, see cornac runs run-prune-20261121T120000-3fa9\n$/)
  assert.doesNotMatch(applied, /Nothing was changed|cornac apply|is refused/)
  const stopped = textOf(planOf({}), { run: 'stopped' })
  assert.match(
    stopped,
    /\nIt was applied in part, see .*; to go on: cornac apply \S+ --allow-share avatars=80\n$/,
  )
  assert.doesNotMatch(stopped, /Nothing was changed/)
  const now = textOf(planOf({}), { run: 'now' })
  assert.doesNotMatch(now, /Nothing was changed|cornac apply|taken back|is refused/)
  assert.match(now, /[^\n]\n$/)
})

test('requests and money are told where there are any, and whose prices they are', () => {
  const cost = {
    requests: { list: 1, copy: 1_200, remove: 2 },
    money: { once: 0.006005, savedMonthly: 1.5 },
  }
  const amazon = { requestsPerThousand: 0.005, gbMonth: 0.023, source: 'amazon' } as const
  const text = textOf(planOf({ cost }), { prices: amazon })
  assert.match(
    text,
    /It takes about 1 203 requests to storage: 1 to list, 1 200 to copy and 2 to remove\.\nThat costs less than \$0\.01, and saves about \$1\.50 a month, by the prices that Amazon publishes for S3 Standard\.\n/,
  )
  const removal = { requests: { list: 0, copy: 0, remove: 1 }, money: null }
  assert.match(textOf(planOf({ cost: removal })), /It takes about 1 request to storage\.\n/)
  const own = { ...amazon, source: 'settings' } as const
  assert.match(textOf(planOf({ cost }), { prices: own }), /saves about \$1\.50 a month\.\n/)
  const none = { requests: { list: 0, copy: 0, remove: 0 }, money: null }
  assert.doesNotMatch(textOf(planOf({ cost: none })), /request|cost/)
})

test('what stands in the way at this moment is told with its remedy', () => {
  const obstacle = { code: 'x', what: 'the moon is full', remedy: 'Wait', category: 'capped' } as const
  assert.match(textOf(planOf({}), { obstacles: [obstacle] }), /would be refused: the moon is full\. Wait\.\n/)
})

test('a domain that would turn the text around is shown without what does so', () => {
  assert.match(textOf(planOf({})), /\na b\.example +9 +900 B\n/)
})

test('an empty plan is one sentence and what was asked for', () => {
  const totals = { rows: 0, files: { count: 0, bytes: 0 }, byKind: {}, topDomains: [], byAge: [] }
  const text = textOf(planOf({ totals, caps: [] }))
  assert.match(
    text,
    /^Nothing would go: the rules keep all of the 101 000 files that rows name\.\nAsked for: .*\n$/,
  )
  const of = (named: Plan['named']): string => textOf(planOf({ totals, named, caps: [] }))
  assert.match(of({ avatar: 1 }), /^Nothing would go: the rules keep the only file that rows name\.\n/)
  assert.match(of({ avatar: 0 }), /^Nothing would go: no row names a file of these kinds\.\n/)
})

test('a list reads like a sentence', () => {
  assert.deepEqual(
    [listOf([]), listOf(['a']), listOf(['a', 'b']), listOf(['a', 'b', 'c'])],
    ['', 'a', 'a and b', 'a, b and c'],
  )
})

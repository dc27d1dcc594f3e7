import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApplyBudget } from './apply-request.ts'
import { Budgets } from './budgets.ts'

const NONE: ApplyBudget = { maxFiles: null, maxBytes: null, maxDurationMs: null, requestsPerSecond: null }
const sizeOf = ({ files, bytes }: { files: number; bytes: number }) => ({ files, bytes })

function open(
  budget: Partial<ApplyBudget>,
  world: {
    hour?: number
    duringVacuum?: boolean
    interrupted?: AbortSignal
    requestsMade?: () => number
  } = {},
) {
  const clock = {
    nowMs: 0,
    slept: 0,
    now: () => clock.nowMs,
    async sleep(ms: number) {
      clock.slept += ms
      clock.nowMs += ms
    },
  }
  const otherWork = { localHour: () => world.hour ?? 12 }
  const budgets = new Budgets(
    { ...NONE, ...budget },
    { clock, otherWork },
    { duringVacuum: world.duringVacuum ?? false, interrupted: world.interrupted, ...world },
  )
  return { budgets, clock }
}

test('without limits nothing is cut and nothing ends', () => {
  const { budgets } = open({})
  const items = Array.from({ length: 10 }, () => ({ files: 2, bytes: 1e12 }))
  assert.equal(budgets.take(items, sizeOf), items)
  assert.equal(budgets.end(), null)
})

test('a batch is cut where the next item would be one file too many, and what was left alone is given back', () => {
  const { budgets } = open({ maxFiles: 5 })
  const items = Array.from({ length: 4 }, () => ({ files: 2, bytes: 1 }))
  assert.equal(budgets.take(items, sizeOf).length, 2)
  assert.equal(budgets.end(), null)
  assert.deepEqual(budgets.take([{ files: 1, bytes: 1 }], sizeOf).length, 1)
  assert.equal(budgets.end(), 'files')
  budgets.giveBack(1, 1)
  assert.equal(budgets.end(), null)
})

test('bytes end a run once they are reached; the item that reaches them is whole', () => {
  const { budgets } = open({ maxBytes: 100 })
  const items = Array.from({ length: 5 }, () => ({ files: 1, bytes: 60 }))
  assert.equal(budgets.take(items, sizeOf).length, 2)
  assert.equal(budgets.end(), 'bytes')
})

test('what is left says why: too much at all, too much for now, or the bytes', () => {
  const { budgets } = open({ maxFiles: 2 })
  assert.deepEqual([budgets.endBefore(3), budgets.endBefore(2)], ['row', 'files'])
  budgets.take([{ files: 2, bytes: 0 }], sizeOf)
  assert.equal(budgets.endBefore(3), 'files')
  assert.equal(open({ maxBytes: 1 }).budgets.endBefore(3), 'bytes')
})

test('time, a person and the hours of the vacuum end it too', () => {
  const timed = open({ maxDurationMs: 1000 })
  timed.clock.nowMs = 999
  assert.equal(timed.budgets.end(), null)
  timed.clock.nowMs = 1000
  assert.equal(timed.budgets.end(), 'duration')
  assert.equal(open({}, { interrupted: AbortSignal.abort() }).budgets.end(), 'interrupted')
  assert.equal(open({}, { hour: 4 }).budgets.end(), 'vacuum')
  assert.equal(open({}, { hour: 4, duringVacuum: true }).budgets.end(), null)
})

test('requests keep their distance however they are bundled', async () => {
  const { budgets, clock } = open({ requestsPerSecond: 10 })
  await budgets.pace(5, {})
  assert.equal(clock.slept, 0)
  await budgets.pace(1, {})
  assert.equal(clock.slept, 500)
  await budgets.pace(1, {})
  assert.equal(clock.slept, 600)
  await budgets.pace(0, {})
  assert.equal(clock.slept, 600)
})

test('requests that nobody foresaw are waited for as well', async () => {
  let made = 7
  const { budgets, clock } = open({ requestsPerSecond: 10 }, { requestsMade: () => made })
  await budgets.pace(1, {})
  made += 1_000
  await budgets.pace(1, {})
  assert.equal(clock.slept, 100_000)
  made += 1
  await budgets.pace(1, {})
  assert.equal(clock.slept, 100_100)
})

test('a clock that is set back neither lengthens a run nor holds it up', async () => {
  const { budgets, clock } = open({ requestsPerSecond: 10, maxDurationMs: 10_000 })
  clock.nowMs = 5_000
  await budgets.pace(5, {})
  clock.nowMs -= 3_600_000
  await budgets.pace(1, {})
  assert.equal(clock.slept, 500)
  assert.equal(budgets.end(), null)
  clock.nowMs += 5_000
  assert.equal(budgets.end(), 'duration')
})

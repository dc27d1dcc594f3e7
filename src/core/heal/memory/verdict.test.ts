import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FAIL_REASONS, type FailReason } from '../../model/heal-outcome.ts'
import { hostRestMs, LONGEST_RETRY_AFTER_MS, nextTryMs } from './verdict.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const reasons = Object.keys(FAIL_REASONS) as FailReason[]

test('what is gone waits for weeks, what may pass for an hour', () => {
  assert.equal(nextTryMs('gone', 1, null, 0, 0.5), 30 * DAY)
  assert.equal(nextTryMs('unavailable', 1, null, 0, 0.5), HOUR)
})

test('each failure in a row doubles the wait, up to the limit of its reason', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 50].map((tries) => nextTryMs('timeout', tries, null, 0, 0.5) / HOUR),
    [1, 2, 4, 8, 72],
  )
})

test('the pause an origin asks for is kept, but for no longer than a week', () => {
  assert.equal(nextTryMs('unavailable', 1, 5 * HOUR, 1000, 0.5), 1000 + 5 * HOUR)
  assert.equal(nextTryMs('unavailable', 1, 1e15, 0, 0.5), LONGEST_RETRY_AFTER_MS)
})

test('the next try is always later than now, whatever chance, tries and origins say', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...reasons),
      fc.integer({ min: 1, max: 1e9 }),
      fc.option(fc.double({ min: -1e12, max: 1e18, noNaN: true })),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (reason, tries, retryAfterMs, chance) => {
        const next = nextTryMs(reason, tries, retryAfterMs, 1e12, chance)
        assert.ok(next > 1e12 + HOUR / 2 && next < 1e12 + 500 * DAY, String(next))
      },
    ),
  )
})

test('a host nobody can connect to is left in peace after its third failure in a row', () => {
  assert.equal(hostRestMs('unreachable', true, 2, null, 0, 0.5), null)
  assert.equal(hostRestMs('unreachable', true, 3, null, 0, 0.5), 2 * HOUR)
  assert.equal(hostRestMs('unreachable', true, 4, null, 0, 0.5), 4 * HOUR)
})

test('a host that answers badly is given ten chances, unless it asks for a pause', () => {
  assert.equal(hostRestMs('timeout', false, 9, null, 0, 0.5), null)
  assert.equal(hostRestMs('timeout', false, 10, null, 0, 0.5), HOUR)
  assert.equal(hostRestMs('unavailable', false, 1, HOUR, 0, 0.5), HOUR)
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { retryAfterMs } from './retry-after.ts'

const NOW = Date.UTC(2025, 10, 21, 12, 0, 0)

it('a pause in seconds becomes milliseconds', () => {
  assert.equal(retryAfterMs('120', NOW), 120_000)
  assert.equal(retryAfterMs(' 0 ', NOW), 0)
})

it('a date counts from now, in each of the three forms HTTP knows, and a past one is no pause', () => {
  assert.equal(retryAfterMs('Fri, 21 Nov 2025 12:05:00 GMT', NOW), 300_000)
  assert.equal(retryAfterMs('Friday, 21-Nov-25 12:05:00 GMT', NOW), 300_000)
  assert.equal(retryAfterMs('Fri Nov 21 12:05:00 2025 GMT', NOW), 300_000)
  assert.equal(retryAfterMs('Fri, 21 Nov 2025 11:00:00 GMT', NOW), 0)
})

it('anything else says nothing', () => {
  for (const header of [
    undefined,
    '',
    'soon',
    '-5',
    '1.5',
    '1e3',
    '9999999999999999',
    '2025-11-22',
    'Fri, never',
  ]) {
    assert.equal(retryAfterMs(header, NOW), null, header)
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDuration, parseSize } from './quantities.ts'

test('durations carry a unit and may be composed', () => {
  assert.equal(parseDuration('24h'), 86_400_000)
  assert.equal(parseDuration('1h30m'), 5_400_000)
  assert.equal(parseDuration('1h 30m'), 5_400_000)
  assert.equal(parseDuration('1.5d'), 129_600_000)
  assert.equal(parseDuration('500ms'), 500)
  assert.equal(parseDuration('2w'), 1_209_600_000)
})

test('a text that is no duration gives none', () => {
  for (const text of ['', '24', 'h', '1y', '-1h', '1h,', '1e3s', `${'9'.repeat(400)}d`]) {
    assert.equal(parseDuration(text), undefined, text)
  }
})

test('sizes count in steps of 1024 however the unit is spelt', () => {
  for (const text of ['8MB', '8 MB', '8M', '8MiB', '8m', '8mb'])
    assert.equal(parseSize(text), 8_388_608, text)
  assert.equal(parseSize('1.5G'), 1_610_612_736)
  assert.equal(parseSize('500'), 500)
  assert.equal(parseSize('500B'), 500)
})

test('a text that is no size gives none', () => {
  for (const text of ['', 'MB', '-1MB', '8XB', '8 M B', '9999999P'])
    assert.equal(parseSize(text), undefined, text)
})

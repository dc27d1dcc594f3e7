import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareKeys } from './key-order.ts'

test('keys compare as their UTF-8 bytes do, astral characters after U+FFFD', () => {
  const unit = fc.oneof(
    fc.constantFrom('/', '-', '.', '0', 'a', 'é', '\uD7FF', '\uE000', '\uFFFD', '\u{10000}', '\u{10FFFF}'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((c) => c.isWellFormed()),
  )
  const keys = fc.array(unit, { maxLength: 8 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(keys, keys, (a, b) => {
      assert.equal(Math.sign(compareKeys(a, b)), Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))))
    }),
    { numRuns: 5_000 },
  )
  assert.ok('\uFFFD' > '\u{10000}', 'JavaScript orders these the other way round')
  assert.ok(compareKeys('\uFFFD', '\u{10000}') < 0)
})

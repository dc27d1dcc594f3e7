import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { idPosition, idRangesOf, LAST_POSITION, positionFolders } from './id-position.ts'
import { compareKeys } from './key-order.ts'
import { idPartition } from './storage-key.ts'

const ids = fc.oneof(
  fc.bigInt({ min: 0n, max: 999_999_999n }),
  fc.integer({ min: 9, max: 18 }).chain((digits) =>
    fc.bigInt({
      min: 10n ** BigInt(digits),
      max: digits === 18 ? 2n ** 63n - 1n : 10n ** BigInt(digits + 1) - 1n,
    }),
  ),
  fc.bigInt({ min: -99_999_999n, max: -1n }),
)
const positions = fc.integer({ min: 0, max: LAST_POSITION })

test('an id is in the ranges of a span of positions exactly if its own position is in the span', () => {
  fc.assert(
    fc.property(ids, positions, positions, fc.boolean(), (id, a, b, near) => {
      const own = idPosition(id.toString())
      const [from, to] = near
        ? [Math.max(0, own - (a % 3)), Math.min(LAST_POSITION, own + (b % 3))]
        : [Math.min(a, b), Math.max(a, b)]
      const inside = idRangesOf(from, to).some((range) => range.from <= id && id <= range.to)
      assert.equal(inside, from <= own && own <= to, `${id} at ${own} in ${from}..${to}`)
    }),
    { numRuns: 5_000 },
  )
})

test('folders sort by position, and every folder lies strictly after its own boundary and before the next', () => {
  fc.assert(
    fc.property(ids, (id) => {
      const folder = `${idPartition(id.toString())}/original/x`
      const position = idPosition(id.toString())
      assert.ok(compareKeys(positionFolders(position), folder) < 0)
      if (position < LAST_POSITION) assert.ok(compareKeys(folder, positionFolders(position + 1)) < 0)
    }),
    { numRuns: 3_000 },
  )
})

test('within one range, folders never sort backwards while ids ascend (negative ids: while they descend)', () => {
  fc.assert(
    fc.property(ids, ids, (a, b) => {
      for (const { from, to } of idRangesOf(0, LAST_POSITION)) {
        if (a < from || a > to || b < from || b > to) continue
        const [low, high] = a < b === a >= 0n ? [a, b] : [b, a]
        assert.ok(compareKeys(idPartition(low.toString()), idPartition(high.toString())) <= 0)
      }
    }),
    { numRuns: 5_000 },
  )
})

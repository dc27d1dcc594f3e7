import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SeenCandidate } from '../../core/model/prune-candidate.ts'
import { stripeRows } from './stripe-rows.ts'

/** As many rows as blocks are told, in their order; the block of each. */
function rowsIn(blocks: readonly number[]): readonly SeenCandidate[] {
  return blocks.map(
    (block, id) => ({ id: String(id), version: { ctid: `(${block},1)`, xmin: '7' } }) as SeenCandidate,
  )
}

function blocksOf(rows: readonly SeenCandidate[]): readonly string[] {
  return rows.map(({ version }) => version.ctid)
}

test('every row is in exactly one part, and no part has two rows of a block, where blocks are full', () => {
  for (const perBlock of [2, 5, 13]) {
    const rows = rowsIn(Array.from({ length: 6_500 }, (_, at) => Math.floor(at / perBlock)))
    const parts = stripeRows(rows)
    assert.equal(parts.length, perBlock)
    assert.deepEqual(new Set(parts.flat()), new Set(rows))
    assert.equal(parts.flat().length, rows.length)
    for (const part of parts) {
      assert.equal(new Set(blocksOf(part)).size, part.length)
      assert.deepEqual(
        part.map(({ id }) => Number(id)),
        part.map(({ id }) => Number(id)).toSorted((a, b) => a - b),
      )
    }
  }
})

test('blocks of many small rows take no more parts than are worth a transaction', () => {
  const rows = rowsIn(Array.from({ length: 6_000 }, (_, at) => Math.floor(at / 60)))
  assert.equal(stripeRows(rows).length, 15)
  assert.equal(stripeRows(rows.slice(0, 900)).length, 2)
})

test('rows that lie alone, and few rows, go together', () => {
  const alone = rowsIn(Array.from({ length: 5_000 }, (_, at) => at))
  assert.deepEqual(stripeRows(alone), [alone])
  // One in ten blocks has two of them.
  const scattered = rowsIn(
    Array.from({ length: 5_000 }, (_, at) => (at % 10 === 0 ? Math.max(0, at - 1) : at)),
  )
  assert.equal(stripeRows(scattered).length, 1)
  const few = rowsIn(Array.from({ length: 300 }, () => 1))
  assert.deepEqual(stripeRows(few), [few])
  assert.deepEqual(stripeRows([]), [])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { believeScan } from './believe-scan.ts'
import { KnownError } from './errors.ts'
import type { ShardTotals } from './model/shard.ts'
import { emptyTotals } from './reconcile/shard-tally.ts'

function totals(parts: Partial<ShardTotals>): ShardTotals {
  return { ...emptyTotals(), ...parts }
}

const some = (count: number): { count: number; bytes: number } => ({ count, bytes: 0 })

function refusal(parts: Partial<ShardTotals>): string {
  try {
    believeScan(totals(parts))
    return 'believed'
  } catch (error) {
    assert.ok(error instanceof KnownError)
    return error.code
  }
}

test('an empty server is believed; storage without files or rows without names are not', () => {
  assert.equal(refusal({}), 'believed')
  assert.equal(refusal({ objects: 5, named: 5 }), 'believed')
  assert.equal(refusal({ objects: 0, named: 1 }), 'storage-empty')
  assert.equal(refusal({ objects: 1, named: 0 }), 'nothing-named')
})

test('a kind of which half is missing is believed, and one of which more is missing is not', () => {
  const kind = (missing: number, remote: number, local: number): Partial<ShardTotals> => ({
    objects: 1_000_000,
    named: 1_000_000,
    measured: { 'avatar/remote': some(remote), 'avatar/local': some(local), 'card/remote': some(500_000) },
    findings: { 'avatar/missing': some(missing), 'avatar/orphan': some(5_000), 'header/pruned': some(9_000) },
  })
  assert.equal(refusal(kind(50, 30, 20)), 'believed')
  assert.equal(refusal(kind(51, 30, 20)), 'storage-mismatch')
  assert.equal(refusal(kind(90, 5, 4)), 'believed', 'few files say nothing')
  assert.equal(refusal(kind(100, 0, 0)), 'storage-mismatch')
})

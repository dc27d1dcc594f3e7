import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBatchSize } from './batch-size.ts'

test('every time-out halves the batch, down to fifty', () => {
  const size = createBatchSize(1000)
  const seen = [size.now()]
  while (size.tookTooLong(size.now())) seen.push(size.now())
  assert.deepEqual(seen, [1000, 500, 250, 125, 62, 50])
  assert.equal(size.now(), 50)
})

test('a short batch that took too long is halved itself', () => {
  const size = createBatchSize(1000)
  assert.equal(size.tookTooLong(120), true)
  assert.equal(size.now(), 60)
})

test('a batch the admin made small stays as it is', () => {
  const size = createBatchSize(20)
  assert.equal(size.tookTooLong(20), false)
  assert.equal(size.now(), 20)
})

test('only whole batches answered in time, ten in a row, make it grow, by a tenth and never beyond the largest', () => {
  const size = createBatchSize(1000)
  size.tookTooLong(1000)
  for (let i = 0; i < 9; i++) size.answered(500)
  for (let i = 0; i < 9; i++) size.answered(100)
  assert.equal(size.now(), 500)
  size.answered(500)
  assert.equal(size.now(), 550)
  for (let i = 0; i < 9; i++) size.answered(550)
  size.tookTooLong(550)
  size.answered(275)
  assert.equal(size.now(), 275)
  for (let i = 0; i < 1000; i++) size.answered(size.now())
  assert.equal(size.now(), 1000)
})

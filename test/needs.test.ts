import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from './needs.ts'

const noSwift = (server: string): string | undefined =>
  server === 'swift' ? 'Swift is not installed.' : undefined

test('a test whose servers are all there runs', () => {
  assert.deepEqual(decide(['redis', 'postgres'], noSwift, true), { skip: false })
})

test('a missing server skips at home, naming the server and the remedy', () => {
  assert.deepEqual(decide(['redis', 'swift'], noSwift, false), {
    skip: 'needs swift: Swift is not installed.',
  })
})

test('a missing server fails in continuous integration', () => {
  assert.throws(
    () => decide(['redis', 'swift'], noSwift, true),
    /needs swift, and CI is set\. Swift is not installed/,
  )
})

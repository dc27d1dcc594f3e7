import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SourceDisagreement } from '../errors.ts'
import { compareKeys } from '../model/key-order.ts'
import type { Listed } from '../model/object.ts'
import type { ClaimedKey } from '../model/storage-key.ts'
import { mergeJoin, type JoinVisitor } from './merge-join.ts'
import { mergeRuns } from './merge-runs.ts'

function claim(key: string): ClaimedKey {
  return { key, style: 'original', record: { id: key } as ClaimedKey['record'] }
}

function object(key: string): Listed {
  return { key, bytes: 1, modifiedAtMs: 0, access: 'open' }
}

async function* batches<T>(items: readonly T[], size: number): AsyncGenerator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size)
}

async function join(claims: readonly ClaimedKey[], listed: readonly Listed[], size = 2): Promise<string[]> {
  const seen: string[] = []
  const visitor: JoinVisitor = {
    both: ({ key }) => void seen.push(`both ${key}`),
    claimOnly: ({ key }) => void seen.push(`claim ${key}`),
    claimUnlisted: ({ key }, part) => void seen.push(`unlisted ${key} in ${part.unlisted}`),
    objectOnly: ({ key }) => void seen.push(`object ${key}`),
    unlisted: (part, n) => void seen.push(`part ${part.unlisted} ${n}`),
    settle: async () => {},
  }
  await mergeJoin(batches(claims, size), batches(listed, size), visitor)
  return seen
}

test('rows and objects meet by key, whatever the page sizes', async () => {
  const keys = fc.uniqueArray(fc.stringMatching(/^[a-c/\uFFFD\u{10000}]{1,5}$/u), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(keys, keys, fc.integer({ min: 1, max: 7 }), async (left, right, size) => {
      const sort = (list: string[]): string[] => [...list].sort(compareKeys)
      const seen = await join(sort(left).map(claim), sort(right).map(object), size)
      const expected = sort([...new Set([...left, ...right])]).map((key) =>
        left.includes(key) ? (right.includes(key) ? `both ${key}` : `claim ${key}`) : `object ${key}`,
      )
      assert.deepEqual(seen, expected)
    }),
    { numRuns: 500 },
  )
})

test('two rows that claim one key both meet its object', async () => {
  assert.deepEqual(await join([claim('a'), claim('a'), claim('b')], [object('a')]), [
    'both a',
    'both a',
    'claim b',
  ])
})

test('claims in a part that could not be listed are never called missing', async () => {
  assert.deepEqual(
    await join(
      [claim('a/1'), claim('b/1'), claim('b/2'), claim('c/1')],
      [object('a/1'), { unlisted: 'b/', reason: 'permission denied' }, object('c/1')],
    ),
    ['both a/1', 'unlisted b/1 in b/', 'unlisted b/2 in b/', 'both c/1', 'part b/ 2'],
  )
  assert.deepEqual(await join([], [{ unlisted: 'b/', reason: 'x' }]), ['part b/ 0'])
})

test('an unlisted part that begins before the shard covers its claims too', async () => {
  assert.deepEqual(await join([claim('cache/x/1')], [{ unlisted: 'cache/', reason: 'x' }]), [
    'unlisted cache/x/1 in cache/',
    'part cache/ 1',
  ])
})

test('a wrong order in the listing ends the join without another finding', async () => {
  await assert.rejects(join([], [object('b'), object('a')]), SourceDisagreement)
  await assert.rejects(join([claim('z')], [object('b'), object('b')]), SourceDisagreement)
})

test('a wrong order among the records ends the join', async () => {
  await assert.rejects(join([claim('b'), claim('a')], [object('c')]), SourceDisagreement)
})

test('sorted runs merge into one sorted stream; a run that is not sorted is an error', async () => {
  const runs = fc.array(fc.array(fc.stringMatching(/^[a-d]{1,3}$/), { maxLength: 20 }), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(runs, fc.integer({ min: 1, max: 5 }), async (lists, size) => {
      const sorted = lists.map((list) => [...list].sort(compareKeys))
      const merged: string[] = []
      for await (const batch of mergeRuns(
        sorted.map((list) => batches(list, size)),
        (key) => key,
        compareKeys,
      ))
        merged.push(...batch)
      assert.deepEqual(merged, sorted.flat().sort(compareKeys))
    }),
    { numRuns: 500 },
  )
  await assert.rejects(async () => {
    for await (const _ of mergeRuns([batches(['b', 'a'], 5), batches(['c'], 1)], (key) => key, compareKeys));
  }, SourceDisagreement)
})

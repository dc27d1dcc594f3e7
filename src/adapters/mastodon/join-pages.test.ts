import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SeenCandidate } from '../../core/model/prune-candidate.ts'
import type { PrunePage } from '../../core/ports/prune.ts'
import { joinPages } from './join-pages.ts'

type Table = SeenCandidate['table']

async function* pagesOf(sizes: readonly (readonly [Table, number])[]): AsyncGenerator<PrunePage> {
  for (const [at, [table, size]] of sizes.entries())
    yield {
      candidates: Array.from({ length: size }, (_, n) => ({ table, id: `${at}.${n}` }) as SeenCandidate),
      position: `${table} ${at}`,
    }
}

async function joined(sizes: readonly (readonly [Table, number])[], least: number): Promise<string[]> {
  const told: string[] = []
  for await (const { candidates, position } of joinPages(pagesOf(sizes), least)) {
    assert.equal(new Set(candidates.map(({ table }) => table)).size, 1)
    told.push(`${candidates[0]?.id}-${candidates.at(-1)?.id} x${candidates.length} ${position}`)
  }
  return told
}

test('small pages become large ones, in order, and the last is as large as what is left', async () => {
  const pages = Array.from({ length: 7 }, () => ['accounts', 3] as const)
  assert.deepEqual(await joined(pages, 8), [
    '0.0-2.2 x9 accounts 2',
    '3.0-5.2 x9 accounts 5',
    '6.0-6.2 x3 accounts 6',
  ])
})

test('a page never holds rows of two tables, and what was read of the next is not passed', async () => {
  const pages = [
    ['accounts', 2],
    ['preview_cards', 0],
    ['preview_cards', 1],
  ] as const
  assert.deepEqual(await joined(pages, 8), ['0.0-0.1 x2 preview_cards 1', '2.0-2.0 x1 preview_cards 2'])
})

test('empty pages are not told, and many of them do not keep what was found', async () => {
  assert.deepEqual(
    await joined(
      Array.from({ length: 30 }, () => ['accounts', 0] as const),
      8,
    ),
    [],
  )
  const few = [['accounts', 1] as const, ...Array.from({ length: 30 }, () => ['accounts', 0] as const)]
  assert.deepEqual(await joined(few, 8), ['0.0-0.0 x1 accounts 19'])
})

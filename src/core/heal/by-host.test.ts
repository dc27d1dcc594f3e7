import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { byHost } from './by-host.ts'

interface Item {
  readonly host: string
  readonly ms: number
}

async function* pagesOf<T>(...pages: readonly (readonly T[])[]): AsyncGenerator<readonly T[]> {
  yield* pages
}

async function play(
  items: readonly Item[],
  limits: { concurrency: number; perHost: number; window: number },
): Promise<{ peak: number; peakOf: Map<string, number>; done: Item[] }> {
  let [under, peak] = [0, 0]
  const underOf = new Map<string, number>()
  const peakOf = new Map<string, number>()
  const done: Item[] = []
  await byHost(pagesOf(items), { ...limits, hostOf: ({ host }) => host }, async (item) => {
    peak = Math.max(peak, ++under)
    underOf.set(item.host, (underOf.get(item.host) ?? 0) + 1)
    peakOf.set(item.host, Math.max(peakOf.get(item.host) ?? 0, underOf.get(item.host) ?? 0))
    await sleep(item.ms)
    under--
    underOf.set(item.host, (underOf.get(item.host) ?? 0) - 1)
    done.push(item)
  })
  return { peak, peakOf, done }
}

test('every item is worked on once, within both limits', async () => {
  const items = Array.from({ length: 300 }, (_, i) => ({ host: `h${i % 7}`, ms: i % 5 }))
  const { peak, peakOf, done } = await play(items, { concurrency: 8, perHost: 2, window: 50 })
  assert.equal(done.length, 300)
  assert.equal(new Set(done).size, 300)
  assert.equal(peak, 8)
  assert.ok([...peakOf.values()].every((most) => most <= 2))
})

test('a slow host does not hold up the others', async () => {
  const slow = Array.from({ length: 20 }, () => ({ host: 'slow', ms: 50 }))
  const quick = Array.from({ length: 40 }, (_, i) => ({ host: `q${i}`, ms: 1 }))
  const { done } = await play([...slow, ...quick], { concurrency: 4, perHost: 2, window: 100 })
  const lastQuick = done.findLastIndex(({ host }) => host !== 'slow')
  assert.ok(lastQuick < 45, `the last quick one came ${lastQuick}th`)
})

test('items without a host are bounded by the concurrency alone', async () => {
  const items = Array.from({ length: 30 }, () => ({ host: '', ms: 3 }))
  const { peak } = await play(items, { concurrency: 6, perHost: 1, window: 10 })
  assert.equal(peak, 6)
})

test('no more than the window is taken from the stream ahead of the work', async () => {
  let taken = 0
  let finished = 0
  let ahead = 0
  async function* source(): AsyncGenerator<readonly number[]> {
    for (let i = 0; i < 200; i++) {
      taken++
      yield [i]
    }
  }
  await byHost(source(), { concurrency: 2, perHost: 2, window: 10, hostOf: () => 'one' }, async () => {
    ahead = Math.max(ahead, taken - finished)
    await sleep(1)
    finished++
  })
  assert.equal(finished, 200)
  assert.ok(ahead <= 14, `${ahead} were taken ahead`)
})

test('the first error stops the taking, lets the others finish, and is thrown', async () => {
  let finished = 0
  const work = byHost(
    pagesOf(Array.from({ length: 100 }, (_, i) => i)),
    { concurrency: 4, perHost: 4, window: 10, hostOf: (i) => String(i % 4) },
    async (i) => {
      if (i === 5) throw new Error('the fifth')
      await sleep(5)
      finished++
    },
  )
  await assert.rejects(work, /the fifth/)
  const then = finished
  await sleep(20)
  assert.equal(finished, then, 'nothing goes on afterwards')
  assert.ok(finished < 20)
})

test('aborting waits for what is under way and throws the reason', async () => {
  const stop = new AbortController()
  let [begun, finished] = [0, 0]
  const work = byHost(
    pagesOf(Array.from({ length: 100 }, (_, i) => i)),
    { concurrency: 4, perHost: 4, window: 1000, hostOf: (i) => String(i) },
    async () => {
      if (++begun === 6) stop.abort(new Error('enough'))
      await sleep(5)
      finished++
    },
    stop.signal,
  )
  await assert.rejects(work, /enough/)
  assert.equal(finished, begun)
  assert.ok(begun <= 8)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joinCalls } from './join-calls.ts'

/** Batches as they arrive, each answered when the test says so. */
function stage(most: number) {
  const batches: {
    readonly calls: readonly number[]
    readonly done: PromiseWithResolvers<readonly string[]>
  }[] = []
  const call = joinCalls<number, string>(most, (calls) => {
    const done = Promise.withResolvers<readonly string[]>()
    batches.push({ calls, done })
    return done.promise
  })
  return { batches, call }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('calls of one moment go together, and each gets its own answer', async () => {
  const { batches, call } = stage(10)
  const answers = Promise.all([call(1), call(2), call(3)])
  await turn()
  assert.deepEqual(
    batches.map(({ calls }) => calls),
    [[1, 2, 3]],
  )
  batches[0]!.done.resolve(['one', 'two', 'three'])
  assert.deepEqual(await answers, ['one', 'two', 'three'])
})

test('while one statement is under way the next calls gather; never two statements at once', async () => {
  const { batches, call } = stage(10)
  const first = call(1)
  await turn()
  const later = [call(2), call(3)]
  await turn()
  const last = call(4)
  await turn()
  assert.equal(batches.length, 1)
  batches[0]!.done.resolve(['one'])
  assert.equal(await first, 'one')
  await turn()
  assert.deepEqual(
    batches.map(({ calls }) => calls),
    [[1], [2, 3, 4]],
  )
  batches[1]!.done.resolve(['two', 'three', 'four'])
  assert.deepEqual(await Promise.all([...later, last]), ['two', 'three', 'four'])
})

test('a batch is bounded; the rest follows in order', async () => {
  const sizes: number[] = []
  const call = joinCalls<number, number>(100, async (calls) => {
    sizes.push(calls.length)
    return calls.map((n) => n * 2)
  })
  const numbers = Array.from({ length: 250 }, (_, i) => i)
  assert.deepEqual(
    await Promise.all(numbers.map((n) => call(n))),
    numbers.map((n) => n * 2),
  )
  assert.deepEqual(sizes, [100, 100, 50])
})

test('an error reaches every call of its batch and no other, and work goes on', async () => {
  const { batches, call } = stage(2)
  const answers = Promise.allSettled([call(1), call(2), call(3)])
  await turn()
  batches[0]!.done.reject(new Error('the disk is full'))
  await turn()
  batches[1]!.done.resolve(['three'])
  assert.deepEqual(
    (await answers).map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason))),
    ['Error: the disk is full', 'Error: the disk is full', 'three'],
  )
  const again = call(4)
  await turn()
  batches[2]!.done.resolve(['four'])
  assert.equal(await again, 'four')
})

test('work that throws at once is an error like any other', async () => {
  const call = joinCalls<number, string>(10, () => {
    throw new Error('no')
  })
  await assert.rejects(call(1), /no/)
  await assert.rejects(call(2), /no/)
})

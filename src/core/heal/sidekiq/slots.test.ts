import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Slots } from './slots.ts'

test('places go to whoever waits longest, never more than there are, and freeing one twice frees one', async () => {
  const slots = new Slots(2)
  const order: number[] = []
  const first = await slots.take()
  await slots.take()
  const later = [1, 2, 3].map((n) => slots.take().then((free) => (order.push(n), free)))
  await Promise.resolve()
  assert.deepEqual(order, [])
  first()
  first()
  await later[0]
  assert.deepEqual(order, [1])
  ;(await (later[0] as Promise<() => void>))()
  await later[1]
  assert.deepEqual(order, [1, 2])
})

test('who is aborted while waiting leaves the line, and nobody’s place with it', async () => {
  const slots = new Slots(1)
  const free = await slots.take()
  const stop = new AbortController()
  const aborted = slots.take(stop.signal)
  const patient = slots.take()
  stop.abort(new Error('enough'))
  await assert.rejects(aborted, /enough/)
  free()
  ;(await patient)()
  await slots.take()
  await assert.rejects(slots.take(stop.signal), /enough/)
})

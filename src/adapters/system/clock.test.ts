import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { systemClock } from './clock.ts'

test('the clock tells milliseconds since the epoch', () => {
  assert.ok(Math.abs(systemClock.now() - Date.now()) < 1000)
})

test('a sleep lasts as long as it was asked to, and no time at all if that is negative', async () => {
  const before = performance.now()
  await systemClock.sleep(-5)
  await systemClock.sleep(30)
  assert.ok(performance.now() - before >= 29)
})

test('an abort ends a sleep at once, with the signal’s own reason and no listener left', async () => {
  const controller = new AbortController()
  const reason = new Error('lost the lease')
  const before = performance.now()
  const sleep = systemClock.sleep(60_000, controller.signal)
  controller.abort(reason)
  await assert.rejects(sleep, reason)
  await assert.rejects(systemClock.sleep(60_000, controller.signal), reason)
  assert.ok(performance.now() - before < 5000)
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
})

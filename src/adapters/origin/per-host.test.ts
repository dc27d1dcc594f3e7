import assert from 'node:assert/strict'
import { setImmediate as tick } from 'node:timers/promises'
import { it } from 'node:test'
import { openTurns } from './per-host.ts'

it('never gives out more turns per host than allowed, serves in order, and other hosts do not wait', async () => {
  const turns = openTurns(2)
  const order: number[] = []
  const [first] = await Promise.all([turns.take('a'), turns.take('a')])
  const third = turns.take('a').then((back) => (order.push(3), back))
  const fourth = turns.take('a').then((back) => (order.push(4), back))
  await turns.take('b')
  await tick()
  assert.deepEqual(order, [])
  first()
  first()
  await tick()
  assert.deepEqual(order, [3])
  ;(await third)()
  await fourth
  assert.deepEqual(order, [3, 4])
})

it('whoever gives up while waiting gets their own reason and loses nobody a turn', async () => {
  const turns = openTurns(1)
  const back = await turns.take('a')
  const leaving = new AbortController()
  const abandoned = turns.take('a', leaving.signal)
  const patient = turns.take('a')
  const reason = new Error('enough')
  leaving.abort(reason)
  await assert.rejects(abandoned, (error) => error === reason)
  back()
  ;(await patient)()
  ;(await turns.take('a'))()
})

it('whoever has given up before asking takes nothing', async () => {
  const turns = openTurns(1)
  await assert.rejects(turns.take('a', AbortSignal.abort('gone')), (error) => error === 'gone')
  ;(await turns.take('a'))()
})

it('leaves no listener on the signal of someone who was served', async () => {
  const turns = openTurns(1)
  const { signal } = new AbortController()
  let listeners = 0
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...call: Parameters<typeof add>) => (listeners++, add(...call))
  signal.removeEventListener = (...call: Parameters<typeof remove>) => (listeners--, remove(...call))
  const back = await turns.take('a')
  const waiting = turns.take('a', signal)
  await tick()
  back()
  await waiting
  assert.equal(listeners, 0)
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setImmediate as tick } from 'node:timers/promises'
import { openLanes } from './lanes.ts'

/** Work that ends when told to, and tells whether it has begun. */
function work(): { begun: boolean; end: () => void; run: () => Promise<void> } {
  const ending = Promise.withResolvers<void>()
  const job = {
    begun: false,
    end: () => ending.resolve(),
    run: async () => {
      job.begun = true
      await ending.promise
    },
  }
  return job
}

it('of several animations one runs, and pictures pass by those that wait', async () => {
  const lanes = openLanes(2)
  const [first, second, picture] = [work(), work(), work()]
  const all = [lanes.run(true, first.run), lanes.run(true, second.run), lanes.run(false, picture.run)]
  await tick()
  assert.deepEqual([first.begun, second.begun, picture.begun], [true, false, true])
  first.end()
  await tick()
  assert.equal(second.begun, true)
  second.end()
  picture.end()
  await Promise.all(all)
})

it('no more run at once than there are places, and failing work gives its place back', async () => {
  const lanes = openLanes(1)
  await assert.rejects(
    lanes.run(true, () => Promise.reject(new Error('broken'))),
    /broken/,
  )
  const [first, second] = [work(), work()]
  const all = [lanes.run(false, first.run), lanes.run(false, second.run)]
  await tick()
  assert.equal(second.begun, false)
  first.end()
  second.end()
  await Promise.all(all)
})

it('whoever gives up while waiting gets their own reason, and the place goes to the next', async () => {
  const lanes = openLanes(1)
  const [running, left, next] = [work(), work(), work()]
  const leaving = new AbortController()
  const first = lanes.run(false, running.run)
  const abandoned = lanes.run(true, left.run, leaving.signal)
  const last = lanes.run(true, next.run)
  await tick()
  leaving.abort('enough')
  await assert.rejects(abandoned, (error) => error === 'enough')
  running.end()
  next.end()
  await Promise.all([first, last])
  assert.deepEqual([left.begun, next.begun], [false, true])
})

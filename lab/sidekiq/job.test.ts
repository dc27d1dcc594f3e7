import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LAB_VERSIONS } from '../instance/schema/schema.ts'
import { readJob, timeField, withFields } from './job.ts'

const now = Date.now()
const job = (time: string, over: Record<string, string> = {}): string => {
  const fields = {
    class: '"RedownloadAvatarWorker"',
    args: '[114567890123456789]',
    queue: '"pull"',
    retry: '7',
    jid: `"${'0'.repeat(24)}"`,
    created_at: time,
    enqueued_at: time,
    ...over,
  }
  return `{${Object.entries(fields)
    .map(([name, value]) => `"${name}":${value}`)
    .join(',')}}`
}
const seconds = (now / 1000).toFixed(3)

test('each version’s Sidekiq reads its own unit of time and refuses the other', () => {
  for (const version of LAB_VERSIONS) {
    const [own, other] = version < '4.5' ? [seconds, String(now)] : [String(now), seconds]
    assert.equal(readJob(job(own), version).id, '114567890123456789')
    assert.throws(() => readJob(job(other), version), /misreads/)
    assert.throws(() => readJob(job(`"${own}"`), version), /not a number/)
  }
  assert.throws(() => readJob(job(String(Math.floor(now / 1000))), '4.5'), /not about now/)
  assert.throws(() => readJob(job(String(Math.floor(now / 1000))), '4.3'), /misreads/)
})

test('what Ruby would choke on is refused', () => {
  for (const over of [
    { args: '["1"]' },
    { args: '[1.0]' },
    { args: '[1,2]' },
    { args: '1' },
    { class: '"RedownloadAvatar"' },
    { queue: '"default"' },
    { retry: '"7"' },
    { jid: '"abc"' },
  ])
    assert.throws(() => readJob(job(seconds, over), '4.4'), Error, JSON.stringify(over))
})

test('a job put back keeps every digit and its type', () => {
  const read = readJob(job(seconds), '4.4')
  const again = withFields(read, { enqueued_at: timeField('4.4', 1_763_723_045_000), retry_count: 0 })
  assert.ok(again.includes('"args":[114567890123456789]'))
  assert.ok(again.includes('"enqueued_at":1763723045.000000'))
  assert.ok(again.includes(`"created_at":${seconds}`))
})

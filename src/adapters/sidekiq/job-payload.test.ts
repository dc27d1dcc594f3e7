import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ageOf, jidOf, payloadOf, redownloadJobOf } from './job-payload.ts'

const jid = '0123456789abcdef01234567'
const avatar = { worker: 'RedownloadAvatarWorker', id: '114567890123456789' } as const

test('seconds with a decimal point for Sidekiq 6 and 7, whole milliseconds for Sidekiq 8', () => {
  for (const nowMs of [1_763_723_045_000, 1_763_723_045_120, 1_763_723_045_123])
    for (const [version, time] of [
      ['4.3', /^\d{10}\.\d+$/],
      ['4.4', /^\d{10}\.\d+$/],
      ['4.5', /^\d{13}$/],
      ['4.6', /^\d{13}$/],
    ] as const) {
      const payload = payloadOf(avatar, { version, nowMs, jid })
      for (const field of ['created_at', 'enqueued_at'])
        assert.match(new RegExp(`"${field}":([^,}]+)`).exec(payload)?.[1] ?? '', time)
      assert.equal(ageOf(payload, nowMs + 2_000), 2_000)
    }
})

test('an id keeps every digit on the way into a job and out of it', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (id) => {
      const job = { worker: 'RedownloadMediaWorker', id: String(id) } as const
      const payload = payloadOf(job, { version: '4.5', nowMs: 0, jid })
      assert.ok(payload.includes(`"args":[${id}]`))
      assert.deepEqual(redownloadJobOf(payload), job)
      assert.equal(jidOf(payload), jid)
    }),
  )
})

test('what is no id makes no job', () => {
  for (const id of ['', '1,2', '1]', '01', '1.0', '1e3', ' 1', '-0', '"1"'])
    assert.throws(() => payloadOf({ ...avatar, id }, { version: '4.5', nowMs: 0, jid }), RangeError, id)
  assert.throws(() => payloadOf(avatar, { version: '4.5', nowMs: 0, jid: 'x"' }), RangeError)
})

test('a job says how often it may be tried again, as the worker’s own class does', () => {
  for (const [worker, retry] of [
    ['RedownloadAvatarWorker', 7],
    ['RedownloadHeaderWorker', 7],
    ['RedownloadMediaWorker', 3],
  ] as const) {
    const payload = payloadOf({ worker, id: '1' }, { version: '4.6', nowMs: 0, jid })
    assert.equal((JSON.parse(payload) as { retry: number }).retry, retry)
  }
})

test('what others wrote is read as far as it makes sense', () => {
  assert.deepEqual(redownloadJobOf('{"class":"RedownloadAvatarWorker","args":["12"]}'), {
    worker: 'RedownloadAvatarWorker',
    id: '12',
  })
  for (const text of [
    '',
    'null',
    '[]',
    '{"class":"RedownloadAvatarWorker"}',
    '{"class":"RedownloadAvatarWorker","args":[]}',
    '{"class":"RedownloadAvatarWorker","args":[1.5]}',
    '{"class":"ThumbnailWorker","args":[1],"note":"\\"Redownload"}',
    '{"class":"toString","args":[1],"x":"Redownload"}',
  ])
    assert.equal(redownloadJobOf(text), null, text)
  for (const text of ['', 'no json', '3', '{}', '{"enqueued_at":"soon"}'])
    assert.equal(ageOf(text, 1e12), null)
  assert.equal(ageOf('{"enqueued_at":99999999999.0}', 5), 0, 'a job from the future is not of negative age')
})

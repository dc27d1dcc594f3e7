import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openMemoryStorage } from '../memory.ts'
import { readOnly } from './read-only.ts'
import { LocalMediaRefused, spareLocal } from './spare-local.ts'

const LOCAL = 'accounts/avatars/000/000/001/original/me.png'
const REMOTE = 'cache/accounts/avatars/114/567/890/123/456/789/original/you.png'
const THUMBNAIL = 'media_attachments/thumbnails/114/567/890/123/456/789/original/clip.png'
const bytes = Buffer.from('bytes')

function filled() {
  const memory = openMemoryStorage({ now: () => 0 })
  for (const key of [LOCAL, REMOTE, THUMBNAIL]) memory.put({ key }, bytes)
  return memory
}

describe('a store that spares local media', () => {
  test('one local key among many stops the whole call before it begins', async () => {
    const memory = filled()
    await assert.rejects(spareLocal(memory).remove([REMOTE, LOCAL]), LocalMediaRefused)
    assert.equal(memory.keys().length, 3)
  })

  test('local media is not overwritten either', async () => {
    const memory = filled()
    await assert.rejects(
      spareLocal(memory).write(LOCAL, Buffer.from('other'), 'image/png'),
      LocalMediaRefused,
    )
    assert.deepEqual(Buffer.from((await memory.read(LOCAL))!), bytes)
  })

  test('a key that only begins like a remote one is refused', async () => {
    const memory = filled()
    for (const key of [`cache/../${LOCAL}`, `cache/./../${LOCAL}`, 'cache', 'cached/x', `/cache/${LOCAL}`])
      await assert.rejects(spareLocal(memory).remove([key]), /refuses the key|may be local media/, key)
    assert.equal(memory.keys().length, 3)
  })

  test('remote keys pass, and others only as long as somebody vouches for them', async () => {
    const memory = filled()
    const guarded = spareLocal(memory)
    await assert.rejects(guarded.remove([THUMBNAIL]), LocalMediaRefused)
    const withdraw = guarded.vouchFor([THUMBNAIL])
    const withdrawToo = guarded.vouchFor([THUMBNAIL])
    withdraw()
    withdraw()
    await guarded.write(REMOTE, Buffer.from('new'), 'image/png')
    await guarded.remove([REMOTE, THUMBNAIL])
    assert.deepEqual(memory.keys(), [LOCAL])
    withdrawToo()
    await assert.rejects(guarded.remove([THUMBNAIL]), LocalMediaRefused)
  })

  test("Cornac's own objects may be written, moved and removed", async () => {
    const memory = filled()
    const guarded = spareLocal(memory)
    await guarded.write('cornac/canary', bytes, 'text/plain')
    await guarded.move([{ from: REMOTE, to: `cornac/q/${REMOTE}` }], 'private')
    assert.deepEqual(memory.keys(), [LOCAL, 'cornac/canary', `cornac/q/${REMOTE}`, THUMBNAIL])
    await guarded.remove(['cornac/canary', `cornac/q/${REMOTE}`])
    assert.deepEqual(memory.keys(), [LOCAL, THUMBNAIL])
    for (const key of ['cornac', 'cornacs/x', 'cornac/../accounts/x'])
      await assert.rejects(guarded.remove([key]), /refuses the key|may be local media/, key)
  })

  test('a move with a local key at either end stops the whole call, unless somebody vouches for it', async () => {
    const memory = filled()
    const guarded = spareLocal(memory)
    const harmless = { from: REMOTE, to: `cornac/q/${REMOTE}` }
    for (const pair of [
      { from: THUMBNAIL, to: `cornac/q/${THUMBNAIL}` },
      { from: `cornac/q/${THUMBNAIL}`, to: THUMBNAIL },
    ]) {
      await assert.rejects(guarded.move([harmless, pair], 'as-stored'), LocalMediaRefused)
      assert.equal(memory.keys().length, 3)
    }
    const withdraw = guarded.vouchFor([THUMBNAIL])
    await guarded.move([harmless, { from: THUMBNAIL, to: `cornac/q/${THUMBNAIL}` }], 'private')
    withdraw()
    assert.deepEqual(memory.keys(), [LOCAL, `cornac/q/${REMOTE}`, `cornac/q/${THUMBNAIL}`])
  })
})

describe('a store that is only read', () => {
  test('nothing is written or removed, everything is seen', async () => {
    const memory = filled()
    const looking = readOnly(memory)
    await assert.rejects(looking.write(REMOTE, bytes, 'image/png'), { code: 'storage-read-only' })
    await assert.rejects(looking.remove([REMOTE]), { code: 'storage-read-only' })
    await assert.rejects(looking.move([{ from: REMOTE, to: 'cornac/x' }], 'private'), {
      code: 'storage-read-only',
    })
    assert.equal(memory.keys().length, 3)
    assert.equal((await looking.stat(REMOTE)).state, 'present')
  })
})

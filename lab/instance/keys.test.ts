import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idFolders, keyOf, stylesOf } from './keys.ts'

test('ids fall into the folders Paperclip puts them in', () => {
  const vectors: Readonly<Record<string, string>> = {
    '1234': '000/001/234',
    '999999999': '999/999/999',
    '1000000000': '001/000/000/000',
    '1234567890123': '123/456/789/012',
    '12345678901234567': '123/456/789/012/345',
    '114567890123456789': '114/567/890/123/456/789',
    '-99': '000/000',
  }
  for (const [id, folders] of Object.entries(vectors)) assert.equal(idFolders(id), folders, id)
})

test('only remote files stored since 3.1 lie under cache/', () => {
  const avatar = { kind: 'avatar', id: '7', fileName: 'a.gif', contentType: 'image/gif' } as const
  const keys = (remote: boolean, version: number | null) =>
    stylesOf(avatar).map((style) => keyOf({ ...avatar, remote, version }, style))
  assert.deepEqual(keys(true, 1), [
    'cache/accounts/avatars/000/000/007/original/a.gif',
    'cache/accounts/avatars/000/000/007/static/a.png',
  ])
  for (const [remote, version] of [
    [true, null],
    [true, 0],
    [false, 1],
  ] as const) {
    assert.equal(keys(remote, version)[0], 'accounts/avatars/000/000/007/original/a.gif')
  }
})

test('the small variant of a video or a GIF is a PNG, that of a picture keeps its extension, sound has none', () => {
  const small = (contentType: string | null, fileName: string) => {
    const file = { kind: 'attachment', id: '1', remote: false, version: 1, fileName, contentType } as const
    return stylesOf(file)
      .slice(1)
      .map((style) => keyOf(file, style).split('/').slice(-2).join('/'))
  }
  assert.deepEqual(small('video/mp4', 'v.mp4'), ['small/v.png'])
  assert.deepEqual(small('image/gif', 'g.gif'), ['small/g.png'])
  assert.deepEqual(small('image/jpeg', 'j.jpg'), ['small/j.jpg'])
  assert.deepEqual(small('image/jpeg', 'without extension'), ['small/without extension'])
  assert.deepEqual(small('audio/mpeg', 'a.mp3'), [])
  assert.deepEqual(small(null, 'half.png'), [])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ALL_KINDS, KINDS, variantsOf, type Kind } from './media.ts'
import type { MediaRecord } from './record.ts'
import { claimedKeys, idPartition, idsOfPartition, parseKey, rootOf, variantFileName } from './storage-key.ts'

function record(parts: Partial<MediaRecord> & { kind: Kind; id: string }): MediaRecord {
  return {
    remote: true,
    domain: 'example.org',
    fileName: '0123456789abcdef.png',
    contentType: 'image/png',
    bytes: 1,
    assignedAtMs: 0,
    storageVersion: 1,
    remoteUrl: 'https://example.org/a.png',
    hidden: false,
    ...parts,
  }
}

test('ids are cut into folders as the published vectors say', () => {
  const vectors: readonly (readonly [string, string])[] = [
    ['1234', '000/001/234'],
    ['999999999', '999/999/999'],
    ['1000000000', '001/000/000/000'],
    ['1234567890123', '123/456/789/012'],
    ['12345678901234567', '123/456/789/012/345'],
    ['114567890123456789', '114/567/890/123/456/789'],
    ['-99', '000/000'],
  ]
  for (const [id, partition] of vectors) assert.equal(idPartition(id), partition)
})

test('a remote avatar lies under cache/, one without a storage version does not, a local one never does', () => {
  const id = '109876543210987654'
  assert.deepEqual(
    claimedKeys(record({ kind: 'avatar', id })).map(({ key }) => key),
    ['cache/accounts/avatars/109/876/543/210/987/654/original/0123456789abcdef.png'],
  )
  assert.equal(rootOf(record({ kind: 'avatar', id, storageVersion: 0 })), '')
  assert.equal(rootOf(record({ kind: 'avatar', id, remote: false })), '')
  assert.equal(rootOf(record({ kind: 'backup', id })), '')
})

test('a GIF avatar also claims a static PNG, and a video a PNG preview', () => {
  const gif = record({ kind: 'header', id: '1234', fileName: 'a.b.gif', contentType: 'image/gif' })
  assert.deepEqual(
    claimedKeys(gif).map(({ key }) => key),
    [
      'cache/accounts/headers/000/001/234/original/a.b.gif',
      'cache/accounts/headers/000/001/234/static/a.b.png',
    ],
  )
  const video = record({ kind: 'attachment', id: '1234', fileName: 'v.mp4', contentType: 'video/mp4' })
  assert.deepEqual(
    claimedKeys(video).map(({ key }) => key),
    [
      'cache/media_attachments/files/000/001/234/original/v.mp4',
      'cache/media_attachments/files/000/001/234/small/v.png',
    ],
  )
})

test('variants depend on the stored type alone', () => {
  const styles = (kind: Kind, type: string | null): string =>
    variantsOf(kind, type)
      .map(({ style }) => style)
      .join(' ')
  assert.equal(styles('avatar', 'image/png'), 'original')
  assert.equal(styles('avatar', null), 'original')
  assert.equal(styles('emoji', 'image/png'), 'original static')
  assert.equal(styles('attachment', 'image/jpeg'), 'original small')
  assert.equal(styles('attachment', 'audio/mpeg'), 'original')
  assert.equal(styles('attachment', null), 'original')
  assert.equal(styles('thumbnail', 'image/gif'), 'original')
  assert.equal(styles('card', 'image/gif'), 'original')
})

test('a name without an extension, or with only a leading dot, gets the new extension appended', () => {
  const png = { style: 'static', name: 'png' } as const
  assert.equal(variantFileName('photo', png), 'photo.png')
  assert.equal(variantFileName('.hidden', png), '.hidden.png')
  assert.equal(variantFileName('a.tar.gz', png), 'a.tar.png')
})

test('keys of no known shape are not read', () => {
  for (const key of [
    '',
    'robots.txt',
    'cache/backups/dumps/000/000/001/original/a.zip',
    'preview_card_providers/icons/000/000/001/original/a.png',
    'accounts/avatars/000/000/001/large/a.png',
    'accounts/avatars/000/000/001/original/',
    'accounts/avatars/000/000/001/original/a/b.png',
    'accounts/avatars/000/00a/001/original/a.png',
    'cache/cache/accounts/avatars/000/000/001/original/a.png',
    'accounts/avatars/000/original/a.png',
    'imports/data/000/000/001/original/a.csv',
  ])
    assert.equal(parseKey(key), undefined, key)
})

const kinds = fc.constantFrom(...ALL_KINDS)
const ids = fc.oneof(
  fc.bigInt({ min: 1n, max: 999_999_999n }),
  fc.bigInt({ min: 10n ** 9n, max: 10n ** 18n - 1n }),
  fc.integer({ min: 9, max: 18 }).chain((digits) =>
    fc.bigInt({
      min: 10n ** BigInt(digits),
      max: digits === 18 ? 2n ** 63n - 1n : 10n ** BigInt(digits + 1) - 1n,
    }),
  ),
  fc.bigInt({ min: -99_999_999n, max: -1n }),
)
const fileNames = fc.oneof(
  fc.stringMatching(/^[0-9a-f]{16}\.(png|jpg|gif|webp|mp4)$/),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((name) => !/[/\n\0]/.test(name)),
)
const types = fc.constantFrom(null, 'image/gif', 'image/png', 'image/jpeg', 'video/mp4', 'audio/mpeg')

test('record to key and back: kind, root, folder, style and name survive, and the id is among the possible owners', () => {
  fc.assert(
    fc.property(
      kinds,
      ids,
      fileNames,
      types,
      fc.boolean(),
      fc.integer({ min: 0, max: 1 }),
      (kind, id, fileName, contentType, remote, storageVersion) => {
        const original = record({ kind, id: id.toString(), fileName, contentType, remote, storageVersion })
        for (const { key, style } of claimedKeys(original)) {
          const parsed = parseKey(key)
          assert.ok(parsed !== undefined, key)
          assert.equal(parsed.kind, kind)
          assert.equal(parsed.root, rootOf(original))
          assert.equal(parsed.style, style)
          if (style === 'original') assert.equal(parsed.fileName, fileName)
          assert.equal(parsed.partition, idPartition(original.id))
          assert.ok(idsOfPartition(parsed.partition).some(({ from, to }) => from <= id && id <= to))
        }
      },
    ),
    { numRuns: 3_000 },
  )
})

test('every possible owner of a folder has that folder, and there are at most 111 of them', () => {
  fc.assert(
    fc.property(ids, (id) => {
      const partition = idPartition(id.toString())
      let owners = 0n
      for (const { from, to } of idsOfPartition(partition)) {
        owners += to - from + 1n
        for (const owner of [from, to]) assert.equal(idPartition(owner.toString()), partition)
      }
      assert.ok(owners >= 1n && owners <= 111n)
    }),
    { numRuns: 3_000 },
  )
})

test('the table of kinds names every folder once', () => {
  const folders = ALL_KINDS.map((kind) => KINDS[kind].folder)
  assert.equal(new Set(folders).size, folders.length)
})

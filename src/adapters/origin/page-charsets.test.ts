import assert from 'node:assert/strict'
import { it } from 'node:test'
import { pageCharsets } from './page-charsets.ts'

function charsets(start: string | Uint8Array, contentType = 'text/html'): readonly string[] {
  const bytes = typeof start === 'string' ? Buffer.from(start, 'latin1') : start
  return pageCharsets(bytes, contentType).map(({ encoding }) => encoding)
}

it('without a word on it a page is UTF-8, or else Windows-1252', () => {
  assert.deepEqual(charsets('<p>'), ['utf-8', 'windows-1252'])
  assert.deepEqual(charsets(''), ['utf-8', 'windows-1252'])
})

it('the byte order mark goes before the header, and the header before the page', () => {
  const meta = '<meta charset=koi8-r>'
  assert.deepEqual(charsets(`\xff\xfe${meta}`, 'text/html; charset=shift_jis'), [
    'utf-16le',
    'shift_jis',
    'koi8-r',
    'utf-8',
    'windows-1252',
  ])
  assert.deepEqual(charsets('\xfe\xff')[0], 'utf-16be')
  assert.deepEqual(charsets('\xef\xbb\xbf', 'text/html; charset=koi8-r')[0], 'utf-8')
})

it('names are found however they are written', () => {
  for (const contentType of [
    'text/html;charset=GBK',
    'text/html; a=b; Charset = "gbk"',
    "text/html; charset='gbk'",
  ])
    assert.equal(charsets('', contentType)[0], 'gbk', contentType)
  for (const meta of [
    '<META CHARSET="GBK">',
    '<meta http-equiv="Content-Type" content="text/html; charset=gbk" />',
    '<?xml version="1.0" encoding="gbk"?><html>',
  ])
    assert.equal(charsets(meta)[0], 'gbk', meta)
})

it('names that nobody knows are left out', () => {
  assert.deepEqual(charsets('<meta charset="klingon">', 'text/html; charset=utf-9000'), [
    'utf-8',
    'windows-1252',
  ])
})

it('a page that says in ASCII to be in UTF-16 is not', () => {
  assert.deepEqual(charsets('<meta charset="utf-16">'), ['utf-8', 'windows-1252'])
})

it('what a page says after its beginning does not count', () => {
  assert.deepEqual(charsets(`${' '.repeat(1024)}<meta charset=gbk>`), ['utf-8', 'windows-1252'])
})

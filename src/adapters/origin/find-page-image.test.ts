import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { findPageImage } from './find-page-image.ts'

const PAGE = new URL('https://site.example/posts/1?a=1')
const image = (html: string): string | null => findPageImage(html, PAGE).image

const OG = '<meta property="og:image" content="/og.png">'
const OG_URL = '<meta property="og:image:url" content="/og-url.png">'
const OG_SECURE = '<meta property="og:image:secure_url" content="/og-secure.png">'
const TWITTER = '<meta name="twitter:image" content="/twitter.png">'
const TWITTER_SRC = '<meta name="twitter:image:src" content="/twitter-src.png">'
const LINK = '<link rel="image_src" href="/link.png">'

it('Open Graph goes before the words of others, wherever each stands', () => {
  const words = [LINK, TWITTER_SRC, TWITTER, OG_SECURE, OG_URL, OG]
  const names = ['og', 'og-url', 'og-secure', 'twitter', 'twitter-src', 'link']
  for (const name of names) {
    assert.equal(image(words.join('\n')), `https://site.example/${name}.png`)
    words.pop()
  }
  assert.equal(image(words.join('')), null)
})

it('of several images the first counts', () => {
  assert.equal(image(`${OG}<meta property="og:image" content="/second.png">`), 'https://site.example/og.png')
})

it('names and attributes are read as carelessly as they are written', () => {
  for (const html of [
    '<META PROPERTY=og:image CONTENT=/og.png>',
    "<meta content='/og.png' name='OG:Image'/>",
    '<meta property=" og:image twitter:image " content=" /og.png\n">',
    '<p><b><meta property="og:image" content="/og.png"></i></table>',
    '<svg><meta property="og:image" content="/og.png">',
  ])
    assert.equal(image(html), 'https://site.example/og.png', html)
})

it('entities in an address are what they stand for', () => {
  assert.equal(
    image('<meta property="og:image" content="/a.png?x=1&amp;y=%20&#x26;z=2&eacute;">'),
    'https://site.example/a.png?x=1&y=%20&z=2%C3%A9',
  )
})

it('what is written in scripts, titles, comments and text is not markup', () => {
  for (const [before, behind] of [
    ['<script>', '</script>'],
    ['<style>', '</style>'],
    ['<title>', '</title>'],
    ['<textarea>', '</textarea>'],
    ['<!--', '-->'],
    ['<p title="', '">'],
  ])
    assert.equal(image(`${before}<meta property='og:image' content='/no.png'>${behind}`), null, before)
})

it('relative addresses count from the first base, and that from the page', () => {
  const relative = '<meta property="og:image" content="a.png">'
  assert.equal(image(relative), 'https://site.example/posts/a.png')
  assert.equal(image(`${relative}<base href="/b/"><base href="/c/">`), 'https://site.example/b/a.png')
  assert.equal(image(`<base href="//cdn.example/d/e">${relative}`), 'https://cdn.example/d/a.png')
  assert.equal(image(`<base href="data:text/html,">${relative}`), 'https://site.example/posts/a.png')
  assert.equal(image(`<base target="_blank">${relative}`), 'https://site.example/posts/a.png')
})

it('an address that is no web address, or none, gives way to the next best word', () => {
  for (const address of [
    'data:image/png;base64,AA',
    'javascript:1',
    'http://u:p@a.example/',
    '',
    ' ',
    'http://[',
  ])
    assert.equal(
      image(`<meta property="og:image" content="${address}">${TWITTER}`),
      'https://site.example/twitter.png',
      address,
    )
})

it('an oEmbed document is found in either spelling of its type, and XML is not it', () => {
  const embed = (type: string): string | null =>
    findPageImage(`<link rel="alternate" type="${type}" href="/o?a=1&amp;b=2">`, PAGE).oEmbed
  for (const type of ['application/json+oembed', 'text/json+oembed', 'Application/JSON+oEmbed'])
    assert.equal(embed(type), 'https://site.example/o?a=1&b=2')
  for (const type of ['text/xml+oembed', 'application/json', '']) assert.equal(embed(type), null)
})

it('a megabyte of anything is read in no time', () => {
  const million = 1024 * 1024
  for (const part of [
    '<b></i>',
    '<',
    '<a ',
    '<meta ',
    '<meta a="',
    '&',
    '<!--',
    '<script>',
    '<meta property=og:image a ',
  ])
    assert.ok(timeOf(() => image(part.repeat(million / part.length))) < 1000, part)
  assert.ok(timeOf(() => image(`<meta ${'a=b '.repeat(million / 4)}>`)) < 1000)
})

function timeOf(work: () => unknown): number {
  const started = performance.now()
  work()
  return performance.now() - started
}

it('whatever a page says, the image is a web address or null', () => {
  const pieces = fc.constantFrom(
    OG,
    TWITTER,
    LINK,
    '<base href="',
    '">',
    '<meta property="og:image" content="',
    '\0',
    '&#x110000;',
    '&#xD800;',
    '<![CDATA[',
    '<?',
    '</',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string())), (parts) => {
      const found = image(parts.join(''))
      assert.ok(found === null || /^https?:\/\//.test(found))
    }),
  )
})

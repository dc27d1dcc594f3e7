import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { scanTags } from './scan-tags.ts'

function tagsIn(text: string, names = ['meta', 'link']): [string, Record<string, string>][] {
  const found: [string, Record<string, string>][] = []
  scanTags(text, names, (name, attributes) => found.push([name, Object.fromEntries(attributes)]))
  return found
}

it('tags and attributes are found however they are written', () => {
  const same = [
    '<meta name="a" content="b">',
    "<META\n NAME='a' Content='b'/>",
    '<p><meta name=a content=b></p>',
    '<meta name=a name=second content="b">',
    '<meta name="&#97;" content="&#x62;">',
  ]
  for (const text of same) assert.deepEqual(tagsIn(text), [['meta', { name: 'a', content: 'b' }]], text)
  assert.deepEqual(tagsIn('<link href="?a=1&amp;b=2&c=3"><meta hidden>'), [
    ['link', { href: '?a=1&b=2&c=3' }],
    ['meta', { hidden: '' }],
  ])
})

it('what only looks like a tag is none: comments, scripts, titles, text, half a tag', () => {
  const none = [
    '<!-- <meta name=a> -->',
    '<script>"<meta name=a>"</script>',
    '<style><meta name=a></style>',
    '<title><meta name=a></title>',
    '<textarea><meta name=a></textarea>',
    '&lt;meta name=a&gt;',
    '<p title="<meta name=a>">',
    '</meta name=a>',
    '<meta name="a"',
    '<metadata name=a>',
  ]
  for (const text of none) assert.deepEqual(tagsIn(text), [], text)
})

it('nothing that is written throws', () => {
  const pieces = fc.constantFrom(
    ...['<meta ', '<!--', '-->', '<![CDATA[', ']]>', '<?xml', '?>', '&#x', '&amp', ';', '"', "'", '='],
    ...[
      '>',
      '/>',
      '</',
      '<script>',
      '</script>',
      '<title>',
      '<svg>',
      '&#1114112;',
      '\u0000',
      '\ud800',
      'a',
      ' ',
    ],
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      tagsIn(parts.join(''))
    }),
  )
})

it('a megabyte of hostile markup takes no longer than a friendly one', () => {
  const megabyte = (text: string): string => text.repeat(Math.ceil(2 ** 20 / text.length))
  const half = (text: string): string => text.repeat(2 ** 19 / text.length)
  const hostile = [
    half('<b>') + half('</i>'),
    megabyte('<p><div>'),
    half('<svg>') + half('</p>'),
    megabyte('<'),
    megabyte('<!--'),
    `<meta ${megabyte('a=b ')}`,
    `<meta content="${megabyte('&amp')}`,
    `<meta content="&${megabyte('a')}`,
  ]
  for (const text of hostile) {
    const started = performance.now()
    tagsIn(text)
    assert.ok(performance.now() - started < 2000, `${text.slice(0, 30)} took too long`)
  }
})

it('of a tag with thousands of attributes some are kept', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => `a${index}=1`).join(' ')
  const [[, attributes] = ['', {}]] = tagsIn(`<meta ${many}>`)
  assert.ok(Object.keys(attributes).length <= 50)
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { addressIn } from './read-picture.ts'

const URL_OF_IT = 'https://a.example/p.png'

it('an Image has its address in `url`: as text, in a list, or as a Link', () => {
  for (const url of [
    URL_OF_IT,
    [URL_OF_IT, 'https://a.example/q.png'],
    { href: URL_OF_IT },
    [{ href: URL_OF_IT }],
  ])
    assert.equal(addressIn({ type: 'Image', url }), URL_OF_IT)
})

it('anything else that is an object has it in `href`', () => {
  assert.equal(addressIn({ type: 'Link', href: URL_OF_IT }), URL_OF_IT)
  assert.equal(addressIn({ type: 'Document', url: URL_OF_IT }), null)
})

it('what every object inherits is no answer', () => {
  assert.equal(addressIn(Object.create({ href: URL_OF_IT })), null)
  assert.equal(addressIn(JSON.parse(`{"__proto__":{"href":"${URL_OF_IT}"}}`)), null)
})

it('nothing, nonsense and addresses that are not of the web are none', () => {
  for (const value of [
    undefined,
    null,
    7,
    [],
    [URL_OF_IT],
    {},
    { type: 'Image' },
    { type: 'Image', url: [] },
    { type: 'Image', url: 'ftp://a.example/' },
    { type: 'Image', url: { href: 7 } },
    { href: '/p.png' },
  ])
    assert.equal(addressIn(value), null, JSON.stringify(value))
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { templateIn } from './host-meta.ts'

const XRD = (links: string): string =>
  `<?xml version="1.0"?><XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">${links}</XRD>`

it('the template is found among other links, its entities resolved', () => {
  const text = XRD(
    '<Link rel="self" href="x"/><Link rel="lrdd" type="application/jrd+json" template="https://a.example/w?x=1&amp;r={uri}"/>',
  )
  assert.equal(templateIn(text), 'https://a.example/w?x=1&r={uri}')
})

it('a link of another relation, or without a place for the account, is none', () => {
  for (const link of [
    '',
    '<Link rel="other" template="https://a.example/{uri}"/>',
    '<Link rel="lrdd" template="https://a.example/"/>',
    '<Link rel="lrdd" href="https://a.example/{uri}"/>',
    '<!-- <Link rel="lrdd" template="https://a.example/{uri}"/> -->',
  ])
    assert.equal(templateIn(XRD(link)), null, link)
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { acceptableUrl, bareHost, isHiddenService } from './acceptable-url.ts'

it('only http and https with a host and without credentials are acceptable', () => {
  const refused = [
    '',
    '/pictures/a.png',
    'ftp://a.example/x',
    'file:///etc/passwd',
    'gopher://a.example/',
    'data:image/png;base64,AAAA',
    'javascript:alert(1)',
    'http://',
    'http:// /x',
    'http://user@a.example/',
    'http://user:word@a.example/',
    'http://:word@a.example/',
    'http://1.2.3.4.5/',
    'http://a.example:99999/',
    'http://[::1/',
  ]
  assert.deepEqual(
    refused.filter((text) => acceptableUrl(text) !== null),
    [],
  )
  assert.equal(acceptableUrl('https://a.example:8443/x?y#z')?.host, 'a.example:8443')
})

it('odd spellings of an address are read as the address they mean', () => {
  const spellings = [
    '0x7f.1',
    '2130706433',
    '0177.0.0.1',
    '127.1',
    '0x7f000001',
    '127.0.0.1.',
    '１２７.0.0.1',
  ]
  for (const spelling of spellings) {
    assert.equal(bareHost(acceptableUrl(`http://${spelling}/`)?.hostname ?? ''), '127.0.0.1', spelling)
  }
  assert.equal(bareHost(acceptableUrl('http://[::FFFF:127.0.0.1]/')?.hostname ?? ''), '::ffff:7f00:1')
})

it('a relative location is read against the address it came from', () => {
  const base = new URL('https://a.example/users/x')
  assert.equal(acceptableUrl('../y.png', base)?.href, 'https://a.example/y.png')
  assert.equal(acceptableUrl('//b.example/y.png', base)?.href, 'https://b.example/y.png')
  assert.equal(acceptableUrl('file:///etc/passwd', base), null)
})

it('hidden services are known by their last label, with or without a dot at the end', () => {
  for (const host of ['x.onion', 'x.ONION', 'a.b.i2p', 'x.onion.'])
    assert.equal(isHiddenService(host), true, host)
  for (const host of ['onion.example', 'onion', 'x.onions']) assert.equal(isHiddenService(host), false, host)
})

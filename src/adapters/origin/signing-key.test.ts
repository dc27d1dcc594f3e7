import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { verifyRequest } from '@fedify/fedify/sig'
import { signatureFault } from '../../../lab/fediverse/verify-signature.ts'
import { openSigningKey } from './signing-key.ts'

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const publicKeyPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
const pem = (type: 'pkcs1' | 'pkcs8'): string => pair.privateKey.export({ type, format: 'pem' }).toString()
const keyId = 'https://lab.example/actor#main-key'
const open = (privateKeyPem = pem('pkcs1')) => openSigningKey({ keyId, privateKeyPem }, () => Date.now())
const ACCEPT = { accept: 'application/activity+json', 'accept-encoding': 'gzip' }

const ADDRESSES = [
  'http://a.example/users/x',
  'http://a.example/?author=1&b=%20+,c',
  'http://a.example:8443/users/x?',
  'http://bücher.example/@größe/ü?q=ß',
  'http://a.example#me',
].map((address) => new URL(address))

/** The request as it arrives at the other side. */
function arriving(url: URL, headers: Readonly<Record<string, string>>) {
  return { method: 'GET', url: url.pathname + url.search, headers: { host: url.host, ...headers } }
}

/** Asks another implementation, which is given the key instead of fetching it. */
async function fedifyAccepts(url: URL, headers: Readonly<Record<string, string>>): Promise<boolean> {
  const owner = 'https://lab.example/actor'
  const document = {
    '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
    id: owner,
    type: 'Application',
    publicKey: { id: keyId, owner, publicKeyPem },
  }
  const documentLoader = async (asked: string) => ({ contextUrl: null, document, documentUrl: asked })
  return (await verifyRequest(new Request(url, { headers }), { documentLoader })) !== null
}

describe('signing with the key of the instance actor', () => {
  for (const form of ['draft-cavage', 'rfc9421'] as const) {
    for (const url of ADDRESSES) {
      it(`${form}: a GET of ${url.href} verifies, and of no other address, host or key`, async () => {
        const headers = await open().sign(form, url, ACCEPT)
        const known = { publicKeyPem, keyId }
        assert.equal(headers['host'], url.host)
        assert.equal(signatureFault(arriving(url, headers), known), null)
        for (const other of [
          'http://a.example/users/y',
          url.origin + url.pathname + (url.search === '' ? '?z' : `${url.search}&z`),
        ]) {
          const elsewhere = arriving(new URL(other), { ...headers, host: headers['host'] ?? '' })
          assert.match(signatureFault(elsewhere, known) ?? '', /^Verification failed/)
        }
        const host = { ...arriving(url, headers), headers: { ...headers, host: 'b.example' } }
        assert.match(signatureFault(host, known) ?? '', /^Verification failed/)
        const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
        const theirs = stranger.export({ type: 'spki', format: 'pem' }).toString()
        assert.match(signatureFault(arriving(url, headers), { publicKeyPem: theirs }) ?? '', /^Verification/)
      })
    }

    it(`${form}: another implementation agrees`, async () => {
      const url = new URL('https://a.example/users/x')
      assert.equal(await fedifyAccepts(url, await open().sign(form, url, ACCEPT)), true)
      const elsewhere = new URL('https://a.example/users/y')
      assert.equal(await fedifyAccepts(elsewhere, await open().sign(form, url, ACCEPT)), false)
    })

    it(`${form}: a key in PKCS #8 signs like one in PKCS #1`, async () => {
      const [url] = ADDRESSES
      assert.ok(url)
      const headers = await open(pem('pkcs8')).sign(form, url, ACCEPT)
      assert.equal(signatureFault(arriving(url, headers), { publicKeyPem }), null)
    })
  }

  it('what a proxy may change on the way is not covered', async () => {
    const url = new URL('http://a.example/users/x')
    const headers = await open().sign('draft-cavage', url, { ...ACCEPT, 'user-agent': 'lab' })
    assert.match(headers['signature'] ?? '', /headers="host date accept \(request-target\)"/)
  })

  it('anything but an RSA key is refused with a remedy', () => {
    const curve = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
    const locked = pair.privateKey.export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    })
    for (const bad of [
      '',
      'key',
      publicKeyPem,
      curve.toString(),
      locked.toString(),
      pem('pkcs1').slice(0, 300),
    ])
      assert.throws(() => open(bad), { code: 'signing-key-unreadable' })
  })
})

import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { after, afterEach, before, describe, it } from 'node:test'
import sharp from 'sharp'
import { startFediverse } from './fediverse.ts'
import type { Fediverse } from './fediverse.ts'
import { PICTURE_EXTENSIONS } from './pictures.ts'

describe('the little fediverse', () => {
  let fediverse: Fediverse
  before(async () => {
    fediverse = await startFediverse({ hosts: 3 })
  })
  after(() => fediverse.stop())
  afterEach(() => {
    fediverse.clearVice()
    for (const host of fediverse.hosts) host.forget()
  })

  const read = async (url: string, init?: RequestInit): Promise<Response> => fetch(url, init)
  const actor = async (username: string, host: number): Promise<any> =>
    (await read(fediverse.actorFor(username, host))).json()

  it('serves a real picture of the promised type under every extension', async () => {
    for (const extension of PICTURE_EXTENSIONS) {
      for (const which of ['avatar', 'header'] as const) {
        const response = await read(fediverse.urlFor({ username: 'ada', host: 0, which, extension }))
        const facts = await sharp(Buffer.from(await response.arrayBuffer())).metadata()
        assert.equal(response.headers.get('content-type'), `image/${facts.format}`)
        assert.equal(facts.pages ?? 1, extension === 'animated.gif' ? 3 : 1)
      }
    }
  })

  it('names in the actor the very addresses that urlFor gives', async () => {
    const document = await actor('bob', 1)
    assert.equal(document.id, fediverse.actorFor('bob', 1))
    assert.equal(document.icon.url, fediverse.urlFor({ username: 'bob', host: 1, which: 'avatar' }))
    assert.equal(document.image.url, fediverse.urlFor({ username: 'bob', host: 1, which: 'header' }))
    assert.match(document.publicKey.publicKeyPem, /BEGIN PUBLIC KEY/)
  })

  it('answers webfinger with the actor', async () => {
    const origin = fediverse.hosts[0]?.origin ?? ''
    const found: any = await (
      await read(`${origin}/.well-known/webfinger?resource=acct:ada@lab.example`)
    ).json()
    assert.equal(found.subject, 'acct:ada@lab.example')
    const self = found.links.find((link: { rel: string }) => link.rel === 'self')
    assert.equal(self.href, fediverse.actorFor('ada', 0))
  })

  it('moves a picture: the old address is gone, the actor names a new one that works', async () => {
    fediverse.setVice(fediverse.actorFor('cy', 0), { kind: 'moved' })
    const old = fediverse.urlFor({ username: 'cy', host: 0, which: 'avatar' })
    assert.equal((await read(old)).status, 404)
    const { icon } = await actor('cy', 0)
    assert.notEqual(icon.url, old)
    assert.equal((await read(icon.url)).status, 200)
  })

  it('gives a vice to one picture, one account, one user name or one host, and the narrowest wins', async () => {
    const avatar = fediverse.urlFor({ username: 'dee', host: 0, which: 'avatar' })
    const header = fediverse.urlFor({ username: 'dee', host: 0, which: 'header' })
    const elsewhere = fediverse.urlFor({ username: 'dee', host: 1, which: 'header' })
    fediverse.setVice(fediverse.hosts[0]?.origin ?? '', { kind: 'status', status: 500 })
    fediverse.setVice('dee', { kind: 'status', status: 503 })
    fediverse.setVice(fediverse.actorFor('dee', 0), { kind: 'status', status: 410 })
    fediverse.setVice(avatar, { kind: 'status', status: 404 })
    const statuses = [
      avatar,
      header,
      elsewhere,
      fediverse.urlFor({ username: 'eve', host: 0, which: 'avatar' }),
    ]
    assert.deepEqual(
      await Promise.all(statuses.map(async (url) => (await read(url)).status)),
      [404, 410, 503, 500],
    )
  })

  it('asks for a signature where it was told to', async () => {
    fediverse.setVice('fay', { kind: 'needs-signature' }, 'everything')
    assert.equal((await read(fediverse.actorFor('fay', 0))).status, 401)
    const signed = await read(fediverse.actorFor('fay', 0), { headers: { signature: 'keyId="x"' } })
    assert.equal(signed.status, 200)
    await signed.body?.cancel()
    assert.equal(fediverse.hosts[0]?.visits().signed, 1)
  })

  it('told whom to trust, it takes only signatures that are right, and only in the form it was told', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const own = await startFediverse({ hosts: 1, publicKeyPem })
    const url = new URL(own.actorFor('fay', 0))
    const date = new Date().toUTCString()
    const text = `(request-target): get ${url.pathname}\nhost: ${url.host}\ndate: ${date}`
    const signature = (signed: string): string =>
      `keyId="x",algorithm="rsa-sha256",headers="(request-target) host date",signature="${sign(
        'sha256',
        Buffer.from(signed),
        privateKey,
      ).toString('base64')}"`
    const statusFor = async (header: string): Promise<number> => {
      const response = await read(url.href, { headers: { date, signature: header } })
      await response.body?.cancel()
      return response.status
    }
    try {
      own.setVice('fay', { kind: 'needs-signature' }, 'actor')
      assert.equal(await statusFor(signature(text)), 200)
      assert.equal(await statusFor(signature(text.replace('fay', 'eve'))), 401)
      assert.equal(await statusFor('keyId="x"'), 401)
      own.setVice('fay', { kind: 'needs-signature', form: 'rfc9421' }, 'actor')
      assert.equal(await statusFor(signature(text)), 401)
    } finally {
      await own.stop()
    }
  })

  it('counts requests, user agents, paths and the most that were open at once', async () => {
    fediverse.setVice('gus', { kind: 'slow', bytesPerSecond: 200_000 })
    const url = fediverse.urlFor({ username: 'gus', host: 2, which: 'avatar', extension: 'webp' })
    const headers = { 'user-agent': 'counting' }
    await Promise.all([1, 2, 3].map(async () => (await read(url, { headers })).arrayBuffer()))
    const visits = fediverse.hosts[2]?.visits()
    assert.equal(visits?.requests, 3)
    assert.equal(visits?.peak, 3)
    assert.deepEqual(visits?.userAgents, ['counting'])
    assert.equal(visits?.paths.get('/pictures/gus/avatar.webp'), 3)
  })

  it('plays the same domain on the same host every time', () => {
    assert.equal(fediverse.hostOf('social.example'), fediverse.hostOf('social.example'))
    assert.ok(fediverse.hostOf('social.example') < 3)
  })

  it('stops at once while a picture drips and another request is never answered', async () => {
    const own = await startFediverse({ hosts: 1 })
    own.setVice('slow', { kind: 'slow', bytesPerSecond: 20 })
    own.setVice('mute', { kind: 'silent' })
    const pending = ['slow', 'mute'].map(async (username) =>
      (await read(own.urlFor({ username, host: 0, which: 'avatar' }))).arrayBuffer(),
    )
    const settled = Promise.allSettled(pending)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await own.stop()
    assert.deepEqual(
      (await settled).map(({ status }) => status),
      ['rejected', 'rejected'],
    )
  })
})

/** A linked page says where its image is, in whatever way and script it says it, and takes no more than its head is worth. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable, pipeline } from 'node:stream'
import { after, afterEach, before, describe, it } from 'node:test'
import { startFediverse } from '../../lab/fediverse/fediverse.ts'
import type { Fediverse } from '../../lab/fediverse/fediverse.ts'
import type { PageForm } from '../../lab/fediverse/linked-pages.ts'
import type { Vice } from '../../lab/fediverse/vices.ts'
import { openOriginFetcher } from '../../src/adapters/origin/open-origin-fetcher.ts'
import type { OpenOriginFetcher } from '../../src/adapters/origin/open-origin-fetcher.ts'
import type { PageOutcome } from '../../src/core/ports/origin.ts'

describe('reading linked pages', () => {
  let fediverse: Fediverse
  let reader: OpenOriginFetcher
  const open = (allowedPrivateRanges: readonly string[]): OpenOriginFetcher =>
    openOriginFetcher({
      allowedPrivateRanges,
      userAgent: 'Cornac/0 (lab)',
      perHost: 2,
      clock: { now: () => Date.now(), sleep: () => Promise.reject(new Error('nobody sleeps here')) },
      silenceTimeoutMs: 250,
      documentTimeoutMs: 2000,
      signer: () => Promise.reject(new Error('pages are not signed')),
    })

  before(async () => {
    fediverse = await startFediverse({ hosts: 3 })
    reader = open(['127.77.0.0/16'])
  })
  after(async () => {
    await reader.close()
    await fediverse.stop()
  })
  afterEach(() => {
    fediverse.clearVice()
    for (const host of fediverse.hosts) host.forget()
  })

  const origin = (host = 0): string => fediverse.hosts[host]?.origin ?? assert.fail('no such host')
  const image = (host = 0): PageOutcome => ({
    kind: 'image',
    url: fediverse.urlFor({ username: 'ada', host, which: 'header' }),
  })
  const page = (form: PageForm, host = 0): string => fediverse.pageFor(form, 'ada', host)
  function outcomeOf(vice: Vice): Promise<PageOutcome> {
    fediverse.setVice(page('open-graph'), vice)
    return reader.readPage(page('open-graph'))
  }

  for (const form of ['open-graph', 'relative', 'twitter', 'image-src', 'xhtml', 'huge'] as const) {
    it(`the image of a page is found: ${form}`, async () => {
      assert.deepEqual(await reader.readPage(page(form)), image())
      assert.equal(fediverse.hosts[0]?.visits().requests, 1)
    })
  }

  it('the image is where the page says, and is a picture', async () => {
    const found = await reader.readPage(page('open-graph'))
    const file = await reader.fetch(found.kind === 'image' ? found.url : '', {
      maxBytes: 1e7,
      timeoutMs: 2000,
    })
    assert.equal(file.kind, 'fetched')
  })

  it('the site learns that a preview is read, by whom, and sees no signature', async () => {
    await reader.readPage(page('oembed'))
    assert.deepEqual(fediverse.hosts[0]?.visits().userAgents, ['Cornac/0 (lab) Bot'])
    assert.equal(fediverse.hosts[0]?.visits().signed, 0)
  })

  for (const form of ['oembed', 'oembed-photo'] as const) {
    it(`a page that names no image is asked for its oEmbed document: ${form}`, async () => {
      assert.deepEqual(await reader.readPage(page(form)), image())
      assert.deepEqual(
        [...(fediverse.hosts[0]?.visits().paths.keys() ?? [])],
        [`/pages/${form}/ada`, '/oembed/ada'],
      )
    })
  }

  it('a page without an image has none', async () => {
    assert.deepEqual(await reader.readPage(page('bare')), { kind: 'no-image' })
  })

  it('an address with letters of another script is found whole, whatever the header says', async () => {
    const wrong = await reader.readPage(page('wrong-charset'))
    assert.deepEqual(wrong, { kind: 'image', url: `${origin()}/gr%C3%B6%C3%9Fe.png` })
    const own = await reader.readPage(page('own-charset'))
    assert.deepEqual(own, { kind: 'image', url: `${origin()}/%D0%B6.png` })
  })

  it('of ten megabytes the first is read: an image at the end is none', async () => {
    assert.deepEqual(await reader.readPage(page('late')), { kind: 'no-image' })
    fediverse.setVice(page('late'), { kind: 'gzip' })
    assert.deepEqual(await reader.readPage(page('late')), { kind: 'no-image' })
    fediverse.setVice(page('huge'), { kind: 'gzip' })
    assert.deepEqual(await reader.readPage(page('huge')), image())
  })

  it('a page without an end is left as soon as enough is read', async () => {
    const address = fediverse.hosts[0]?.address ?? ''
    function* endless(): Generator<string> {
      yield '<meta property="og:image" content="/a.png">'
      for (;;) yield ' '.repeat(64 * 1024)
    }
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      pipeline(Readable.from(endless()), response, () => {})
    }).listen(0, address)
    try {
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const url = `http://${address}:${port}/`
      assert.deepEqual(await reader.readPage(url), { kind: 'image', url: `${url}a.png` })
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })

  it('redirects are followed, and relative addresses belong to the last', async () => {
    fediverse.setVice(page('twitter'), { kind: 'redirect-to', location: page('twitter', 1) })
    assert.deepEqual(await reader.readPage(page('twitter')), image(1))
  })

  it('no page leads to a private address: not by redirect, not by oEmbed', async () => {
    const guarded = open(['127.77.0.1/32'])
    try {
      assert.deepEqual(await guarded.readPage(page('private')), {
        kind: 'private-address',
        host: '169.254.169.254',
      })
      assert.deepEqual(await guarded.readPage(page('open-graph', 1)), {
        kind: 'private-address',
        host: '127.77.0.2',
      })
      // The account's vice reaches its oEmbed document; the page has one of its own, which changes nothing.
      fediverse.setVice(page('oembed'), { kind: 'gzip' })
      const secret = { kind: 'redirect-to', location: page('oembed', 1) } as const
      fediverse.setVice(fediverse.actorFor('ada', 0), secret, 'pages')
      assert.deepEqual(await guarded.readPage(page('oembed')), { kind: 'no-image' })
      assert.equal(fediverse.hosts[0]?.visits().paths.get('/oembed/ada'), 1)
      assert.equal(fediverse.hosts[1]?.visits().requests, 0)
    } finally {
      await guarded.close()
    }
  })

  it('an oEmbed document that cannot be read now is no word that there is no image', async () => {
    const embeds: (readonly [Vice, PageOutcome['kind']])[] = [
      [{ kind: 'status', status: 429, retryAfter: '5' }, 'unavailable'],
      [{ kind: 'silent' }, 'timeout'],
      [{ kind: 'status', status: 404 }, 'no-image'],
      [{ kind: 'page' }, 'no-image'],
    ]
    for (const [vice, kind] of embeds) {
      fediverse.setVice(fediverse.actorFor('ada', 0), vice, 'pages')
      fediverse.setVice(page('oembed'), { kind: 'gzip' })
      assert.equal((await reader.readPage(page('oembed'))).kind, kind, vice.kind)
    }
  })

  const others: readonly (readonly [Vice, PageOutcome])[] = [
    [
      { kind: 'file', file: 'svg' },
      { kind: 'not-a-page', found: 'image/svg+xml' },
    ],
    [
      { kind: 'file', file: 'pdf' },
      { kind: 'not-a-page', found: 'application/pdf' },
    ],
    [
      { kind: 'wrong-type', contentType: 'text/htmlx' },
      { kind: 'not-a-page', found: 'text/htmlx' },
    ],
    [
      { kind: 'wrong-type', contentType: '' },
      { kind: 'not-a-page', found: 'a document without a type' },
    ],
    [
      { kind: 'wrong-type', contentType: 'Text/HTML ; charset=nonsense' },
      { kind: 'image', url: '' },
    ],
    [{ kind: 'endless' }, { kind: 'not-a-page', found: 'image/png' }],
    [{ kind: 'page' }, { kind: 'no-image' }],
    [
      { kind: 'status', status: 204 },
      { kind: 'not-a-page', found: 'status 204' },
    ],
    [
      { kind: 'status', status: 404 },
      { kind: 'gone', status: 404 },
    ],
    [
      { kind: 'status', status: 403 },
      { kind: 'refused', status: 403 },
    ],
    [
      { kind: 'status', status: 503, retryAfter: '9' },
      { kind: 'unavailable', status: 503, retryAfterMs: 9000 },
    ],
    [{ kind: 'silent' }, { kind: 'timeout', connected: true }],
    [{ kind: 'stalls' }, { kind: 'timeout', connected: true }],
    [{ kind: 'redirect-loop' }, { kind: 'too-many-redirects' }],
    [
      { kind: 'redirect-to', location: 'file:///etc/passwd' },
      { kind: 'bad-url', url: 'file:///etc/passwd' },
    ],
  ]
  for (const [vice, expected] of others) {
    it(`a page that is ${JSON.stringify(vice)} is ${expected.kind}`, async () => {
      assert.deepEqual(await outcomeOf(vice), expected.kind === 'image' ? image() : expected)
    })
  }
})

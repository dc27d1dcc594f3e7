/** What a remote account says of its pictures is read signed, believed only of itself, and never ends in an exception. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { startFediverse } from '../../lab/fediverse/fediverse.ts'
import type { Fediverse } from '../../lab/fediverse/fediverse.ts'
import type { PictureForm, Vice } from '../../lab/fediverse/vices.ts'
import { openOriginFetcher } from '../../src/adapters/origin/open-origin-fetcher.ts'
import type {
  OpenOriginFetcher,
  OriginFetcherOptions,
} from '../../src/adapters/origin/open-origin-fetcher.ts'
import type { ActorOutcome, WebfingerOutcome } from '../../src/core/ports/origin.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const signer = {
  keyId: 'https://web.lab.example/actor#main-key',
  privateKeyPem: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
}
const known = {
  keyId: signer.keyId,
  publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
}

describe('reading actors', () => {
  let fediverse: Fediverse
  let reader: OpenOriginFetcher
  const opened: OpenOriginFetcher[] = []

  function open(options: Partial<OriginFetcherOptions> = {}): OpenOriginFetcher {
    const fetcher = openOriginFetcher({
      allowedPrivateRanges: ['127.77.0.0/16'],
      userAgent: 'Cornac/0 (lab)',
      perHost: 2,
      clock: { now: () => Date.now(), sleep: () => Promise.reject(new Error('nobody sleeps here')) },
      silenceTimeoutMs: 250,
      documentTimeoutMs: 800,
      signer: () => Promise.resolve(signer),
      webfingerOrigin: (domain) => fediverse.hosts[fediverse.hostOf(domain)]?.origin ?? '',
      ...options,
    })
    opened.push(fetcher)
    return fetcher
  }

  before(async () => {
    fediverse = await startFediverse({ hosts: 4 })
    fediverse.trust(known)
    reader = open()
  })
  after(async () => {
    await Promise.all(opened.map((fetcher) => fetcher.close()))
    await fediverse.stop()
  })
  afterEach(() => {
    fediverse.clearVice()
    for (const host of fediverse.hosts) host.forget()
  })

  const ada = (host = 0): string => fediverse.actorFor('ada', host)
  const avatar = (host = 0): string => fediverse.urlFor({ username: 'ada', host, which: 'avatar' })
  const header = (host = 0): string => fediverse.urlFor({ username: 'ada', host, which: 'header' })
  const visits = (host = 0) => fediverse.hosts[host]?.visits() ?? assert.fail('no such host')
  const healthy = (host = 0): ActorOutcome => ({
    kind: 'actor',
    actor: {
      id: ada(host),
      preferredUsername: 'ada',
      icon: avatar(host),
      image: header(host),
      suspended: false,
    },
  })
  function outcomeOf(vice: Vice): Promise<ActorOutcome> {
    fediverse.setVice(ada(), vice, 'actor')
    return reader.readActor(ada())
  }

  it('a healthy actor says who it is and where its pictures are, in one signed request', async () => {
    assert.deepEqual(await reader.readActor(ada()), healthy())
    assert.equal(visits().requests, 1)
    assert.equal(visits().signed, 1)
    assert.deepEqual(visits().userAgents, ['Cornac/0 (lab)'])
  })

  describe('signed', () => {
    for (const form of ['draft-cavage', 'rfc9421'] as const) {
      it(`a server that understands only ${form} is given that, and after the first time nothing else`, async () => {
        const fresh = open()
        fediverse.setVice(ada(), { kind: 'needs-signature', form }, 'actor')
        assert.deepEqual(await fresh.readActor(ada()), healthy())
        assert.equal(visits().requests, form === 'rfc9421' ? 2 : 1)
        fediverse.hosts[0]?.forget()
        assert.deepEqual(await fresh.readActor(ada()), healthy())
        assert.equal(visits().requests, 1)
      })
    }

    it('a server that changes its mind is followed', async () => {
      const fresh = open()
      for (const form of ['rfc9421', 'draft-cavage', 'rfc9421'] as const) {
        fediverse.setVice(ada(), { kind: 'needs-signature', form }, 'actor')
        assert.deepEqual(await fresh.readActor(ada()), healthy())
      }
    })

    it('every hop of a redirect is signed for itself, also on another host that wants the other form', async () => {
      fediverse.setVice(ada(1), { kind: 'needs-signature', form: 'rfc9421' }, 'actor')
      fediverse.setVice(ada(), { kind: 'redirect-to', location: `${ada(1)}?from=elsewhere&x=%20` }, 'actor')
      assert.deepEqual(await open().readActor(ada()), healthy(1))
      // On the second host: the wrong form, the right one, and the actor's own address, which has no question.
      assert.deepEqual([visits(0).signed, visits(1).signed], [1, 3])
    })

    it('an address with a question is signed with it', async () => {
      fediverse.setVice(ada(), { kind: 'needs-signature', form: 'draft-cavage' }, 'actor')
      fediverse.setVice('asked', { kind: 'redirect-to', location: `${ada()}?author=1&b=%C3%A9` }, 'actor')
      assert.deepEqual(await reader.readActor(fediverse.actorFor('asked', 1)), healthy())
    })

    it('a server that refuses both forms is asked twice and not more', async () => {
      assert.deepEqual(await outcomeOf({ kind: 'status', status: 401 }), { kind: 'refused', status: 401 })
      assert.equal(visits().requests, 2)
    })

    it('a server that refuses for good is asked once', async () => {
      assert.deepEqual(await outcomeOf({ kind: 'status', status: 403 }), { kind: 'refused', status: 403 })
      assert.equal(visits().requests, 1)
    })

    it('a stranger with another key gets nothing', async () => {
      const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
      const privateKeyPem = other.export({ type: 'pkcs8', format: 'pem' }).toString()
      const stranger = open({ signer: () => Promise.resolve({ ...signer, privateKeyPem }) })
      fediverse.setVice(ada(), { kind: 'needs-signature' }, 'actor')
      assert.deepEqual(await stranger.readActor(ada()), { kind: 'refused', status: 401 })
    })

    it('without a key actors are read unsigned, where that is allowed', async () => {
      for (const unsigned of [open({ signer: null }), open({ signer: () => Promise.resolve(null) })]) {
        assert.deepEqual(await unsigned.readActor(ada()), healthy())
        fediverse.setVice(ada(1), { kind: 'needs-signature' }, 'actor')
        assert.deepEqual(await unsigned.readActor(ada(1)), { kind: 'refused', status: 401 })
        assert.equal(visits(1).requests, 1)
        fediverse.hosts[1]?.forget()
      }
      assert.equal(visits().signed, 0)
    })

    it('the key is asked for once, and again only if the asking failed', async () => {
      let asked = 0
      const fetcher = open({
        signer: () => (++asked === 1 ? Promise.reject(new Error('no database')) : Promise.resolve(signer)),
      })
      await assert.rejects(fetcher.readActor(ada()), /no database/)
      await fetcher.fetch(avatar(), { maxBytes: 1e7, timeoutMs: 1000 })
      assert.equal(asked, 1, 'files are not signed')
      const all = await Promise.all([0, 1, 2, 3].map((host) => fetcher.readActor(ada(host))))
      assert.deepEqual(all, [0, 1, 2, 3].map(healthy))
      assert.equal(asked, 2)
    })
  })

  describe('believed', () => {
    it('an actor that was suspended at home says so', async () => {
      const outcome = await outcomeOf({ kind: 'suspended' })
      assert.deepEqual(outcome.kind === 'actor' && outcome.actor.suspended, true)
    })

    it('a tombstone is gone, as are 404 and 410', async () => {
      assert.deepEqual(await outcomeOf({ kind: 'tombstone' }), { kind: 'gone', status: 410 })
      for (const status of [404, 410])
        assert.deepEqual(await outcomeOf({ kind: 'status', status }), { kind: 'gone', status })
    })

    const forms: readonly PictureForm[] = ['reference', 'list', 'links', 'link']
    for (const form of forms) {
      it(`pictures named by ${form} are found`, async () => {
        assert.deepEqual(await outcomeOf({ kind: 'pictures-as', form }), healthy())
        assert.equal(visits().requests, form === 'reference' ? 3 : 1)
        assert.equal(visits().signed, visits().requests)
      })
    }

    it('a picture whose object cannot be read now is no word that there is none', async () => {
      const icon = `${fediverse.hosts[1]?.origin}/objects/ada/avatar`
      const outcomes: (readonly [Vice, ActorOutcome['kind']])[] = [
        [{ kind: 'status', status: 503, retryAfter: '7' }, 'unavailable'],
        [{ kind: 'silent' }, 'timeout'],
        [{ kind: 'hangs-up' }, 'unreachable'],
        [{ kind: 'status', status: 403 }, 'refused'],
        [{ kind: 'status', status: 404 }, 'actor'],
        [{ kind: 'page' }, 'actor'],
      ]
      for (const [vice, kind] of outcomes) {
        fediverse.setVice(fediverse.hosts[1]?.origin ?? '', vice)
        const outcome = await outcomeOf({ kind: 'actor-fields', fields: { icon } })
        assert.equal(outcome.kind, kind, vice.kind)
        if (outcome.kind === 'actor') assert.equal(outcome.actor.icon, null)
      }
    })

    it('pictures at addresses that are no web addresses are none', async () => {
      for (const url of [
        'file:///etc/passwd',
        '/a.png',
        'javascript:1',
        'http://u:p@a.example/',
        7,
        null,
        [[]],
      ])
        for (const icon of [
          { type: 'Image', url },
          { type: 'Link', href: url },
          [{ type: 'Image', url: [url] }],
        ]) {
          const outcome = await outcomeOf({ kind: 'actor-fields', fields: { icon, image: [] } })
          assert.equal(outcome.kind === 'actor' && outcome.actor.icon, null, JSON.stringify(icon))
          assert.equal(outcome.kind === 'actor' && outcome.actor.image, null)
        }
    })

    it('a document may not speak for another: the other is asked, and answers for itself', async () => {
      assert.deepEqual(await outcomeOf({ kind: 'other-id', id: fediverse.actorFor('bob', 0) }), {
        ...healthy(),
        actor: {
          id: fediverse.actorFor('bob', 0),
          preferredUsername: 'bob',
          icon: fediverse.urlFor({ username: 'bob', host: 0, which: 'avatar' }),
          image: fediverse.urlFor({ username: 'bob', host: 0, which: 'header' }),
          suspended: false,
        },
      })
      assert.equal(visits().requests, 2)
    })

    it('two documents that point at each other are no actor, and are asked once each', async () => {
      fediverse.setVice(fediverse.actorFor('bob', 1), { kind: 'other-id', id: ada() })
      const outcome = await outcomeOf({ kind: 'other-id', id: fediverse.actorFor('bob', 1) })
      assert.deepEqual(outcome, { kind: 'not-an-actor', found: `a document of another address, ${ada()}` })
      assert.deepEqual([visits(0).requests, visits(1).requests], [1, 1])
    })

    it('an address that is private stays out of reach, whoever names it: id, redirect, picture', async () => {
      const guarded = open({ allowedPrivateRanges: ['127.77.0.1/32'] })
      const secret = `${fediverse.hosts[1]?.origin}/users/ada`
      const privately = { kind: 'private-address', host: '127.77.0.2' }
      fediverse.setVice(ada(), { kind: 'other-id', id: secret })
      assert.deepEqual(await guarded.readActor(ada()), privately)
      fediverse.setVice(ada(), { kind: 'redirect-to', location: secret }, 'actor')
      assert.deepEqual(await guarded.readActor(ada()), privately)
      fediverse.setVice(ada(), { kind: 'actor-fields', fields: { icon: secret } })
      const outcome = await guarded.readActor(ada())
      assert.equal(outcome.kind === 'actor' && outcome.actor.icon, null)
      assert.equal(visits(1).requests, 0)
    })
  })

  const others: readonly (readonly [string, Vice, string])[] = [
    ['a friendly page', { kind: 'page' }, 'text/html; charset=utf-8'],
    [
      'an actor under a plain type',
      { kind: 'wrong-type', contentType: 'application/json' },
      'application/json',
    ],
    ['a picture', { kind: 'file', file: 'svg' }, 'image/svg+xml'],
    ['an id that is no address', { kind: 'other-id', id: { '@id': 'x' } }, 'a document without an address'],
    [
      'a post',
      { kind: 'actor-fields', fields: { type: ['Note', 'Object'] } },
      'a document of type Note, Object',
    ],
    ['no type', { kind: 'actor-fields', fields: { type: [7, null] } }, 'a document without a type'],
    ['a status that is no answer', { kind: 'status', status: 204 }, 'status 204'],
  ]
  for (const [words, vice, found] of others) {
    it(`${words} is not an actor, and what it was is told`, async () => {
      assert.deepEqual(await outcomeOf(vice), { kind: 'not-an-actor', found })
    })
  }

  const failures: readonly (readonly [Vice, ActorOutcome])[] = [
    [
      { kind: 'status', status: 429, retryAfter: '60' },
      { kind: 'unavailable', status: 429, retryAfterMs: 60_000 },
    ],
    [
      { kind: 'status', status: 500 },
      { kind: 'unavailable', status: 500, retryAfterMs: null },
    ],
    [{ kind: 'silent' }, { kind: 'timeout', connected: true }],
    [{ kind: 'stalls' }, { kind: 'timeout', connected: true }],
    [{ kind: 'endless' }, { kind: 'not-an-actor', found: 'image/png' }],
    [{ kind: 'redirect-loop' }, { kind: 'too-many-redirects' }],
    [
      { kind: 'redirect-to', location: 'ftp://a.example/' },
      { kind: 'bad-url', url: 'ftp://a.example/' },
    ],
  ]
  for (const [vice, expected] of failures) {
    it(`an actor that ${JSON.stringify(vice)} ends as ${expected.kind}, like a file`, async () => {
      assert.deepEqual(await outcomeOf(vice), expected)
    })
  }

  it('a document of more than a megabyte is too large, also if it is one only when unfolded', async () => {
    const fields = { summary: 'x'.repeat(1024 * 1024) }
    const limit = { kind: 'too-large', limit: 1024 * 1024 }
    assert.deepEqual(await outcomeOf({ kind: 'actor-fields', fields }), limit)
  })

  it('whatever JSON says, it is an outcome', async () => {
    const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`) as unknown
    const nasty = JSON.parse(
      '{"__proto__":{"url":"http://a.example/"},"constructor":1,"url":1e999}',
    ) as unknown
    const any = fc.oneof(
      fc.jsonValue({ maxDepth: 4 }),
      fc.constantFrom<unknown>(deep, nasty, 1e308, [], {}, '', ['Image'], { type: 'Image', url: {} }),
    )
    const property = fc.asyncProperty(any, any, any, any, async (type, icon, name, suspended) => {
      const fields = { type: [type, 'Person'], icon, preferredUsername: name, suspended }
      const outcome = await outcomeOf({ kind: 'actor-fields', fields })
      assert.ok(
        ['actor', 'bad-url', 'gone', 'unreachable', 'private-address'].includes(outcome.kind),
        outcome.kind,
      )
      if (outcome.kind !== 'actor') return
      assert.ok(outcome.actor.icon === null || /^https?:/i.test(outcome.actor.icon))
      assert.ok(['string', 'object'].includes(typeof outcome.actor.preferredUsername))
      assert.equal(typeof outcome.actor.suspended, 'boolean')
    })
    await fc.assert(property, { numRuns: 150 })
  })

  it('files and actors share the two turns at a host', async () => {
    fediverse.setVice('slow', { kind: 'slow', bytesPerSecond: 60_000 })
    const slow = fediverse.urlFor({ username: 'slow', host: 2, which: 'avatar', extension: 'png' })
    await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        index % 3 === 0 ? reader.fetch(slow, { maxBytes: 1e7, timeoutMs: 5000 }) : reader.readActor(ada(2)),
      ),
    )
    assert.equal(visits(2).requests, 30)
    assert.equal(visits(2).peak, 2)
  })

  it('giving up throws the reason given', async () => {
    fediverse.setVice(ada(), { kind: 'silent' }, 'actor')
    const leaving = new AbortController()
    const reading = reader.readActor(ada(), { signal: leaving.signal })
    const settled = assert.rejects(reading, (error) => error === 'enough')
    await sleep(50)
    leaving.abort('enough')
    await settled
  })

  describe('asking webfinger', () => {
    const domain = 'social.example'
    const host = (): number => fediverse.hostOf(domain)
    const account = { username: 'ada', domain }
    const found = (): WebfingerOutcome => ({ kind: 'found', uri: ada(host()) })
    const given = (vice: Vice): void => fediverse.setVice(ada(host()), vice, 'actor')

    it('the domain says where the actor is, unsigned', async () => {
      assert.deepEqual(await reader.webfinger(account), found())
      assert.equal(visits(host()).signed, 0)
    })

    it('by default the domain itself is asked, over TLS', async () => {
      const asked: string[] = []
      const fetcher = open({
        webfingerOrigin: undefined,
        resolve: (name) => {
          asked.push(name)
          return Promise.resolve(['127.77.0.1'])
        },
      })
      const outcome = await fetcher.webfinger(account)
      assert.match(outcome.kind === 'unreachable' ? outcome.reason : outcome.kind, /127\.77\.0\.1:443/)
      assert.deepEqual(asked, [domain])
      assert.equal(visits(0).requests, 0)
    })

    it('an actor that moved is found at its new address', async () => {
      for (const status of [404, 410] as const) {
        given({ kind: 'actor-moved', status })
        assert.deepEqual(await reader.readActor(ada(host())), { kind: 'gone', status })
        const there = await reader.webfinger(account)
        assert.equal(there.kind, 'found')
        const actor = await reader.readActor(there.kind === 'found' ? there.uri : '')
        assert.equal(actor.kind === 'actor' && actor.actor.icon, avatar(host()))
      }
    })

    it('host-meta is asked where webfinger is not in its place', async () => {
      given({ kind: 'webfinger-elsewhere' })
      assert.deepEqual(await reader.webfinger(account), found())
      assert.deepEqual(
        [...visits(host()).paths.keys()],
        ['/.well-known/webfinger', '/.well-known/host-meta', '/elsewhere/webfinger'],
      )
    })

    const ends: readonly (readonly [string, Vice, WebfingerOutcome])[] = [
      ['an account nobody has is unknown', { kind: 'status', status: 404 }, { kind: 'unknown' }],
      ['410 is gone', { kind: 'status', status: 410 }, { kind: 'gone', status: 410 }],
      [
        'a parked domain says nothing of the account',
        { kind: 'page' },
        { kind: 'unreachable', reason: 'webfinger answers with broken JSON', connected: true },
      ],
      [
        'an answer without content says nothing of the account',
        { kind: 'status', status: 204 },
        { kind: 'unreachable', reason: 'webfinger answers with status 204', connected: true },
      ],
      [
        'a pause is handed on',
        { kind: 'status', status: 503, retryAfter: '9' },
        { kind: 'unavailable', status: 503, retryAfterMs: 9000 },
      ],
    ]
    for (const [words, vice, expected] of ends) {
      it(words, async () => {
        given(vice)
        assert.deepEqual(await reader.webfinger(account), expected)
      })
    }

    it('a name or a domain that would ask something else is asked as it is written, or not at all', async () => {
      for (const bad of ['a.example/x', 'me@a.example', 'a.example?', 'a b', 'a#b', 'a\\b', '']) {
        assert.equal((await reader.webfinger({ username: 'ada', domain: bad })).kind, 'bad-url', bad)
      }
      await reader.webfinger({ username: 'a&resource=acct:bob', domain })
      assert.deepEqual([...visits(host()).paths.keys()], ['/.well-known/webfinger'])
    })
  })
})

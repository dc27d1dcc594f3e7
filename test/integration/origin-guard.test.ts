/** Nothing reaches an address that is not public: not by name, by number, by redirect, or by changing one's mind. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startFediverse } from '../../lab/fediverse/fediverse.ts'
import type { Fediverse } from '../../lab/fediverse/fediverse.ts'
import { openOriginFetcher } from '../../src/adapters/origin/open-origin-fetcher.ts'
import type { OpenOriginFetcher } from '../../src/adapters/origin/open-origin-fetcher.ts'

const LIMITS = { maxBytes: 1024 * 1024, timeoutMs: 2000 }
const clock = { now: () => Date.now(), sleep: () => Promise.resolve() }

describe('the address guard', () => {
  let fediverse: Fediverse
  /** Answers of the resolver by name, one after the other; the last one stays. */
  const names = new Map<string, string[][]>()
  const asked: string[] = []
  const opened: OpenOriginFetcher[] = []

  function open(allowedPrivateRanges: readonly string[]): OpenOriginFetcher {
    const fetcher = openOriginFetcher({
      allowedPrivateRanges,
      userAgent: 'lab',
      signer: null,
      perHost: 2,
      clock,
      connectTimeoutMs: 500,
      resolve: async (host) => {
        asked.push(host)
        const answers = names.get(host)
        const answer = answers !== undefined && answers.length > 1 ? answers.shift() : answers?.[0]
        if (answer === undefined) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
        return answer
      },
    })
    opened.push(fetcher)
    return fetcher
  }

  before(async () => {
    fediverse = await startFediverse({ hosts: 2 })
  })
  after(() => fediverse.stop())
  afterEach(async () => {
    fediverse.clearVice()
    for (const host of fediverse.hosts) host.forget()
    names.clear()
    asked.length = 0
    await Promise.all(opened.splice(0).map((fetcher) => fetcher.close()))
  })

  const port = (): number => fediverse.hosts[0]?.port ?? 0
  const path = '/pictures/ada/avatar.png'
  const visits = (): number => fediverse.hosts.reduce((sum, host) => sum + host.visits().requests, 0)

  it('without an exception the whole lab is private', async () => {
    const fetcher = open([])
    for (const { address, origin } of fediverse.hosts) {
      assert.deepEqual(await fetcher.fetch(origin + path, LIMITS), { kind: 'private-address', host: address })
    }
    assert.equal(visits(), 0)
  })

  it('literal addresses are refused in every spelling, and no name is asked', async () => {
    const fetcher = open([])
    const spellings = [
      '127.77.0.1',
      '0x7f.0x4d.1',
      '2135752705',
      '0177.0115.0.1',
      '127.77.1',
      '127.77.0.1.',
      '[::1]',
      '[::ffff:127.77.0.1]',
      '[::127.77.0.1]',
      '[fe80::1]',
      '10.0.0.1',
      '169.254.169.254',
      '0.0.0.0',
      '[::]',
      '[64:ff9b::7f4d:1]',
    ]
    for (const spelling of spellings) {
      const outcome = await fetcher.fetch(`http://${spelling}:${port()}${path}`, LIMITS)
      assert.equal(outcome.kind, 'private-address', spelling)
    }
    assert.deepEqual(asked, [])
    assert.equal(visits(), 0)
  })

  it('a name that leads to private addresses is refused, over http and https', async () => {
    const fetcher = open([])
    names.set('inside.example', [['127.77.0.1', '::ffff:127.77.0.1', '10.0.0.1']])
    for (const scheme of ['http', 'https']) {
      const outcome = await fetcher.fetch(`${scheme}://inside.example:${port()}${path}`, LIMITS)
      assert.deepEqual(outcome, { kind: 'private-address', host: 'inside.example' })
    }
    assert.equal(visits(), 0)
  })

  it('of a name with private and permitted addresses only the permitted ones are reached', async () => {
    const fetcher = open(['127.77.0.2/32'])
    names.set('both.example', [['127.77.0.1', '127.77.0.2']])
    assert.equal((await fetcher.fetch(`http://both.example:${port()}${path}`, LIMITS)).kind, 'fetched')
    assert.equal(fediverse.hosts[0]?.visits().requests, 0)
    assert.equal(fediverse.hosts[1]?.visits().requests, 1)
  })

  it('a name that changes its mind after the check is not asked again: the checked address is connected to', async () => {
    const fetcher = open(['127.77.0.2/32'])
    names.set('rebind.example', [['127.77.0.2'], ['127.77.0.1']])
    const outcome = await fetcher.fetch(`http://rebind.example:${port()}${path}`, LIMITS)
    assert.equal(outcome.kind, 'fetched')
    assert.deepEqual(asked, ['rebind.example'])
    assert.equal(fediverse.hosts[0]?.visits().requests, 0)
  })

  it('the next connection to such a name is checked anew', async () => {
    const fetcher = open(['127.77.0.2/32'])
    names.set('rebind.example', [['127.77.0.2'], ['127.77.0.1']])
    fediverse.setVice('bye', { kind: 'hangs-up' })
    const url = (username: string): string =>
      `http://rebind.example:${port()}/pictures/${username}/avatar.png`
    assert.equal((await fetcher.fetch(url('bye'), LIMITS)).kind, 'unreachable')
    assert.deepEqual(await fetcher.fetch(url('ada'), LIMITS), {
      kind: 'private-address',
      host: 'rebind.example',
    })
    assert.equal(fediverse.hosts[0]?.visits().requests, 0)
  })

  it('a permitted origin cannot redirect to a private one, by number or by name', async () => {
    const fetcher = open(['127.77.0.2/32'])
    names.set('inside.example', [['127.77.0.1']])
    const targets = [
      [`http://127.77.0.1:${port()}/`, '127.77.0.1'],
      ['http://10.0.0.1/', '10.0.0.1'],
      [`http://[::ffff:7f4d:1]:${port()}/`, '::ffff:7f4d:1'],
      [`//inside.example:${port()}/`, 'inside.example'],
      [`http://localhost.example.onion/`, 'localhost.example.onion'],
    ] as const
    for (const [location, host] of targets) {
      fediverse.setVice('ada', { kind: 'redirect-to', location })
      const start = fediverse.urlFor({ username: 'ada', host: 1, which: 'avatar' })
      assert.deepEqual(await fetcher.fetch(start, LIMITS), { kind: 'private-address', host })
    }
    assert.equal(fediverse.hosts[0]?.visits().requests, 0)
  })

  it('hidden services are not asked of DNS', async () => {
    const fetcher = open(['0.0.0.0/0'])
    for (const host of ['abc.onion', 'abc.i2p', 'abc.onion.']) {
      assert.equal((await fetcher.fetch(`http://${host}/x.png`, LIMITS)).kind, 'private-address')
    }
    assert.deepEqual(asked, [])
  })

  it('a name nobody has is unreachable, and says so', async () => {
    const outcome = await open([]).fetch('http://nobody.example/x.png', LIMITS)
    assert.deepEqual(outcome, {
      kind: 'unreachable',
      reason: 'the name nobody.example does not resolve (ENOTFOUND)',
      connected: false,
    })
  })

  it('a name server that says nothing keeps the host out of reach; one that is asked on the way of a redirect does not', async () => {
    const fetcher = openOriginFetcher({
      allowedPrivateRanges: ['127.77.0.0/16'],
      userAgent: 'lab',
      signer: null,
      perHost: 2,
      clock,
      resolve: async () => {
        await sleep(500)
        throw new Error('no answer in time')
      },
    })
    opened.push(fetcher)
    const mute = 'http://mute.example/x.png'
    const limits = { maxBytes: 1024, timeoutMs: 150 }
    assert.deepEqual(await fetcher.fetch(mute, limits), { kind: 'timeout', connected: false })
    fediverse.setVice('ada', { kind: 'redirect-to', location: mute })
    const sentOn = await fetcher.fetch(`${fediverse.hosts[0]?.origin}${path}`, limits)
    assert.deepEqual(sentOn, { kind: 'timeout', connected: true })
  })

  it('localhost needs no name server to be refused', async () => {
    const fetcher = openOriginFetcher({
      allowedPrivateRanges: [],
      userAgent: 'lab',
      perHost: 1,
      clock,
      signer: null,
    })
    opened.push(fetcher)
    for (const host of ['localhost', 'LOCALHOST', 'a.localhost', 'localhost.']) {
      assert.equal((await fetcher.fetch(`http://${host}:${port()}/`, LIMITS)).kind, 'private-address', host)
    }
  })
})

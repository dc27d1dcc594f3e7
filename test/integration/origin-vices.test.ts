/** Every vice of an origin ends in its own named outcome, in time, and takes no more than it may. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startFediverse } from '../../lab/fediverse/fediverse.ts'
import type { Fediverse } from '../../lab/fediverse/fediverse.ts'
import type { Vice } from '../../lab/fediverse/vices.ts'
import { openOriginFetcher } from '../../src/adapters/origin/open-origin-fetcher.ts'
import type { OpenOriginFetcher } from '../../src/adapters/origin/open-origin-fetcher.ts'
import type { FetchOutcome } from '../../src/core/ports/origin.ts'

const NOW = Date.UTC(2025, 10, 21, 12, 0, 0)
const LIMITS = { maxBytes: 1024 * 1024, timeoutMs: 800 }

describe('fetching from origins', () => {
  let fediverse: Fediverse
  let fetcher: OpenOriginFetcher
  before(async () => {
    fediverse = await startFediverse({ hosts: 4 })
    fetcher = openOriginFetcher({
      allowedPrivateRanges: ['127.77.0.0/16'],
      userAgent: 'Cornac/0 (lab; +https://lab.example/)',
      signer: null,
      perHost: 2,
      clock: { now: () => NOW, sleep: () => Promise.reject(new Error('nobody sleeps here')) },
      silenceTimeoutMs: 250,
    })
  })
  after(async () => {
    await fetcher.close()
    await fediverse.stop()
  })
  afterEach(() => {
    fediverse.clearVice()
    for (const host of fediverse.hosts) host.forget()
  })

  const avatar = (username: string, host = 0): string =>
    fediverse.urlFor({ username, host, which: 'avatar', extension: 'png' })

  async function outcomeOf(vice: Vice): Promise<FetchOutcome> {
    fediverse.setVice('ada', vice)
    return fetcher.fetch(avatar('ada'), LIMITS)
  }

  it('a healthy picture arrives as it was sent', async () => {
    const outcome = await fetcher.fetch(avatar('ada'), LIMITS)
    const sent = new Uint8Array(await (await fetch(avatar('ada'))).arrayBuffer())
    assert.deepEqual(outcome, { kind: 'fetched', bytes: Buffer.from(sent), url: avatar('ada') })
  })

  it('the origin learns who asks', async () => {
    await fetcher.fetch(avatar('ada'), LIMITS)
    assert.deepEqual(fediverse.hosts[0]?.visits().userAgents, ['Cornac/0 (lab; +https://lab.example/)'])
  })

  const statuses: readonly (readonly [number, string | undefined, FetchOutcome])[] = [
    [404, undefined, { kind: 'gone', status: 404 }],
    [410, undefined, { kind: 'gone', status: 410 }],
    [400, undefined, { kind: 'refused', status: 400 }],
    [401, undefined, { kind: 'refused', status: 401 }],
    [403, '60', { kind: 'refused', status: 403 }],
    [451, undefined, { kind: 'refused', status: 451 }],
    [304, undefined, { kind: 'refused', status: 304 }],
    [408, undefined, { kind: 'unavailable', status: 408, retryAfterMs: null }],
    [429, '60', { kind: 'unavailable', status: 429, retryAfterMs: 60_000 }],
    [500, undefined, { kind: 'unavailable', status: 500, retryAfterMs: null }],
    [501, undefined, { kind: 'unavailable', status: 501, retryAfterMs: null }],
    [502, 'soon', { kind: 'unavailable', status: 502, retryAfterMs: null }],
    [503, 'Fri, 21 Nov 2025 12:05:00 GMT', { kind: 'unavailable', status: 503, retryAfterMs: 300_000 }],
  ]
  for (const [status, retryAfter, expected] of statuses) {
    it(`status ${status}${retryAfter === undefined ? '' : ` with a pause of ${retryAfter}`} is ${expected.kind}`, async () => {
      assert.deepEqual(await outcomeOf({ kind: 'status', status, retryAfter }), expected)
    })
  }

  const faults: readonly (readonly [string, Vice, FetchOutcome | RegExp])[] = [
    [
      'an origin that takes the request and says nothing',
      { kind: 'silent' },
      { kind: 'timeout', connected: true },
    ],
    ['a body that stops halfway', { kind: 'stalls' }, { kind: 'timeout', connected: true }],
    ['a body that drips', { kind: 'slow', bytesPerSecond: 400 }, { kind: 'timeout', connected: true }],
    [
      'a connection closed without an answer',
      { kind: 'hangs-up' },
      /^other side closed|socket hang up|ECONNRESET/,
    ],
    ['an answer that is not HTTP', { kind: 'babbles' }, /does not match the HTTP/],
    ['a body shorter than promised', { kind: 'truncated' }, /other side closed|terminated/],
    ['a connection reset within the body', { kind: 'reset' }, /ECONNRESET/],
    ['a body of 50 MB', { kind: 'huge', bytes: 50_000_000 }, { kind: 'too-large', limit: LIMITS.maxBytes }],
    ['a body without an end', { kind: 'endless' }, { kind: 'too-large', limit: LIMITS.maxBytes }],
    [
      '200 KB of gzip that unfold to 200 MB',
      { kind: 'gzip-bomb' },
      { kind: 'too-large', limit: LIMITS.maxBytes },
    ],
    ['a redirect to itself', { kind: 'redirect-loop' }, { kind: 'too-many-redirects' }],
    ['four redirects', { kind: 'redirects', hops: 4 }, { kind: 'too-many-redirects' }],
    ['a redirect to nowhere', { kind: 'redirect-nowhere' }, { kind: 'refused', status: 302 }],
    ['a wish for a signature', { kind: 'needs-signature' }, { kind: 'refused', status: 401 }],
    ['a moved picture', { kind: 'moved' }, { kind: 'gone', status: 404 }],
  ]
  for (const [words, vice, expected] of faults) {
    const kind = expected instanceof RegExp ? 'unreachable' : expected.kind
    it(`${words} is ${kind}`, async () => {
      const started = performance.now()
      const outcome = await outcomeOf(vice)
      assert.ok(performance.now() - started < LIMITS.timeoutMs + 400, 'it took longer than the limit')
      if (!(expected instanceof RegExp)) return assert.deepEqual(outcome, expected)
      assert.equal(outcome.kind, 'unreachable')
      assert.match(outcome.kind === 'unreachable' ? outcome.reason : '', expected)
      assert.equal(outcome.kind === 'unreachable' && outcome.connected, true)
    })
  }

  it("what the bytes are is not the fetcher's business: pages, wrong types and odd files are fetched", async () => {
    const vices: readonly Vice[] = [
      { kind: 'page' },
      { kind: 'wrong-type', contentType: 'text/html' },
      { kind: 'file', file: 'svg' },
      { kind: 'file', file: 'empty' },
      { kind: 'file', file: 'gif-bomb' },
    ]
    for (const vice of vices) assert.equal((await outcomeOf(vice)).kind, 'fetched', vice.kind)
  })

  it('a body in gzip that nobody asked for is unfolded', async () => {
    const plain = await fetcher.fetch(avatar('ada'), LIMITS)
    assert.deepEqual(await outcomeOf({ kind: 'gzip' }), plain)
  })

  it('three redirects are followed, also to another host, and the last address is told', async () => {
    fediverse.setVice('ada', { kind: 'redirects', hops: 3 })
    fediverse.setVice('bob', { kind: 'redirect-to', location: avatar('cy', 3) })
    const same = await fetcher.fetch(avatar('ada'), LIMITS)
    assert.equal(same.kind === 'fetched' ? same.url : same.kind, `${avatar('ada')}?hops=0`)
    const other = await fetcher.fetch(avatar('bob'), LIMITS)
    assert.equal(other.kind === 'fetched' ? other.url : other.kind, avatar('cy', 3))
  })

  it('a redirect to another scheme, to credentials or to nonsense is a bad url', async () => {
    for (const location of [
      'file:///etc/passwd',
      'gopher://127.77.0.1/',
      'http://me:pw@127.77.0.1/',
      'http://[',
    ]) {
      assert.deepEqual(await outcomeOf({ kind: 'redirect-to', location }), { kind: 'bad-url', url: location })
    }
  })

  it('a port where nobody listens, a name nobody has and TLS with a server that speaks none are unreachable', async () => {
    const [port, address] = [fediverse.hosts[0]?.port ?? 0, '127.77.0.1']
    const closed = createServer().listen(0, address)
    await new Promise((resolve) => closed.once('listening', resolve))
    const free = (closed.address() as AddressInfo).port
    await new Promise((resolve) => closed.close(resolve))
    const refused = await fetcher.fetch(`http://${address}:${free}/x.png`, LIMITS)
    assert.match(refused.kind === 'unreachable' ? refused.reason : refused.kind, /ECONNREFUSED/)
    const noTls = await fetcher.fetch(`https://${address}:${port}/x.png`, LIMITS)
    assert.match(noTls.kind === 'unreachable' ? noTls.reason : noTls.kind, /SSL|EPROTO|TLS/)
    for (const outcome of [refused, noTls]) assert.equal('connected' in outcome && outcome.connected, false)
    fediverse.setVice('ada', { kind: 'redirect-to', location: `http://${address}:${free}/x.png` })
    const sentOn = await fetcher.fetch(avatar('ada'), LIMITS)
    assert.equal('connected' in sentOn && sentOn.connected, true, 'the host that was asked did answer')
  })

  it('a hundred callers never make more than two requests at once to one host', async () => {
    const callers = Array.from({ length: 100 }, (_, index) => index)
    fediverse.setVice('slow', { kind: 'slow', bytesPerSecond: 60_000 })
    const outcomes = await Promise.all(
      callers.map((index) =>
        fetcher.fetch(avatar(index % 5 === 0 ? 'slow' : `u${index}`, index % 2), LIMITS),
      ),
    )
    assert.deepEqual(new Set(outcomes.map(({ kind }) => kind)), new Set(['fetched']))
    for (const host of fediverse.hosts.slice(0, 2)) {
      assert.equal(host.visits().requests, 50)
      assert.equal(host.visits().peak, 2)
    }
  })

  it('waiting for a turn costs none of the time limit', async () => {
    fediverse.setVice('mute', { kind: 'silent' })
    const limits = { maxBytes: 1e6, timeoutMs: 120 }
    const mute = Array.from({ length: 6 }, () => fetcher.fetch(avatar('mute', 1), limits))
    const last = fetcher.fetch(avatar('ada', 1), limits)
    assert.deepEqual(new Set((await Promise.all(mute)).map(({ kind }) => kind)), new Set(['timeout']))
    assert.equal((await last).kind, 'fetched')
  })

  it('redirects take turns at each host they pass, so hosts that point at each other do not block for ever', async () => {
    fediverse.setVice(fediverse.actorFor('ping', 0), { kind: 'redirect-to', location: avatar('ping', 1) })
    fediverse.setVice(fediverse.actorFor('pong', 1), { kind: 'redirect-to', location: avatar('pong', 0) })
    const all = Array.from({ length: 20 }, (_, index) =>
      fetcher.fetch(index % 2 === 0 ? avatar('ping', 0) : avatar('pong', 1), LIMITS),
    )
    assert.deepEqual(new Set((await Promise.all(all)).map(({ kind }) => kind)), new Set(['fetched']))
  })

  it('giving up throws the reason given, while fetching, while waiting for a turn, and before', async () => {
    fediverse.setVice('mute', { kind: 'silent' })
    const leaving = new AbortController()
    const calls = Array.from({ length: 5 }, () =>
      fetcher.fetch(avatar('mute', 2), { maxBytes: 1e6, timeoutMs: 5000 }, { signal: leaving.signal }),
    )
    const settled = Promise.allSettled(calls)
    await sleep(60)
    const reason = new Error('the admin left')
    leaving.abort(reason)
    for (const result of await settled) assert.equal(result.status === 'rejected' && result.reason, reason)
    await assert.rejects(fetcher.fetch(avatar('ada', 2), LIMITS, { signal: leaving.signal }), reason)
    assert.equal((await fetcher.fetch(avatar('ada', 2), LIMITS)).kind, 'fetched')
  })

  it('closing ends what is still being fetched', async () => {
    const own = openOriginFetcher({
      allowedPrivateRanges: ['127.77.0.0/16'],
      userAgent: 'lab',
      signer: null,
      perHost: 1,
      clock: { now: () => NOW, sleep: () => Promise.resolve() },
    })
    fediverse.setVice('mute', { kind: 'silent' })
    const pending = own.fetch(avatar('mute', 3), { maxBytes: 1e6, timeoutMs: 5000 })
    await sleep(50)
    await own.close()
    assert.equal((await pending).kind, 'unreachable')
  })
})

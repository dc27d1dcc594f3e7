/** How much a heal may do: it stops in time, says so, and the next run goes on where it ended. */
import assert from 'node:assert/strict'
import { before, beforeEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import { startHosts } from '../../lab/fediverse/start-hosts.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import type { HealBudget } from '../../src/core/heal/budget.ts'
import type { HealPorts, HealResult } from '../../src/core/heal/heal.ts'
import type { HealTarget } from '../../src/core/model/heal-target.ts'
import { forgetVisits, visited } from '../heal-cast.ts'
import {
  breakProfiles,
  fediverse,
  fetchable,
  findingsOfProfiles,
  forecast,
  forgetAll,
  heal,
  stageOfFile,
  type Stage,
} from '../heal-stage.ts'
import { needs } from '../needs.ts'

/** They take half the time of headers, and are as good here. */
const AVATARS = { kinds: ['avatar'] } as const
const NONE: HealBudget = { limit: null, maxDurationMs: null, maxBytes: null }

async function brokenAvatars(stage: Stage): Promise<number> {
  const { fixable, skipped } = await forecast(stage, AVATARS)
  return fixable + (skipped['not-yet'] ?? 0) + (skipped['host-resting'] ?? 0)
}

async function fetchableAvatars(stage: Stage): Promise<HealTarget[]> {
  return (await fetchable(stage)).filter(({ record }) => record.kind === 'avatar')
}

function requests(): number {
  return [...visited().values()].reduce((a, b) => a + b, 0)
}

describe('a budget', needs('postgres'), () => {
  const file = stageOfFile()
  let stage: Stage
  let wanted: number
  before(async () => {
    stage = file.stage
    await stage.sql('CREATE TABLE told AS SELECT id, avatar_remote_url AS url FROM accounts')
  })
  beforeEach(async () => {
    fediverse.clearVice()
    await forgetAll(stage)
    await stage.sql('UPDATE accounts a SET avatar_remote_url = told.url FROM told WHERE told.id = a.id')
    await breakProfiles(stage)
    wanted = await brokenAvatars(stage)
    assert.ok(wanted > 40, `only ${wanted} broken`)
    forgetVisits()
  })

  /** Run after run with the same budget until one sees everything. */
  async function runs(
    budget: Partial<HealBudget>,
    replaced: () => Partial<HealPorts> = () => ({}),
    concurrency = 8,
  ): Promise<HealResult[]> {
    const results: HealResult[] = []
    do {
      results.push(await heal(stage, replaced(), { ...AVATARS, budget: { ...NONE, ...budget }, concurrency }))
      assert.ok(results.length < 100, 'no end in sight')
    } while (results.at(-1)?.stopped !== null)
    return results
  }

  async function assertAllHealed(results: readonly HealResult[]): Promise<void> {
    assert.equal(
      results.reduce((sum, { healed }) => sum + healed, 0),
      wanted,
    )
    assert.equal(await brokenAvatars(stage), 0)
    assert.equal(requests(), wanted, 'nothing was asked for twice')
    const lines = await findingsOfProfiles(stage)
    assert.deepEqual(
      lines.filter((line) => line.startsWith('orphan')),
      [],
    )
  }

  test('a limit stops at exactly that many tries; run after run everything is healed', async () => {
    const limit = 15
    const results = await runs({ limit })
    assert.equal(results.length, Math.ceil(wanted / limit))
    for (const { healed, stopped } of results.slice(0, -1))
      assert.deepEqual([healed, stopped], [limit, 'limit'])
    await assertAllHealed(results)
  })

  test('a limit that is just enough did not stop anything', async () => {
    const result = await heal(stage, {}, { ...AVATARS, budget: { ...NONE, limit: wanted } })
    assert.deepEqual([result.healed, result.stopped], [wanted, null])
  })

  test('a try that fails is a try; what waits for its time costs nothing', async () => {
    for (const { origin } of fediverse.hosts)
      fediverse.setVice(origin, { kind: 'status', status: 404 }, 'pictures')
    const budget = { ...NONE, limit: 10 }
    const first = await heal(stage, {}, { ...AVATARS, budget })
    assert.deepEqual([first.failed, first.stopped], [{ gone: 10 }, 'limit'])
    fediverse.clearVice()
    const second = await heal(stage, {}, { ...AVATARS, budget })
    assert.deepEqual([second.healed, second.skipped['not-yet'], second.stopped], [10, 10, 'limit'])
  })

  test('nothing is begun after the time is up, by the clock that heal is given', async () => {
    const slowing = (): Partial<HealPorts> => {
      let aheadMs = 0
      const { images } = stage.ports
      return {
        clock: { ...systemClock, now: () => systemClock.now() + aheadMs },
        images: {
          ...images,
          make(...args: Parameters<typeof images.make>) {
            aheadMs += 60_000
            return images.make(...args)
          },
        },
      }
    }
    const results = await runs({ maxDurationMs: 10 * 60_000 }, slowing, 1)
    for (const { healed, stopped, seconds } of results.slice(0, -1)) {
      assert.deepEqual([healed, stopped], [10, 'duration'])
      assert.ok(seconds >= 600 && seconds < 660, String(seconds))
    }
    await assertAllHealed(results)
  })

  test('slow origins cannot hold a run much longer than its time', async () => {
    for (const { origin } of fediverse.hosts)
      fediverse.setVice(origin, { kind: 'slow', bytesPerSecond: 8_000 })
    const startedAt = performance.now()
    const result = await heal(
      stage,
      {},
      { ...AVATARS, budget: { ...NONE, maxDurationMs: 300 }, timeoutMs: 2_000 },
    )
    const tookMs = performance.now() - startedAt
    assert.equal(result.stopped, 'duration')
    // One picture's own limit, and what the machine takes.
    assert.ok(tookMs < 300 + 2_000 + 3_000, `${tookMs} ms`)
    assert.ok(result.healed + result.unhealed <= 8)
    fediverse.clearVice()
    await forgetAll(stage)
    await heal(stage, {}, AVATARS)
    assert.equal(await brokenAvatars(stage), 0)
  })

  test('nothing is begun once that many bytes were fetched; run after run everything is healed', async () => {
    const maxBytes = 100_000
    let largest = 0
    const { images } = stage.ports
    const measuring = {
      ...images,
      make(...[bytes, ...rest]: Parameters<typeof images.make>) {
        largest = Math.max(largest, bytes.length)
        return images.make(bytes, ...rest)
      },
    }
    const results = await runs({ maxBytes }, () => ({ images: measuring }), 4)
    assert.ok(results.length > 2, `only ${results.length} runs`)
    for (const { bytesFetched, stopped } of results.slice(0, -1)) {
      assert.equal(stopped, 'bytes')
      assert.ok(bytesFetched >= maxBytes && bytesFetched <= maxBytes + 4 * largest, String(bytesFetched))
    }
    await assertAllHealed(results)
  })

  for (const [concurrency, perHost] of [
    [3, 2],
    [16, 2],
    [16, 1],
  ] as const)
    test(`${concurrency} records at once, ${perHost} of one origin: the origins see as many requests and no more`, async () => {
      await using origins = await countingOrigins(5)
      await moveAll(stage, origins.addresses)
      const result = await heal(stage, {}, { ...AVATARS, concurrency, perHost })
      assert.equal(result.healed, wanted)
      assert.equal(origins.peak(), Math.min(concurrency, perHost * 5))
      for (const peak of origins.peaks()) assert.ok(peak <= perHost, `${peak} at once`)
    })

  test('documents and pictures of one origin share its two turns', async () => {
    for (const { record } of await fetchableAvatars(stage))
      fediverse.setVice(record.remoteUrl!, { kind: 'moved' })
    const result = await heal(stage, {}, { ...AVATARS, concurrency: 16 })
    assert.ok((result.from['new-url'] ?? 0) > 40)
    for (const host of fediverse.hosts) assert.ok(host.visits().peak <= 2, `${host.visits().peak} at once`)
  })
})

/** The broken pictures' addresses, dealt out to these origins in turn. */
async function moveAll(stage: Stage, addresses: readonly string[]): Promise<void> {
  for (const [i, { record }] of (await fetchableAvatars(stage)).entries())
    await stage.sql('UPDATE accounts SET avatar_remote_url = $1 WHERE id = $2', [
      `${addresses[i % addresses.length]}/${i}.png`,
      record.id,
    ])
}

interface CountingOrigins extends AsyncDisposable {
  readonly addresses: readonly string[]
  /** Most requests open at once, over all of them. */
  peak(): number
  /** And at each. */
  peaks(): readonly number[]
}

/** Origins that take their time, and count together what is open at once. */
async function countingOrigins(count: number): Promise<CountingOrigins> {
  const picture = await sharp({ create: { width: 40, height: 40, channels: 3, background: 'teal' } })
    .png()
    .toBuffer()
  let open = 0
  let peak = 0
  const hosts = await startHosts({ hosts: count }, async (_host, _request, response) => {
    peak = Math.max(peak, ++open)
    await sleep(40)
    // Before the last byte leaves: the next request may come at once.
    open--
    response.writeHead(200, { 'content-type': 'image/png', 'content-length': picture.length }).end(picture)
  })
  return {
    addresses: hosts.map(({ origin }) => origin),
    peak: () => peak,
    peaks: () => hosts.map((host) => host.visits().peak),
    async [Symbol.asyncDispose]() {
      await Promise.all(hosts.map((host) => host.stop()))
    },
  }
}

/** What heal remembers: who said no, for how long that counts, and which hosts are to be left in peace. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { before, beforeEach, describe, test } from 'node:test'
import sharp from 'sharp'
import { freePort } from '../../lab/servers/free-ports.ts'
import type { Vice } from '../../lab/fediverse/vices.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import type { HealPorts } from '../../src/core/heal/heal.ts'
import type { Clock } from '../../src/core/ports/runtime.ts'
import type { HostEntry, LedgerEntry } from '../../src/core/ports/state.ts'
import type { HealTarget } from '../../src/core/model/heal-target.ts'
import { Cast, forgetVisits, healPeople, visited, type Person } from '../heal-cast.ts'
import {
  breakProfiles,
  fediverse,
  fetchable,
  forgetAll,
  heal,
  onDisk,
  stageOfFile,
  type Stage,
} from '../heal-stage.ts'
import { healRecords, lose, named, Stock } from '../heal-records.ts'
import { needs } from '../needs.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const AVATARS = { kinds: ['avatar'] } as const
/** One after the other, so that what comes in a row comes in a row. */
const IN_ORDER = { ...AVATARS, concurrency: 1, perHost: 1 }

/** The same run, that much later. */
function later({ ports }: Stage, aheadMs: number): Partial<HealPorts> {
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs }
  return { clock, presence: { ...ports.presence, clock } }
}

async function entryOf({ ports }: Stage, { id }: Person): Promise<LedgerEntry | undefined> {
  return (await ports.state.ledger.recall('avatar', [id])).get(id)
}

async function hostEntry({ ports }: Stage, origin: string): Promise<HostEntry | undefined> {
  return (await ports.state.ledger.hosts()).find(({ host }) => host === new URL(origin).host)
}

describe('the ledger', needs('postgres'), () => {
  const file = stageOfFile({ attachments: 60, cards: 15, emoji: 40 })
  const cast = new Cast()
  let stage: Stage
  before(async () => {
    stage = file.stage
    await breakProfiles(stage)
  })
  beforeEach(async () => {
    fediverse.clearVice()
    await forgetAll(stage)
    forgetVisits()
  })

  test('what failed is not asked again before its time, and is counted by how it failed', async () => {
    const people = await cast.take(stage, 4)
    const vices: readonly Vice[] = [
      { kind: 'status', status: 404 },
      { kind: 'status', status: 403 },
      { kind: 'status', status: 503 },
      { kind: 'truncated' },
    ]
    vices.forEach((vice, i) => fediverse.setVice(people[i]?.urls.avatar ?? '', vice))
    const first = await healPeople(stage, people, {}, AVATARS)
    const failed = { gone: 1, refused: 1, unavailable: 1, unreachable: 1 }
    assert.deepEqual([first.failed, first.healed], [failed, 0])
    fediverse.clearVice()
    forgetVisits()
    const second = await healPeople(stage, people, {}, AVATARS)
    assert.deepEqual([second.skipped, second.waiting, second.failed], [{ 'not-yet': 4 }, failed, {}])
    assert.deepEqual([second.healed, second.hopeless, second.unhealed], [0, 1, 0])
    assert.equal(visited().size, 0)
    // Each at its own time: what passes after hours, refusals after days, 404 after weeks.
    const atTimes = [0.5 * HOUR, 4 * HOUR, 10 * DAY, 40 * DAY]
    const healed: number[] = []
    for (const aheadMs of atTimes)
      healed.push((await healPeople(stage, people, later(stage, aheadMs), AVATARS)).healed)
    assert.deepEqual(healed, [0, 2, 1, 1])
  })

  test('each failure in a row doubles the wait, and success forgets them all', async () => {
    const person = await cast.one(stage)
    fediverse.setVice(person.urls.avatar, { kind: 'status', status: 404 })
    const waits: [tries: number, days: number][] = []
    for (const aheadMs of [0, 40 * DAY, 120 * DAY]) {
      await healPeople(stage, [person], later(stage, aheadMs), AVATARS)
      const { tries, nextTryAtMs, lastTriedAtMs, firstTriedAtMs } = (await entryOf(stage, person))!
      assert.ok(Math.abs(lastTriedAtMs - firstTriedAtMs - aheadMs) < HOUR)
      waits.push([tries, (nextTryAtMs - lastTriedAtMs) / DAY])
    }
    for (const [i, [tries, days]] of waits.entries()) {
      const usual = 30 * 2 ** i
      assert.equal(tries, i + 1)
      assert.ok(days >= usual * 0.8 && days <= usual * 1.2, `${days} days after ${tries} tries`)
    }
    fediverse.clearVice()
    assert.equal((await healPeople(stage, [person], later(stage, 300 * DAY), AVATARS)).healed, 1)
    assert.equal(await entryOf(stage, person), undefined)
  })

  test('another address in the row is tried at once', async () => {
    const person = await cast.one(stage)
    const dead = person.urls.avatar.replace('/avatar.', '/moved-avatar.')
    await setAddress(stage, person, dead)
    fediverse.setVice(dead, { kind: 'status', status: 503 })
    assert.equal((await healPeople(stage, [person], {}, AVATARS)).failed.unavailable, 1)
    await setAddress(stage, person, person.urls.avatar)
    const result = await healPeople(stage, [person], {}, AVATARS)
    assert.deepEqual([result.from, visited().get(person.urls.avatar)], [{ 'stored-url': 1 }, 1])
    assert.equal(await entryOf(stage, person), undefined, 'nothing is remembered of the old one')
  })

  test('whoever forgets an entry makes it due', async () => {
    const [one, other] = (await cast.take(stage, 2)) as [Person, Person]
    for (const { urls } of [one, other]) fediverse.setVice(urls.avatar, { kind: 'status', status: 404 })
    await healPeople(stage, [one, other], {}, AVATARS)
    fediverse.clearVice()
    const { ledger } = stage.ports.state
    assert.equal((await ledger.forget({ label: `${one.username}@${one.domain}` })).records, 1)
    const result = await healPeople(stage, [one, other], {}, AVATARS)
    assert.deepEqual([result.healed, result.skipped], [1, { 'not-yet': 1 }])
  })

  test('an abort keeps what origins said before it', async () => {
    const people = await cast.take(stage, 3)
    for (const { urls } of people) fediverse.setVice(urls.avatar, { kind: 'status', status: 404 })
    const stop = new AbortController()
    const { origin } = stage.ports
    let asked = 0
    const counting = {
      ...origin,
      fetch: (...args: Parameters<typeof origin.fetch>) => {
        if (++asked === 3) stop.abort(new Error('enough'))
        return origin.fetch(...args)
      },
    }
    const ids = people.map(({ id }) => id)
    const choice = { by: 'scope', scope: { by: 'accounts', ids } } as const
    await assert.rejects(heal(stage, { origin: counting }, { ...IN_ORDER, choice }, stop.signal), /enough/)
    assert.equal((await stage.ports.state.ledger.recall('avatar', ids)).size, 2)
  })

  describe('hosts', () => {
    test('three refused connections in a row, and the rest of the host is left in peace without a request', async () => {
      const people = await cast.take(stage, 6)
      const nowhere = `http://127.0.0.1:${await freePort()}`
      for (const person of people) await settle(stage, person, nowhere)
      const { origin } = stage.ports
      const asked: string[] = []
      const counting = {
        ...origin,
        fetch: (...[url, ...rest]: Parameters<typeof origin.fetch>) => {
          asked.push(url)
          return origin.fetch(url, ...rest)
        },
      }
      const first = await healPeople(stage, people, { origin: counting }, IN_ORDER)
      assert.deepEqual([first.failed, first.skipped], [{ unreachable: 3 }, { 'host-resting': 3 }])
      assert.equal(asked.length, 3)
      const { restsUntilMs, failures } = (await hostEntry(stage, nowhere))!
      assert.equal(failures, 3)
      const hours = (restsUntilMs! - Date.now()) / HOUR
      assert.ok(hours > 1.5 && hours < 2.5, `${hours} h`)
      // The next run knows; when it is over, one more failure is enough for a longer rest.
      const second = await healPeople(stage, people, { origin: counting }, IN_ORDER)
      assert.deepEqual([second.skipped, asked.length], [{ 'not-yet': 3, 'host-resting': 3 }, 3])
      const third = await healPeople(stage, people, { ...later(stage, 3 * HOUR), origin: counting }, IN_ORDER)
      assert.deepEqual([third.failed, asked.length], [{ unreachable: 1 }, 4])
      const rested = ((await hostEntry(stage, nowhere))!.restsUntilMs! - Date.now()) / HOUR - 3
      assert.ok(rested > 3 && rested < 5, `${rested} h`)
    })

    test('a picture that comes in between resets the count', async () => {
      const people = await cast.take(stage, 8)
      const port = await freePort()
      const address = `http://127.0.0.1:${port}`
      for (const person of people) await settle(stage, person, address)
      const failuresOf = async (some: readonly Person[]): Promise<HostEntry | undefined> => {
        await healPeople(stage, some, {}, IN_ORDER)
        return hostEntry(stage, address)
      }
      const two = await failuresOf(people.slice(0, 2))
      assert.deepEqual([two?.failures, two?.restsUntilMs], [2, null])
      const server = await serving(port)
      try {
        assert.equal(await failuresOf(people.slice(2, 3)), undefined)
      } finally {
        await closed(server)
      }
      const again = await failuresOf(people.slice(3, 5))
      assert.deepEqual([again?.failures, again?.restsUntilMs], [2, null])
      assert.notEqual((await failuresOf(people.slice(5, 6)))?.restsUntilMs, null)
      const last = await healPeople(stage, people.slice(6), {}, IN_ORDER)
      assert.deepEqual(last.skipped, { 'host-resting': 2 })
    })

    test('Retry-After of an hour: nobody asks the host again before', async () => {
      const [first] = await cast.take(stage, 1)
      const rest = await cast.take(stage, 3, ({ origin }) => origin === first?.origin)
      const people = [first!, ...rest]
      const { origin } = first!
      fediverse.setVice(origin, { kind: 'status', status: 429, retryAfter: '3600' })
      const result = await healPeople(stage, people, {}, IN_ORDER)
      assert.deepEqual([result.failed, result.skipped], [{ unavailable: 1 }, { 'host-resting': 3 }])
      assert.equal(visited().size, 1)
      fediverse.clearVice()
      const soon = await healPeople(stage, people, later(stage, 0.9 * HOUR), IN_ORDER)
      assert.equal(soon.healed, 0)
      assert.equal(visited().size, 1)
      const then = await healPeople(stage, people, later(stage, 2 * HOUR), IN_ORDER)
      assert.deepEqual([then.healed, await hostEntry(stage, origin)], [4, undefined])
    })

    test('Retry-After of a second is waited out', async () => {
      const [first] = await cast.take(stage, 1)
      const others = await cast.take(stage, 2, ({ origin }) => origin === first?.origin)
      const people = [first!, ...others]
      // Whoever is asked first; the ledger's order is not the test's.
      const { origin } = stage.ports
      const times: number[] = []
      const moody = {
        ...origin,
        fetch: async (...[url, ...args]: Parameters<typeof origin.fetch>) => {
          times.push(performance.now())
          if (times.length === 1) fediverse.setVice(url, { kind: 'status', status: 503, retryAfter: '1' })
          return origin.fetch(url, ...args)
        },
      }
      const result = await healPeople(stage, people, { origin: moody }, IN_ORDER)
      assert.deepEqual([result.failed, result.healed, result.skipped], [{ unavailable: 1 }, 2, {}])
      assert.ok(times[1]! - times[0]! >= 990, `${times[1]! - times[0]!} ms`)
    })

    test('a resting host keeps nothing waiting that asks nobody', async () => {
      const stock = new Stock()
      const [idle] = await cast.take(stage, 1)
      const gif = ({ record }: HealTarget): boolean => record.contentType === 'image/gif'
      const [emoji] = (await stock.take(stage, 'emoji', 1, gif)) as [HealTarget]
      const [image] = (await stock.take(stage, 'attachment', 1, named)) as [HealTarget]
      const there = `${idle!.origin}/pictures/x/avatar.png`
      await stage.sql('UPDATE custom_emojis SET image_remote_url = $1 WHERE id = $2', [
        there,
        emoji.record.id,
      ])
      await stage.sql('UPDATE media_attachments SET remote_url = $1 WHERE id = $2', [there, image.record.id])
      fediverse.setVice(idle!.origin, { kind: 'status', status: 429, retryAfter: '3600' })
      await healPeople(stage, [idle!], {}, AVATARS)
      await lose(stage, emoji, ['static'])
      await lose(stage, image)
      const now = await healRecords(stage, [image], {}, { care: 'now' })
      assert.deepEqual(now.skipped, { 'host-resting': 1 })
      forgetVisits()
      const result = await healRecords(stage, [emoji, image])
      assert.deepEqual([result.from, result.cleared, result.skipped], [{ storage: 1 }, 1, {}])
      assert.equal(visited().size, 0)
    })

    test('a page of a resting host is not asked for, and no failure is noted of it', async () => {
      const cards = await new Stock().take(stage, 'card', 2)
      const page = fediverse.pageFor('open-graph', 'somebody', 1)
      fediverse.setVice(fediverse.hosts[1]!.origin, { kind: 'status', status: 503, retryAfter: '3600' })
      for (const [i, card] of cards.entries()) {
        await stage.sql('UPDATE preview_cards SET url = $1 WHERE id = $2', [`${page}${i}`, card.record.id])
        await lose(stage, card)
      }
      const first = await healRecords(stage, cards, {}, { concurrency: 1, perHost: 1 })
      assert.deepEqual([first.failed, first.skipped], [{ unavailable: 1 }, { 'host-resting': 1 }])
      const second = await healRecords(stage, cards)
      assert.deepEqual(second.skipped, { 'not-yet': 1, 'host-resting': 1 })
      assert.equal(visited().size, 1)
    })

    test('a host that answers badly is given ten chances in a row, and one good answer counts them anew', async () => {
      await onDisk(async (fresh) => {
        await breakProfiles(fresh)
        const pictures = await fetchable(fresh)
        const [here] = [...Map.groupBy(pictures, ({ record }) => new URL(record.remoteUrl!).origin)]
          .map(([origin, some]) => ({ origin, some }))
          .sort((a, b) => b.some.length - a.some.length)
        assert.ok(here !== undefined && here.some.length >= 22, String(here?.some.length))
        const bad = (from: number, to: number): void => {
          for (const { record } of here.some.slice(from, to))
            fediverse.setVice(record.remoteUrl!, { kind: 'hangs-up' })
        }
        bad(0, 9)
        bad(10, 22)
        const result = await heal(fresh, {}, { concurrency: 1, perHost: 1 })
        const failed = result.failed.unreachable ?? 0
        // Nine, a good one, and ten more; then nobody asks.
        assert.equal(failed, 19, JSON.stringify(result.failed))
        assert.equal(result.skipped['host-resting'], here.some.length - 20)
      })
    })
  })
})

async function setAddress({ sql }: Stage, { id }: Person, url: string): Promise<void> {
  await sql('UPDATE accounts SET avatar_remote_url = $1 WHERE id = $2', [url, id])
}

/** Picture and document live at that address. */
async function settle({ sql }: Stage, { id, username }: Person, address: string): Promise<void> {
  await sql('UPDATE accounts SET avatar_remote_url = $1, uri = $2 WHERE id = $3', [
    `${address}/${username}.png`,
    `${address}/users/${username}`,
    id,
  ])
}

/** Answers everything with a picture. */
async function serving(port: number): Promise<Server> {
  const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .png()
    .toBuffer()
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'image/png', 'content-length': picture.length }).end(picture)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}

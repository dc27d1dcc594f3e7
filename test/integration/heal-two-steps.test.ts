/** The second step of heal: when the stored address has it no more, the owner's own document says where it is today. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { freePort } from '../../lab/servers/free-ports.ts'
import { openOriginFetcher, type OpenOriginFetcher } from '../../src/adapters/origin/open-origin-fetcher.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import type { LedgerEntry } from '../../src/core/ports/state.ts'
import { s3Media } from '../../lab/instance/media/s3-media.ts'
import {
  assertWhole,
  Cast,
  forgetVisits,
  healPeople,
  pictureOf,
  rowOf,
  visited,
  type Person,
  type Which,
} from '../heal-cast.ts'
import { breakProfiles, fediverse, onStage, stageOfFile, type Stage } from '../heal-stage.ts'
import { needs } from '../needs.ts'
import { freshName, sharedRgw } from '../shared-servers.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const BOTH: readonly Which[] = ['avatar', 'header']

/** What the ledger says of a picture. */
async function entryOf({ ports }: Stage, which: Which, { id }: Person): Promise<LedgerEntry> {
  const entry = (await ports.state.ledger.recall(which, [id])).get(id)
  assert.ok(entry, 'the ledger knows nothing of it')
  return entry
}

async function assertDueIn(entry: LedgerEntry, leastMs: number, mostMs: number): Promise<void> {
  const waitMs = entry.nextTryAtMs - entry.lastTriedAtMs
  assert.ok(waitMs >= leastMs && waitMs <= mostMs, `${waitMs / HOUR} h`)
}

function moved(url: string): string {
  return url.replace(/\/(avatar|header)\./, '/moved-$1.')
}

describe('an address that has the picture no more', needs('postgres'), () => {
  const file = stageOfFile()
  const cast = new Cast()
  let stage: Stage
  /** As the program's, but webfinger is asked where the lab's hosts answer it: in plain HTTP. */
  let origin: OpenOriginFetcher

  before(async () => {
    stage = file.stage
    await breakProfiles(stage)
    origin = withWebfinger(stage, (domain) => {
      const host = fediverse.hosts[fediverse.hostOf(domain)]
      assert.ok(host)
      return host.origin
    })
  })
  after(() => origin.close())
  beforeEach(() => {
    fediverse.clearVice()
    fediverse.trust(null)
    forgetVisits()
  })

  for (const which of BOTH)
    test(`the owner names a new one: the ${which} is healed from there, and the row knows the address`, async () => {
      const person = await cast.one(stage)
      fediverse.setVice(person.urls[which], { kind: 'moved' })
      const result = await healPeople(stage, [person], {}, { kinds: [which] })
      assert.deepEqual([result.healed, result.from, result.failed], [1, { 'new-url': 1 }, {}])
      assert.equal((await pictureOf(stage, which, person.id)).record.remoteUrl, moved(person.urls[which]))
      await assertWhole(stage, which, person.id)
      const other = which === 'avatar' ? 'header' : 'avatar'
      assert.equal((await pictureOf(stage, other, person.id)).record.remoteUrl, person.urls[other])
      const asked = visited()
      assert.deepEqual(
        [person.urls[which], person.uri, moved(person.urls[which])].map((url) => asked.get(url)),
        [1, 1, 1],
      )
      assert.equal(
        [...asked.values()].reduce((a, b) => a + b, 0),
        3,
        'nobody else was asked',
      )
      forgetVisits()
      assert.equal((await healPeople(stage, [person], {}, { kinds: [which] })).fine, 1)
      assert.equal(visited().size, 0)
    })

  test('refusals, parked domains and endless redirects count as "has it no more" too', async () => {
    const vices = [
      { kind: 'status', status: 403 },
      { kind: 'page' },
      { kind: 'redirect-loop' },
      { kind: 'redirect-to', location: 'http://10.0.0.1/a.png' },
    ] as const
    for (const vice of vices) {
      const person = await cast.one(stage)
      // The row still says where it was long ago; the owner says where it is.
      const old = person.urls.avatar.replace('/pictures/', '/pictures/old-')
      await stage.sql('UPDATE accounts SET avatar_remote_url = $1 WHERE id = $2', [old, person.id])
      fediverse.setVice(old, vice)
      const result = await healPeople(stage, [person], {}, { kinds: ['avatar'] })
      assert.deepEqual([vice.kind, result.from], [vice.kind, { 'new-url': 1 }])
      assert.equal((await pictureOf(stage, 'avatar', person.id)).record.remoteUrl, person.urls.avatar)
    }
  })

  test('a host in trouble is no reason to ask the owner', async () => {
    const person = await cast.one(stage)
    fediverse.setVice(person.urls.header, { kind: 'status', status: 503 })
    const result = await healPeople(stage, [person], {}, { kinds: ['header'] })
    assert.deepEqual(result.failed, { unavailable: 1 })
    assert.deepEqual([...visited().keys()], [person.urls.header])
  })

  test('a row that changed meanwhile keeps its address and its name, and nothing of ours stays', async () => {
    const people = await cast.take(stage, 2)
    const [renamed, readdressed] = people as [Person, Person]
    for (const { urls } of people) fediverse.setVice(urls.avatar, { kind: 'moved' })
    const { ports, sql } = stage
    const images = {
      ...ports.images,
      async make(...args: Parameters<typeof ports.images.make>) {
        await sql("UPDATE accounts SET avatar_file_name = 'theirs.png' WHERE id = $1", [renamed.id])
        await sql("UPDATE accounts SET avatar_remote_url = 'http://127.0.0.1:1/n.png' WHERE id = $1", [
          readdressed.id,
        ])
        return ports.images.make(...args)
      },
    }
    const before = await keysOf(stage)
    const result = await healPeople(stage, people, { images }, { kinds: ['avatar'] })
    assert.deepEqual([result.changed, result.healed], [2, 0])
    const [one, two] = await Promise.all(people.map(({ id }) => pictureOf(stage, 'avatar', id)))
    assert.deepEqual([one?.record.fileName, one?.record.remoteUrl], ['theirs.png', renamed.urls.avatar])
    assert.deepEqual([two?.record.fileName, two?.record.remoteUrl], [null, 'http://127.0.0.1:1/n.png'])
    assert.deepEqual(await keysOf(stage), before)
  })

  test('the owner names none any more: the row stays as it is, and the next try is months away', async () => {
    const person = await cast.one(stage)
    for (const which of BOTH) fediverse.setVice(person.urls[which], { kind: 'no-picture' })
    const row = await rowOf(stage, 'accounts', person.id)
    const result = await healPeople(stage, [person])
    assert.deepEqual([result.failed, result.hopeless, result.unhealed], [{ none: 2 }, 2, 0])
    assert.equal(await rowOf(stage, 'accounts', person.id), row)
    for (const which of BOTH) {
      const entry = await entryOf(stage, which, person)
      assert.deepEqual([entry.outcome, entry.tries, entry.url], ['none', 1, person.urls[which]])
      assert.match(entry.detail, new RegExp(`names no ${which}$`))
      await assertDueIn(entry, 72 * DAY, 108 * DAY)
    }
    forgetVisits()
    const again = await healPeople(stage, [person])
    assert.deepEqual([again.skipped, again.waiting, again.hopeless], [{ 'not-yet': 2 }, { none: 2 }, 2])
    assert.equal(visited().size, 0)
  })

  test('the owner still names the dead address: gone, and it is not fetched a second time', async () => {
    const person = await cast.one(stage)
    fediverse.setVice(person.urls.avatar, { kind: 'status', status: 410 })
    const result = await healPeople(stage, [person], {}, { kinds: ['avatar'] })
    assert.deepEqual([result.failed, result.hopeless], [{ gone: 1 }, 1])
    assert.equal(visited().get(person.urls.avatar), 1)
    const entry = await entryOf(stage, 'avatar', person)
    assert.match(entry.detail, /^status 410; its owner still names it$/)
    await assertDueIn(entry, 24 * DAY, 36 * DAY)
  })

  test('the new address is dead as well: that is what is remembered', async () => {
    const person = await cast.one(stage)
    fediverse.setVice(person.urls.header, { kind: 'moved' })
    fediverse.setVice(moved(person.urls.header), { kind: 'status', status: 503 })
    const row = await rowOf(stage, 'accounts', person.id)
    const result = await healPeople(stage, [person], {}, { kinds: ['header'] })
    assert.deepEqual(result.failed, { unavailable: 1 })
    assert.equal(await rowOf(stage, 'accounts', person.id), row)
  })

  for (const status of [404, 410] as const)
    test(`the owner's document is gone (${status}), and webfinger names a new one: healed from there`, async () => {
      const person = await cast.one(stage)
      fediverse.setVice(person.uri, { kind: 'actor-moved', status })
      fediverse.setVice(person.urls.avatar, { kind: 'moved' })
      const result = await healPeople(stage, [person], { origin }, { kinds: ['avatar'] })
      assert.deepEqual([result.from, result.failed], [{ 'new-url': 1 }, {}])
      assert.equal((await pictureOf(stage, 'avatar', person.id)).record.remoteUrl, moved(person.urls.avatar))
      assert.equal(visited().get(person.uri.replace('/users/', '/actors/')), 1)
    })

  test('a tombstone with status 200 is a document that is gone', async () => {
    const person = await cast.one(stage)
    const ghost = await haunted(stage, person)
    fediverse.setVice(ghost, { kind: 'tombstone' })
    fediverse.setVice(person.urls.avatar, { kind: 'moved' })
    const result = await healPeople(stage, [person], { origin }, { kinds: ['avatar'] })
    assert.deepEqual([result.from, visited().get(ghost)], [{ 'new-url': 1 }, 1])
  })

  test('the document is gone, and webfinger names no other: the picture is gone with it', async () => {
    const person = await cast.one(stage)
    fediverse.setVice(person.uri, { kind: 'tombstone' })
    fediverse.setVice(person.urls.avatar, { kind: 'status', status: 404 })
    const result = await healPeople(stage, [person], { origin }, { kinds: ['avatar'] })
    assert.deepEqual([result.failed, result.hopeless], [{ gone: 1 }, 1])
  })

  test('the document is gone, and the domain in trouble: asked again within hours', async () => {
    const person = await cast.one(stage)
    fediverse.setVice(await haunted(stage, person), { kind: 'status', status: 404 }, 'actor')
    fediverse.setVice(person.urls.avatar, { kind: 'moved' })
    fediverse.setVice(person.uri, { kind: 'status', status: 503 }, 'actor')
    const result = await healPeople(stage, [person], { origin }, { kinds: ['avatar'] })
    assert.deepEqual([result.failed, result.hopeless], [{ unavailable: 1 }, 0])
    await assertDueIn(await entryOf(stage, 'avatar', person), 0.5 * HOUR, 2 * HOUR)
  })

  test("webfinger names an actor of another name: somebody else's picture is not taken", async () => {
    const person = await cast.one(stage)
    fediverse.setVice(await haunted(stage, person), { kind: 'status', status: 404 }, 'actor')
    fediverse.setVice(person.urls.avatar, { kind: 'moved' })
    fediverse.setVice(person.uri, { kind: 'actor-fields', fields: { preferredUsername: 'somebody_else' } })
    const row = await rowOf(stage, 'accounts', person.id)
    const result = await healPeople(stage, [person], { origin }, { kinds: ['avatar'] })
    assert.deepEqual([result.failed, result.healed], [{ gone: 1 }, 0])
    assert.match((await entryOf(stage, 'avatar', person)).detail, /is somebody else$/)
    assert.equal(await rowOf(stage, 'accounts', person.id), row)
    // The same in other letters is the same person.
    await stage.ports.state.ledger.forget({ label: `${person.username}@${person.domain}` })
    const fields = { preferredUsername: person.username.toUpperCase() }
    fediverse.setVice(person.uri, { kind: 'actor-fields', fields })
    assert.equal((await healPeople(stage, [person], { origin }, { kinds: ['avatar'] })).healed, 1)
  })

  for (const vice of [
    { kind: 'suspended' },
    // Its pictures named all the same.
    { kind: 'actor-fields', fields: { suspended: true } },
  ] as const)
    test(`an owner suspended at its origin has no pictures (${vice.kind}): none, and nothing changes`, async () => {
      const person = await cast.one(stage)
      fediverse.setVice(person.uri, vice)
      for (const url of Object.values(person.urls)) fediverse.setVice(url, { kind: 'moved' })
      const row = await rowOf(stage, 'accounts', person.id)
      const result = await healPeople(stage, [person])
      assert.deepEqual([result.failed, result.hopeless], [{ none: 2 }, 2])
      assert.match((await entryOf(stage, 'header', person)).detail, /is suspended at its origin$/)
      assert.equal(await rowOf(stage, 'accounts', person.id), row)
    })

  for (const form of ['draft-cavage', 'rfc9421'] as const)
    test(`an origin that answers only what this server's own actor signed (${form}) tells the new address`, async () => {
      const instanceActor = { keyId: keyIdOf(stage), publicKeyPem: stage.lab.instanceActorPublicKey }
      const [person, refused] = (await cast.take(stage, 2)) as [Person, Person]
      for (const { uri, urls } of [person, refused]) {
        fediverse.setVice(uri, { kind: 'needs-signature', form }, 'actor')
        fediverse.setVice(urls.avatar, { kind: 'moved' })
      }
      fediverse.trust(instanceActor)
      const result = await healPeople(stage, [person], {}, { kinds: ['avatar'] })
      assert.deepEqual([result.from, result.failed], [{ 'new-url': 1 }, {}])
      fediverse.trust({ ...instanceActor, keyId: 'https://other.example/actor#main-key' })
      const other = await healPeople(stage, [refused], {}, { kinds: ['avatar'] })
      assert.deepEqual(other.failed, { refused: 1 }, 'the origin does look at signatures')
    })

  test('a row that names a lost file and knows no address asks its owner', async () => {
    const person = await cast.one(stage)
    await stage.sql(
      `UPDATE accounts SET avatar_remote_url = NULL, avatar_file_name = 'lost.png', avatar_content_type = 'image/png',
         header_remote_url = '', header_file_name = 'lost.jpg', header_content_type = 'image/jpeg' WHERE id = $1`,
      [person.id],
    )
    const result = await healPeople(stage, [person])
    assert.deepEqual([result.broken.missing, result.from], [2, { 'new-url': 2 }])
    for (const which of BOTH) {
      assert.equal((await pictureOf(stage, which, person.id)).record.remoteUrl, person.urls[which])
      await assertWhole(stage, which, person.id)
    }
  })

  test('an owner nobody can reach: the reason is one that passes, and the next try is hours away', async () => {
    const person = await cast.one(stage)
    const nowhere = `http://127.0.0.1:${await freePort()}`
    await stage.sql('UPDATE accounts SET uri = $1 WHERE id = $2', [`${nowhere}/users/x`, person.id])
    fediverse.setVice(person.urls.avatar, { kind: 'moved' })
    const lost = withWebfinger(stage, () => nowhere)
    try {
      const result = await healPeople(stage, [person], { origin: lost }, { kinds: ['avatar'] })
      assert.deepEqual([result.failed, result.unhealed, result.hopeless], [{ unreachable: 1 }, 1, 0])
      const entry = await entryOf(stage, 'avatar', person)
      assert.match(entry.detail, /^status 404; its owner: /)
      await assertDueIn(entry, HOUR, 3 * HOUR)
      // The document's host is gone for good, but the domain knows where the actor is today.
      await stage.ports.state.ledger.forget({})
      assert.equal((await healPeople(stage, [person], { origin }, { kinds: ['avatar'] })).healed, 1)
    } finally {
      await lost.close()
    }
  })

  test('a good picture is never asked for, whatever its origin and its owner say', async () => {
    const person = await cast.one(stage)
    await healPeople(stage, [person])
    fediverse.setVice(person.origin, { kind: 'status', status: 410 })
    forgetVisits()
    const row = await rowOf(stage, 'accounts', person.id)
    const result = await healPeople(stage, [person])
    assert.deepEqual([result.fine, result.healed, visited().size], [2, 0, 0])
    assert.equal(await rowOf(stage, 'accounts', person.id), row)
  })
})

test(
  'a bucket gets the picture of the new address, and the row both',
  needs('postgres', 'ceph-rgw'),
  async () => {
    const media = await s3Media({ ...(await sharedRgw()).address, bucket: freshName('two-steps') })
    try {
      await onStage({ media }, async (stage) => {
        await breakProfiles(stage)
        const people = await new Cast().take(stage, 4)
        for (const { urls } of people)
          for (const url of Object.values(urls)) fediverse.setVice(url, { kind: 'moved' })
        const result = await healPeople(stage, people)
        assert.deepEqual([result.from, result.failed], [{ 'new-url': 8 }, {}])
        for (const person of people)
          for (const which of BOTH) {
            await assertWhole(stage, which, person.id)
            const { remoteUrl } = (await pictureOf(stage, which, person.id)).record
            assert.equal(remoteUrl, moved(person.urls[which]))
          }
      })
    } finally {
      await media.close()
    }
  },
)

function withWebfinger(stage: Stage, webfingerOrigin: (domain: string) => string): OpenOriginFetcher {
  return openOriginFetcher({
    allowedPrivateRanges: ['127.0.0.0/8'],
    userAgent: 'Cornac test',
    perHost: 2,
    clock: systemClock,
    signer: async () => {
      const privateKeyPem = await stage.ports.database.instanceActorKey()
      return privateKeyPem === null ? null : { keyId: keyIdOf(stage), privateKeyPem }
    },
    webfingerOrigin,
  })
}

/** Where others find the instance actor's key: on the web domain. */
function keyIdOf({ open }: Stage): string {
  return `https://${open.config.instance.webDomain}/actor#main-key`
}

/** The row believes its actor elsewhere, where nobody lives; webfinger knows better. */
async function haunted({ sql }: Stage, { id, origin, username }: Person): Promise<string> {
  const ghost = `${origin}/users/ghost_of_${username}`
  await sql('UPDATE accounts SET uri = $1 WHERE id = $2', [ghost, id])
  return ghost
}

async function keysOf({ lab }: Stage): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of lab.media.list('')) keys.push(key)
  return keys.sort()
}

/** Heal against everything hostile the lab knows, all at once: each ends as it has to, and nobody else notices. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { memoryUsage } from 'node:process'
import { test } from 'node:test'
import { startFediverse } from '../../lab/fediverse/fediverse.ts'
import { startDecoys } from '../../lab/hostile/decoys.ts'
import { startListeners } from '../../lab/hostile/hostile-listeners.ts'
import { hostileResolve } from '../../lab/hostile/hostile-names.ts'
import { privateRedirects } from '../../lab/hostile/private-redirects.ts'
import { openOriginFetcher } from '../../src/adapters/origin/open-origin-fetcher.ts'
import type { HealPorts, HealResult } from '../../src/core/heal/heal.ts'
import { refusalOf } from '../../src/core/model/domain-policy.ts'
import type { HealTarget } from '../../src/core/model/heal-target.ts'
import type { MediaRecord } from '../../src/core/model/record.ts'
import { claimedKeys } from '../../src/core/model/storage-key.ts'
import type { LedgerEntry } from '../../src/core/ports/state.ts'
import {
  breakProfiles,
  everything,
  fediverse as stageFediverse,
  fetchable,
  followsOfAlice,
  heal,
  onDisk,
  type Stage,
} from '../heal-stage.ts'
import { hostileCast, type Part, type Player, type Scene } from '../hostile-cast.ts'
import { needs } from '../needs.ts'

/** Hosts where the hostile and the healthy live side by side: so many that no host has ten failures in a row. */
const MIXED_HOSTS = 40
const LEAST_HEALTHY = 60
const TIMEOUT_MS = 2_500
/**
 * Two of the largest pictures Mastodon takes are decoded at once (250 MB each), sixteen bodies of 8 MB are read, and the lab
 * itself serves from this process.
 */
const MOST_GROWTH = 1280 * 1024 * 1024

const RANGE = '127.77.0.0/16'

interface Cast {
  readonly part: Part | null
  readonly record: MediaRecord
}

test(
  'hundreds of hostile pictures and answers at once: each ends as it has to, and nobody else notices',
  { ...needs('postgres'), timeout: 180_000 },
  async () => {
    await using stack = new AsyncDisposableStack()
    const seed = Math.floor(Math.random() * 2 ** 31)
    const parts = await hostileCast(seed)
    assert.ok(parts.length > 800 && new Set(parts.map(({ name }) => name)).size === parts.length)
    const decoys = await startDecoys()
    stack.defer(() => decoys.stop())
    const listeners = await startListeners(decoys.port)
    stack.defer(() => listeners.stop())
    const fediverse = await startFediverse({
      hosts: MIXED_HOSTS + parts.filter(({ alone }) => alone).length,
    })
    stack.defer(() => fediverse.stop())
    const scene: Scene = { fediverse, decoys, listeners: listeners.at }
    await onDisk(
      async (stage) => {
        const keyId = `https://${stage.open.config.instance.webDomain}/actor#main-key`
        fediverse.trust({ keyId, publicKeyPem: stage.lab.instanceActorPublicKey })
        const { cast, domains } = await takeTheStage(stage, parts, scene)
        const healthy = cast.filter(({ part }) => part === null)
        assert.ok(healthy.length >= LEAST_HEALTHY, `only ${healthy.length} healthy ones`)
        await using origin = disposable(
          openOriginFetcher({
            allowedPrivateRanges: stage.open.config.heal.allowedPrivateAddresses,
            userAgent: 'Cornac/0 (lab)',
            perHost: stage.open.config.heal.perHost,
            clock: stage.open.instance.clock,
            signer: async () => ({
              keyId,
              privateKeyPem: (await stage.ports.database.instanceActorKey()) ?? '',
            }),
            resolve: hostileResolve(),
            webfingerOrigin: (domain) => fediverse.hosts[domains.get(domain) ?? 0]?.origin ?? '',
          }),
        )
        const before = await everything(stage)
        const memory = watchMemory()
        const result = await healAvatars(stage, { origin })
        const grown = memory.stop()

        assert.equal(result.stopped, null)
        assert.equal(result.changed, 0)
        assert.equal(result.unverified, 0)
        assert.equal(result.leftBehind, 0)
        assert.equal(result.skipped['host-resting'] ?? 0, 0)
        const failed = await assertEnds(stage, cast, result, seed)
        await assertUntouched(stage, cast, failed, before)
        assert.deepEqual([...decoys.visits()], [], 'a decoy was reached')
        const peak = Math.max(...fediverse.hosts.map((host) => host.visits().peak))
        assert.ok(peak <= 2 && listeners.peak() <= 2, 'never more than two at once from one origin')
        const mebibytes = Math.round(grown / 1024 / 1024)
        assert.ok(grown < MOST_GROWTH, `it grew by ${mebibytes} MiB`)

        for (const host of fediverse.hosts) host.forget()
        const again = await healAvatars(stage, { origin })
        assert.equal(
          fediverse.hosts.reduce((sum, host) => sum + host.visits().requests, 0),
          0,
        )
        assert.equal(again.healed, 0)
        assert.deepEqual(again.failed, {})
        assert.equal(again.skipped['not-yet'], failed.size)
        assert.deepEqual(again.waiting, result.failed)
        assert.deepEqual([...decoys.visits()], [])
      },
      {
        version: '4.6',
        accounts: 1_500,
        follows: 1_300,
        env: { ALLOWED_PRIVATE_ADDRESSES: RANGE },
      },
    )
  },
)

test(
  'as the program opens it, heal follows no redirect to a private address, however it is spelt',
  { ...needs('postgres'), timeout: 120_000 },
  async () => {
    const decoys = await startDecoys()
    try {
      await onDisk(
        async (stage) => {
          await breakProfiles(stage)
          const targets = await fetchable(stage)
          const answers = privateRedirects()
          assert.ok(targets.length > answers.length, `${targets.length} pictures for ${answers.length}`)
          const expected = new Map<string, readonly string[]>()
          for (const [i, { answer, expect }] of answers.entries()) {
            const { record } = targets[i] as HealTarget
            const surroundings = { decoyPort: decoys.port } as Parameters<typeof answer>[0]
            stageFediverse.setVice(record.remoteUrl as string, answer(surroundings))
            expected.set(`${record.kind} ${record.id}`, expect)
          }
          await heal(stage)
          const ledger = await ledgerOf(stage)
          for (const [record, expect] of expected)
            assert.deepEqual([ledger.get(record)?.outcome], expect, ledger.get(record)?.detail)
          assert.equal(ledger.size, expected.size)
          assert.deepEqual([...decoys.visits()], [], 'a decoy was reached')
        },
        { env: { ALLOWED_PRIVATE_ADDRESSES: RANGE }, accounts: 400, follows: 200 },
      )
    } finally {
      await decoys.stop()
    }
  },
)

test('whoever does reach a decoy is seen, and gets a picture', async () => {
  const decoys = await startDecoys()
  try {
    for (const host of decoys.addresses) {
      const text = await new Promise<string>((resolve, reject) => {
        let said = ''
        connect(decoys.port, host)
          .setEncoding('latin1')
          .on('data', (part) => (said += part))
          .on('end', () => resolve(said))
          .on('error', reject)
      })
      assert.match(text, /^HTTP\/1\.1 200 OK\r\n.*PNG/s)
    }
    assert.deepEqual(
      [...decoys.visits()],
      decoys.addresses.map((address) => [address, 1]),
    )
    assert.ok(decoys.addresses.length >= 1)
  } finally {
    await decoys.stop()
  }
})

function healAvatars(stage: Stage, replaced: Partial<HealPorts>): Promise<HealResult> {
  return heal(stage, replaced, { kinds: ['avatar'], concurrency: 16, timeoutMs: TIMEOUT_MS })
}

/**
 * Gives each part to one account that may be fetched, in the order in which heal meets them, and lets every avatar be lost:
 * by its row, by its file, or by what is in it. Who is left over stays healthy.
 */
async function takeTheStage(
  stage: Stage,
  parts: readonly Part[],
  scene: Scene,
): Promise<{ readonly cast: readonly Cast[]; readonly domains: ReadonlyMap<string, number> }> {
  const rules = { ...(await stage.ports.database.domainRules()), limitedFederation: false }
  const free: HealTarget[] = []
  const choice = followsOfAlice(stage)
  assert.ok(choice.by === 'scope')
  for await (const page of stage.ports.database.targets(choice.scope, ['avatar']))
    free.push(
      ...page.filter(
        ({ record, owner }) =>
          !record.hidden &&
          owner !== null &&
          record.remoteUrl !== null &&
          record.domain !== null &&
          refusalOf(record.domain, rules) === null,
      ),
    )
  const domains = new Map<string, number>()
  const cast: Cast[] = []
  const rows: { readonly id: string; readonly url: string; readonly uri: string }[] = []
  let [mixed, alone] = [0, MIXED_HOSTS]
  const enter = ({ record, owner }: HealTarget, part: Part | null): void => {
    const host = part?.alone === true ? alone++ : mixed++ % MIXED_HOSTS
    if (part?.webfinger === true) domains.set(record.domain ?? '', host)
    const username = owner?.username ?? ''
    const { fediverse } = scene
    const player: Player = {
      record,
      username,
      host,
      picture: fediverse.urlFor({ username, host, which: 'avatar' }),
      actor: fediverse.actorFor(username, host),
    }
    const { remoteUrl = player.picture, uri = player.actor } = part?.play(player, scene) ?? {}
    rows.push({ id: record.id, url: remoteUrl, uri })
    cast.push({ part, record })
  }
  // One healthy account after so many hostile ones, so that both meet heal all the time.
  const spacing = Math.max(1, Math.floor(parts.length / LEAST_HEALTHY / 2))
  for (const [i, part] of shuffled(parts).entries()) {
    const at = part.webfinger ? free.findIndex(({ record }) => !domains.has(record.domain ?? '')) : 0
    const [target] = free.splice(at, 1)
    assert.ok(target !== undefined, `no account is left for part ${i} of ${parts.length}`)
    enter(target, part)
    const next = i % spacing === 0 ? free.shift() : undefined
    if (next !== undefined) enter(next, null)
  }
  for (const target of free.splice(0)) enter(target, null)
  await stage.sql(
    `UPDATE accounts a SET avatar_remote_url = r.url, uri = r.uri
       FROM unnest($1::bigint[], $2::text[], $3::text[]) AS r(id, url, uri) WHERE a.id = r.id`,
    [rows.map(({ id }) => id), rows.map(({ url }) => url), rows.map(({ uri }) => uri)],
  )
  await loseAvatars(stage, cast)
  return { cast, domains }
}

/** A third of the rows name nothing, a third name what is not there, a third what is empty. */
async function loseAvatars({ lab, sql }: Stage, cast: readonly Cast[]): Promise<void> {
  const pruned: string[] = []
  for (const [i, { record }] of cast.entries()) {
    const keys = claimedKeys(record).map(({ key }) => key)
    const [original] = keys
    if (i % 3 === 2 && original !== undefined)
      await lab.media.put(original, new Uint8Array(), record.contentType ?? 'image/png')
    else await lab.media.remove(keys)
    if (i % 3 === 0) pruned.push(record.id)
  }
  await sql(
    `UPDATE accounts SET avatar_file_name = NULL, avatar_content_type = NULL, avatar_file_size = NULL,
       avatar_updated_at = NULL WHERE id = ANY($1::bigint[])`,
    [pruned],
  )
}

/** Every part has come to its end; gives the ids of those whose end was not a picture. */
async function assertEnds(
  stage: Stage,
  cast: readonly Cast[],
  result: HealResult,
  seed: number,
): Promise<ReadonlySet<string>> {
  const ledger = await ledgerOf(stage)
  const now = await recordsNow(stage, cast)
  const objects = (await everything(stage)).objects
  const wrong: string[] = []
  const failed = new Set<string>()
  for (const { part, record } of cast) {
    const entry = ledger.get(`avatar ${record.id}`)
    const keys = claimedKeys(now.get(record.id) ?? record).map(({ key }) => key)
    const there = keys.length > 0 && keys.every((key) => (objects.get(key) ?? 0) > 0)
    const end = entry?.outcome ?? (there ? 'healed' : 'neither healed nor in the ledger')
    if (entry !== undefined) failed.add(record.id)
    const expect: readonly string[] = part?.expect ?? ['healed']
    if (!expect.includes(end))
      wrong.push(`${part?.name ?? 'healthy'}: ${end}, not ${expect.join(' or ')} (${entry?.detail ?? ''})`)
  }
  assert.deepEqual(wrong, [], `seed ${seed}`)
  assert.equal(ledger.size, failed.size, 'nobody else is in the ledger')
  assert.equal(result.healed, cast.length - failed.size)
  assert.equal(
    Object.values(result.failed).reduce((sum, count) => sum + count, 0),
    failed.size,
  )
  return failed
}

/** Rows and objects of whoever failed, and of everybody else, are what they were; of the healed nothing old is left. */
async function assertUntouched(
  stage: Stage,
  cast: readonly Cast[],
  failed: ReadonlySet<string>,
  before: Awaited<ReturnType<typeof everything>>,
): Promise<void> {
  const after = await everything(stage)
  const healed = cast.filter(({ record }) => !failed.has(record.id))
  const now = await recordsNow(stage, cast)
  const changed = new Set(healed.map(({ record }) => record.id))
  assert.equal(after.rows.size, before.rows.size)
  for (const [id, row] of before.rows)
    if (changed.has(id)) assert.notEqual(after.rows.get(id), row)
    else assert.equal(after.rows.get(id), row)
  const expected = new Map(before.objects)
  for (const { record } of healed) {
    for (const { key } of claimedKeys(record)) expected.delete(key)
    for (const { key } of claimedKeys(now.get(record.id) ?? record))
      expected.set(key, after.objects.get(key) ?? -1)
  }
  assert.deepEqual(after.objects, expected)
}

async function recordsNow(stage: Stage, cast: readonly Cast[]): Promise<ReadonlyMap<string, MediaRecord>> {
  const targets = await stage.ports.database.targetsById(
    'avatar',
    cast.map(({ record }) => record.id),
  )
  return new Map(targets.map(({ record }) => [record.id, record]))
}

async function ledgerOf({ ports }: Stage): Promise<ReadonlyMap<string, LedgerEntry>> {
  const entries = new Map<string, LedgerEntry>()
  for await (const page of ports.state.ledger.list({}))
    for (const entry of page) entries.set(`${entry.kind} ${entry.id}`, entry)
  return entries
}

/** The same order in every run: neighbours are of different sorts. */
function shuffled<T>(items: readonly T[]): readonly T[] {
  const step = 389
  assert.ok(items.length % step !== 0)
  return items.map((_, i) => items[(i * step) % items.length] as T)
}

function disposable<T extends { close(): Promise<void> }>(opened: T): T & AsyncDisposable {
  return Object.assign(opened, { [Symbol.asyncDispose]: () => opened.close() })
}

/** How far the resident size rose above what it was, looked at ten times a second. */
function watchMemory(): { stop(): number } {
  const start = memoryUsage.rss()
  let most = start
  const look = (): void => {
    most = Math.max(most, memoryUsage.rss())
  }
  const timer = setInterval(look, 100).unref()
  return {
    stop() {
      clearInterval(timer)
      look()
      return most - start
    },
  }
}

/**
 * The promises of `core/ports/storage.ts`, asked of every adapter against the real thing.
 *
 * `seed` puts objects in by another way than the adapter's own `write`, so that reading is not judged by writing.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { KnownError } from '../../src/core/errors.ts'
import { compareKeys } from '../../src/core/model/key-order.ts'
import { listedKey, type Listed } from '../../src/core/model/object.ts'
import type { KeyRange, MovePair, Storage } from '../../src/core/ports/storage.ts'
import type { SkipOrRun } from '../needs.ts'

/** One fresh, empty store under test. */
export interface StoreUnderTest {
  readonly storage: Storage
  seed(key: string, bytes: Uint8Array): Promise<void>
  /** What a web client would be told of an object; left out where the store keeps no headers. */
  headers?: (key: string) => Promise<ServedHeaders>
  close(): Promise<void>
}

export interface ServedHeaders {
  readonly contentType: string | undefined
  readonly cacheControl: string | undefined
}

/** Names that disagree between byte order, UTF-16 order and path order, or that need care in URLs and XML. */
export const TRICKY_KEYS: readonly string[] = [
  'a',
  'a!b',
  'a-b',
  'a.b',
  'a/b',
  'a/b-c',
  'a/b.png',
  'a/b/c',
  'a0b',
  'aa',
  'A/upper',
  'cache/accounts/avatars/109/original/a.png',
  'cache/accounts/avatars/109/originals',
  'percent/100% sure.png',
  'percent/%2F.png',
  'plus/a b.png',
  'plus/a+b.png',
  'plus/a%20b.png',
  'quotes/"a" & \'b\' <c>.png',
  'shape/question?hash#semi;colon:at@.png',
  'shape/brackets[1](2){3}.png',
  'tilde/~a.png',
  'unicode/\u00e9.png',
  'unicode/e\u0301.png',
  'unicode/\u65e5\u672c.png',
  'unicode/\ue000.png',
  'unicode/\uff21.png',
  'unicode/\ufffd.png',
  'unicode/\u{1f418}.png',
  'unicode/\u{10ffff}.png',
  `long/${'x'.repeat(200)}/${'y'.repeat(200)}/${'z'.repeat(200)}/${'w'.repeat(190)}.png`,
].filter((key, _, all) => !all.some((other) => other.startsWith(`${key}/`)))

/** What differs between stores in what they can be asked. */
export interface ContractOptions extends SkipOrRun {
  /** The store tells web clients what was written with an object: `headers` is there. */
  readonly keepsHeaders: boolean
}

/** Registers the suite; `open` gives a fresh store each time it is called. */
export function storageContract(
  name: string,
  { skip, keepsHeaders }: ContractOptions,
  open: () => Promise<StoreUnderTest>,
): void {
  describe(`storage contract: ${name}`, { skip, concurrency: false }, () => {
    describe('with tricky names', () => {
      let store: StoreUnderTest
      const sorted = TRICKY_KEYS.toSorted(compareKeys)
      before(async () => {
        store = await open()
        await inParallel(sorted.toReversed(), (key) => store.seed(key, Buffer.from(key)))
      })
      after(() => store.close())

      test('everything is listed in byte order with its size and time', async () => {
        const entries = await listAll(store.storage)
        assert.deepEqual(entries.map(listedKey), sorted)
        for (const entry of entries) {
          assert.ok('key' in entry)
          assert.equal(entry.bytes, Buffer.byteLength(entry.key))
          assert.ok(Math.abs(entry.modifiedAtMs - Date.now()) < 600_000, `${entry.modifiedAtMs}`)
          assert.equal(entry.access, 'open')
        }
      })

      test('a range holds the keys after its start up to and with its end', async () => {
        const between = sorted.map((key) => `${key}\u0001`)
        const edges = [...sorted, 'a/', 'cache/', 'unicode/', 'zzz', '~', ...between.slice(0, 3)]
        for (const edge of edges) {
          await expectRange(store.storage, sorted, { after: edge, through: null })
          await expectRange(store.storage, sorted, { after: '', through: edge })
        }
        for (const [i, key] of sorted.entries()) {
          await expectRange(store.storage, sorted, { after: key, through: sorted[i + 4] ?? null })
          await expectRange(store.storage, sorted, { after: key, through: key })
        }
      })

      test('names come back as they are from stat, read and remove', async () => {
        for (const key of sorted) {
          const stat = await store.storage.stat(key)
          assert.equal(stat.state, 'present', key)
          assert.deepEqual(Buffer.from((await store.storage.read(key)) ?? []).toString(), key)
        }
        const gone = sorted.filter((_, i) => i % 2 === 0)
        assert.deepEqual(
          await store.storage.remove(gone),
          gone.map((key) => ({ key, removed: true })),
        )
        const left = sorted.filter((_, i) => i % 2 === 1)
        assert.deepEqual((await listAll(store.storage)).map(listedKey), left)
      })
    })

    describe('page by page', () => {
      let store: StoreUnderTest
      const keys: string[] = []
      before(async () => {
        store = await open()
      })
      after(() => store.close())

      test('an empty store lists nothing', async () => {
        assert.deepEqual(await listAll(store.storage), [])
      })

      for (const count of [999, 1000, 1001, 2000, 2500]) {
        test(`${count} keys are listed whole, with at most one request more than their pages`, async () => {
          const more: string[] = []
          for (let i = keys.length; i < count; i++) more.push(numbered(i))
          await inParallel(more, (key) => store.seed(key, Buffer.from('x')))
          keys.push(...more)
          const before = store.storage.use().listRequests
          const entries = await listAll(store.storage)
          assert.deepEqual(entries.map(listedKey), keys)
          const requests = store.storage.use().listRequests - before
          const { listPage } = store.storage.traits
          if (listPage !== null)
            assert.ok(requests <= Math.ceil(count / listPage) + 1, `${requests} requests`)
        })
      }

      test('the end of a range bounds the requests', async () => {
        const before = store.storage.use().listRequests
        await expectRange(store.storage, keys, { after: numbered(99), through: numbered(109) })
        await expectRange(store.storage, keys, { after: numbered(1500), through: numbered(1501) })
        const requests = store.storage.use().listRequests - before
        assert.ok(requests <= 4, `${requests} requests for two short ranges`)
      })

      test('ranges side by side give what one range gives', async () => {
        const cuts = ['', numbered(624), numbered(1249), numbered(1874), null]
        const parts = await Promise.all(
          [0, 1, 2, 3].map((i) => listAll(store.storage, { after: cuts[i]!, through: cuts[i + 1] ?? null })),
        )
        assert.deepEqual(parts.flat().map(listedKey), keys)
      })

      test('a listing nobody reads to its end leaves the store usable', async () => {
        for await (const page of store.storage.list({ after: '', through: null })) {
          assert.ok(page.length > 0)
          break
        }
        await expectRange(store.storage, keys, { after: numbered(2490), through: null })
      })

      test('an abort in the middle ends the listing with its reason', async () => {
        const controller = new AbortController()
        const reason = new Error('enough')
        let seen = 0
        await assert.rejects(async () => {
          const pages = store.storage.list({ after: '', through: null }, { signal: controller.signal })
          for await (const page of pages) {
            seen += page.length
            controller.abort(reason)
          }
        }, reason)
        assert.ok(seen > 0 && seen < keys.length, `${seen} seen`)
        await assert.rejects(listAll(store.storage, undefined, AbortSignal.abort(reason)), reason)
      })

      test('more keys than one call takes are removed, each with its answer', async () => {
        const wanted = keys.slice(0, 2200)
        assert.deepEqual(
          await store.storage.remove(wanted),
          wanted.map((key) => ({ key, removed: true })),
        )
        assert.deepEqual((await listAll(store.storage)).map(listedKey), keys.slice(2200))
      })
    })

    describe('moving', () => {
      let store: StoreUnderTest
      before(async () => {
        store = await open()
      })
      after(() => store.close())
      const quarantined = (key: string) => `cornac/quarantine/2026-12-05/run/0123456789abcdef/${key}`
      const into = (key: string): MovePair => ({ from: key, to: quarantined(key) })
      const back = (key: string): MovePair => ({ from: quarantined(key), to: key })
      const content = async (key: string): Promise<string | null> => {
        const bytes = await store.storage.read(key)
        return bytes === null ? null : Buffer.from(bytes).toString()
      }

      test('objects with tricky names go away whole and come back whole, with the rest left alone', async () => {
        const sorted = TRICKY_KEYS.toSorted(compareKeys)
        await inParallel(sorted, (key) => store.seed(key, Buffer.from(key)))
        const gone = sorted.filter((key, i) => i % 2 === 0 && key.length < 500)
        assert.deepEqual(
          await store.storage.move(gone.map(into), 'private'),
          gone.map((key) => ({ ...into(key), state: 'moved' })),
        )
        const left = [...sorted.filter((key) => !gone.includes(key)), ...gone.map(quarantined)]
        assert.deepEqual((await listAll(store.storage)).map(listedKey), left.sort(compareKeys))
        for (const key of gone) assert.equal(await content(quarantined(key)), key)
        assert.deepEqual(
          await store.storage.move(gone.map(back), 'as-stored'),
          gone.map((key) => ({ ...back(key), state: 'moved' })),
        )
        assert.deepEqual((await listAll(store.storage)).map(listedKey), sorted)
        for (const key of gone) assert.equal(await content(key), key)
      })

      test('more than a page of objects is moved, each with its answer in order', async () => {
        const many = Array.from({ length: 1200 }, (_, i) => numbered(i))
        await inParallel(many, (key) => store.seed(key, Buffer.from(key)))
        const asked = [...many, 'cache/nobody/put/this.png']
        const answers = await store.storage.move(asked.map(into), 'private')
        assert.deepEqual(
          answers.map(({ from, state }) => `${from} ${state}`),
          asked.map((key, i) => `${key} ${i < many.length ? 'moved' : 'absent'}`),
        )
        const below = await listAll(store.storage, {
          after: 'cache/accounts/avatars/',
          through: 'cache/accounts/avatars0',
        })
        assert.deepEqual(
          below.map(listedKey).filter((key) => many.includes(key)),
          [],
        )
        await store.storage.remove(many.map(quarantined))
      })

      test('a move that was killed in the middle is ended by moving again', async () => {
        const [both, only, neither] = ['cache/m/both.png', 'cache/m/only.png', 'cache/m/neither.png']
        await store.seed(both!, Buffer.from('the source'))
        await store.seed(quarantined(both!), Buffer.from('what was there'))
        await store.seed(quarantined(only!), Buffer.from('moved before'))
        for (let again = 0; again < 2; again++) {
          const answers = await store.storage.move([both!, only!, neither!].map(into), 'private')
          assert.deepEqual(
            answers.map(({ state }) => state),
            ['moved', 'moved', 'absent'],
          )
          assert.equal(await content(quarantined(both!)), 'the source')
          assert.equal(await content(quarantined(only!)), 'moved before')
          for (const key of [both, only, neither, quarantined(neither!)])
            assert.equal((await store.storage.stat(key!)).state, 'absent', key)
        }
      })

      test('a folder of objects is not moved', async () => {
        await store.seed('cache/folder/inside/a.png', Buffer.from('a'))
        assert.deepEqual(await store.storage.move([into('cache/folder/inside')], 'private'), [
          { ...into('cache/folder/inside'), state: 'absent' },
        ])
        assert.equal(await content('cache/folder/inside/a.png'), 'a')
      })

      test('what cannot be meant is refused, and its neighbours are moved', async () => {
        await store.seed('cache/meant.png', Buffer.from('meant'))
        await store.seed('cache/same.png', Buffer.from('same'))
        const pairs = [
          { from: 'cache/../up', to: quarantined('up') },
          { from: 'cache/same.png', to: 'cornac/../up' },
          { from: 'cache/same.png', to: 'cache/same.png' },
          { from: 'cache/same.png', to: 'cache/elsewhere.png' },
          into('cache/meant.png'),
        ]
        const answers = await store.storage.move(pairs, 'private')
        assert.deepEqual(
          answers.map(({ state }) => state),
          ['refused', 'refused', 'refused', 'refused', 'moved'],
        )
        assert.equal(await content('cache/same.png'), 'same')
        assert.deepEqual(
          (await store.storage.move([{ from: 'cache/same.png', to: 'cache/same.png' }], 'as-stored')).map(
            ({ state }) => state,
          ),
          ['refused'],
        )
        assert.equal(await content('cache/same.png'), 'same')
      })

      test('an abort before the first move leaves everything where it is', async () => {
        const key = 'cache/abort.png'
        await store.seed(key, Buffer.from('stays'))
        const reason = new Error('enough')
        const signal = AbortSignal.abort(reason)
        await assert.rejects(store.storage.move([into(key)], 'private', { signal }), reason)
        assert.equal(await content(key), 'stays')
        assert.deepEqual(await store.storage.move([], 'private'), [])
      })

      if (keepsHeaders) {
        test('type and cache headers travel with the object', async () => {
          const key = 'cache/custom_emojis/images/000/000/002/static/abc.png'
          const expected = { contentType: 'image/png', cacheControl: 'public, max-age=315576000, immutable' }
          await store.storage.write(key, Buffer.from('png'), 'image/png')
          await store.storage.move([into(key)], 'private')
          assert.deepEqual(await store.headers?.(quarantined(key)), expected)
          await store.storage.move([back(key)], 'as-stored')
          assert.deepEqual(await store.headers?.(key), expected)
        })
      }
    })

    describe('one object', () => {
      let store: StoreUnderTest
      before(async () => {
        store = await open()
      })
      after(() => store.close())

      test('check accepts a media store', async () => {
        await store.seed('cache/accounts/avatars/000/000/001/original/seed.png', Buffer.from('seed'))
        await store.storage.check()
      })

      test('what is absent is absent', async () => {
        assert.deepEqual(await store.storage.stat('cache/nothing/here.png'), { state: 'absent' })
        assert.equal(await store.storage.read('cache/nothing/here.png'), null)
      })

      test('a folder of objects is not an object', async () => {
        assert.deepEqual(await store.storage.stat('cache/accounts/avatars'), { state: 'absent' })
        assert.equal(await store.storage.read('cache/accounts/avatars'), null)
      })

      test('what is written is there whole, and replaces what was', async () => {
        const key = 'cache/media_attachments/files/114/567/890/123/456/789/original/0123456789abcdef.png'
        const large = Buffer.alloc(300_000, 'large')
        for (const bytes of [Buffer.from('first'), large, Buffer.from(''), Buffer.from('last')]) {
          await store.storage.write(key, bytes, 'image/png')
          assert.deepEqual(Buffer.from((await store.storage.read(key))!), bytes)
          const stat = await store.storage.stat(key)
          assert.ok(stat.state === 'present')
          assert.equal(stat.bytes, bytes.length)
          assert.ok(Math.abs(stat.modifiedAtMs - Date.now()) < 600_000)
        }
        const below = await listAll(store.storage, { after: 'cache/media', through: 'cache/n' })
        assert.deepEqual(below.map(listedKey), [key])
      })

      test('writes to one folder and removals from it at once do not disturb each other', async () => {
        const folder = 'cache/preview_cards/images/000/000/007/original'
        const rounds = Array.from({ length: 12 }, (_, i) => `${folder}/${i}.png`)
        for (let round = 0; round < 3; round++) {
          await Promise.all(
            rounds.map(async (key) => {
              await store.storage.write(key, Buffer.from(key), 'image/png')
              assert.deepEqual(await store.storage.remove([key]), [{ key, removed: true }])
            }),
          )
        }
        assert.deepEqual(await listAll(store.storage, { after: folder, through: `${folder}0` }), [])
      })

      if (keepsHeaders) {
        test('written objects carry the headers Mastodon gives them', async () => {
          const key = 'cache/custom_emojis/images/000/000/001/static/abc.png'
          await store.storage.write(key, Buffer.from('png'), 'image/png')
          assert.deepEqual(await store.headers?.(key), {
            contentType: 'image/png',
            cacheControl: 'public, max-age=315576000, immutable',
          })
          const stat = await store.storage.stat(key)
          assert.equal(stat.state === 'present' && stat.contentType, 'image/png')
        })
      }

      test('removing gives one answer per key, and absent counts as removed', async () => {
        const here = ['cache/x/1.png', 'cache/x/3.png']
        for (const key of here) await store.seed(key, Buffer.from(key))
        const wanted = ['cache/x/3.png', 'cache/x/2.png', 'cache/x/1.png', 'cache/x/1.png']
        assert.deepEqual(
          await store.storage.remove(wanted),
          wanted.map((key) => ({ key, removed: true })),
        )
        for (const key of here) assert.equal((await store.storage.stat(key)).state, 'absent')
        assert.deepEqual(await store.storage.remove([]), [])
        assert.deepEqual(await store.storage.remove(here), [
          { key: here[0], removed: true },
          { key: here[1], removed: true },
        ])
      })

      test('keys that lead elsewhere are refused', async () => {
        for (const key of ['', '/etc/passwd', '../up', 'a/../../up', 'a//b', 'a/', './a', 'a\0b', '\ud800']) {
          const refused = (error: unknown) => error instanceof KnownError && error.code === 'unsafe-key'
          await assert.rejects(store.storage.write(key, Buffer.from('x'), 'image/png'), refused)
          await assert.rejects(store.storage.read(key), refused)
          assert.equal((await store.storage.stat(key)).state, 'unknown')
          const [answer] = await store.storage.remove([key])
          assert.equal(answer?.removed, false)
        }
      })
    })
  })
}

/** The whole listing of a range, with the page size and the order checked on the way. */
export async function listAll(
  storage: Storage,
  range: KeyRange = { after: '', through: null },
  signal?: AbortSignal,
): Promise<Listed[]> {
  const all: Listed[] = []
  for await (const page of storage.list(range, { signal })) {
    assert.ok(page.length <= 1100, `a page of ${page.length}`)
    all.push(...page)
  }
  for (let i = 1; i < all.length; i++)
    assert.ok(compareKeys(listedKey(all[i - 1]!), listedKey(all[i]!)) < 0, listedKey(all[i]!))
  return all
}

async function expectRange(storage: Storage, keys: readonly string[], range: KeyRange): Promise<void> {
  const expected = keys.filter(
    (key) =>
      compareKeys(key, range.after) > 0 && (range.through === null || compareKeys(key, range.through) <= 0),
  )
  assert.deepEqual((await listAll(storage, range)).map(listedKey), expected, JSON.stringify(range))
}

function numbered(i: number): string {
  return `cache/accounts/avatars/${String(i)
    .padStart(6, '0')
    .replace(/(...)(...)/, '$1/$2')}/original/x.png`
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < items.length) await work(items[next++]!)
  }
  await Promise.all(Array.from({ length: 16 }, lane))
}

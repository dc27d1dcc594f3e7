/** Old versions by when they were replaced, over lists: compared with the history that made them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { replacedVersions, staleUploads } from './choose-leftovers.ts'
import { compareKeys } from './model/key-order.ts'
import type { LeftoverLister, ObjectLister, OldVersion, UnfinishedUpload } from './ports/storage.ts'

/** What happened to one key, oldest first. */
interface Event {
  readonly atMs: number
  readonly removal: boolean
}

interface Key {
  readonly key: string
  readonly events: readonly Event[]
}

function* pagesOf<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size)
}

/** A bucket with these histories, listed as a store lists it; `shuffled` turns the versions of each key around. */
function bucketOf(
  keys: readonly Key[],
  size: number,
  shuffled = false,
): { leftovers: LeftoverLister; objects: ObjectLister } {
  const sorted = keys.toSorted((a, b) => compareKeys(a.key, b.key))
  const versions = sorted.flatMap(({ key, events }) => {
    const told = events.flatMap(({ atMs, removal }, at): OldVersion[] => {
      const isLatest = at === events.length - 1
      if (isLatest && !removal) return []
      const bytes = removal ? 0 : 10
      return [{ key, versionId: `${atMs}`, isLatest, deleteMarker: removal, bytes, modifiedAtMs: atMs }]
    })
    return shuffled ? told.reverse() : told
  })
  const objects = sorted.flatMap(({ key, events }) => {
    const last = events.at(-1)
    if (last === undefined || last.removal) return []
    return [{ key, bytes: 10, modifiedAtMs: last.atMs, access: 'open' as const }]
  })
  return {
    leftovers: {
      async *unfinishedUploads() {},
      async *oldVersions({ after, through }) {
        const inside = versions.filter(
          ({ key }) => compareKeys(key, after) > 0 && compareKeys(key, through ?? '\u{10ffff}') <= 0,
        )
        yield* pagesOf(inside, size)
      },
    },
    objects: {
      async *list({ after, through }) {
        const inside = objects.filter(
          ({ key }) => compareKeys(key, after) > 0 && compareKeys(key, through ?? '\u{10ffff}') <= 0,
        )
        yield* pagesOf(inside, size)
      },
    },
  }
}

async function chosen(
  bucket: ReturnType<typeof bucketOf>,
  beforeMs: number,
): Promise<{ replaced: string[]; markers: number }> {
  const replaced: string[] = []
  let markers = 0
  for await (const page of replacedVersions(bucket, beforeMs, {})) {
    replaced.push(...page.replaced.map(({ key, versionId }) => `${key} ${versionId}`))
    markers += page.markers.length
  }
  return { replaced: replaced.sort(), markers }
}

const put = (atMs: number): Event => ({ atMs, removal: false })
const removed = (atMs: number): Event => ({ atMs, removal: true })

test('a version written long ago and replaced a moment ago stays; so does one that was removed a moment ago', async () => {
  const bucket = bucketOf(
    [
      { key: 'cache/a', events: [put(1), put(2), put(99)] },
      { key: 'cache/b', events: [put(1), removed(99)] },
      { key: 'cache/c', events: [put(1), removed(50)] },
      { key: 'cache/d', events: [put(1)] },
      { key: 'accounts/avatars/e', events: [put(1), put(2), removed(3)] },
      { key: 'cache0', events: [put(1), put(2)] },
    ],
    2,
  )
  assert.deepEqual(await chosen(bucket, 60), { replaced: ['cache/a 1', 'cache/c 1'], markers: 2 })
  assert.deepEqual(await chosen(bucket, 100), {
    replaced: ['cache/a 1', 'cache/a 2', 'cache/b 1', 'cache/c 1'],
    markers: 2,
  })
  assert.deepEqual((await chosen(bucket, 2)).replaced, [])
})

test('a version whose object went while both were listed stays', async () => {
  const { leftovers } = bucketOf([{ key: 'cache/a', events: [put(1), put(2)] }], 5)
  const { objects } = bucketOf([{ key: 'cache/b', events: [put(3)] }], 5)
  assert.deepEqual((await chosen({ leftovers, objects }, 1_000)).replaced, [])
})

test('a version replaced after the objects were listed, and before the versions were, stays', async () => {
  const { leftovers } = bucketOf([{ key: 'cache/a', events: [put(1), put(5), put(999)] }], 5)
  const { objects } = bucketOf([{ key: 'cache/a', events: [put(1), put(5)] }], 5)
  assert.deepEqual((await chosen({ leftovers, objects }, 900)).replaced, ['cache/a 1'])
})

test('where a store does not say when, nothing counts as long ago', async () => {
  const { leftovers, objects } = bucketOf([{ key: 'cache/a', events: [put(0), put(5)] }], 5)
  assert.deepEqual((await chosen({ leftovers, objects }, 900)).replaced, [])
  const undated: LeftoverLister = {
    async *unfinishedUploads() {
      yield [{ key: 'cache/a', uploadId: '1', startedAtMs: 0 }]
    },
    async *oldVersions() {},
  }
  for await (const page of staleUploads(undated, 10, {})) assert.deepEqual(page, [])
  const hidden = bucketOf([{ key: 'cache/b', events: [put(1), removed(0), put(7)] }], 5)
  assert.deepEqual((await chosen(hidden, 900)).replaced, [])
})

test('a store that goes on behind what was removed, and passes over the rest of its key, is seen whole', async () => {
  const keys = Array.from({ length: 900 }, (_, i): Key => {
    return { key: `cache/${String(i).padStart(4, '0')}`, events: [put(1), put(2), put(3), removed(4)] }
  })
  const { leftovers, objects } = bucketOf(keys, 1_000)
  const gone = new Set<string>()
  const nameOf = ({ key, versionId }: OldVersion): string => `${key} ${versionId}`
  const forgetful: LeftoverLister = {
    ...leftovers,
    async *oldVersions(range, options) {
      let passedOver = ''
      for await (const page of leftovers.oldVersions(range, options)) {
        yield page.filter(({ key }) => key !== passedOver)
        const last = page.at(-1)!
        passedOver = gone.has(nameOf(last)) ? last.key : ''
      }
    },
  }
  for await (const { replaced } of replacedVersions({ leftovers: forgetful, objects }, 60, {}))
    for (const version of replaced) gone.add(nameOf(version))
  assert.equal(gone.size, 2_700)
})

test('whatever the histories and the pages: exactly what was replaced before, and never what is there', async () => {
  for (let round = 0; round < 300; round++) {
    const keys = Array.from({ length: Math.floor(Math.random() * 30) }, (_, i): Key => {
      const times = Array.from({ length: 1 + Math.floor(Math.random() * 4) }, () =>
        Math.floor(Math.random() * 1e6),
      )
      const events = [...new Set(times)]
        .sort((a, b) => a - b)
        .map((atMs) => {
          return { atMs, removal: Math.random() < 0.3 }
        })
      return { key: `cache/${i % 7}/${i}`, events }
    })
    const beforeMs = Math.floor(Math.random() * 1e6)
    const expected = keys.flatMap(({ key, events }) =>
      events.flatMap(({ atMs, removal }, at) => {
        const next = events[at + 1]
        return removal || next === undefined || next.atMs >= beforeMs ? [] : [`${key} ${atMs}`]
      }),
    )
    const size = 1 + Math.floor(Math.random() * 5)
    const told = await chosen(bucketOf(keys, size, Math.random() < 0.5), beforeMs)
    assert.deepEqual(told.replaced, expected.sort(), JSON.stringify(keys))
  }
})

test('uploads count from their beginning, and only where remote media lies', async () => {
  const uploads: readonly UnfinishedUpload[] = [
    { key: 'cache/a', uploadId: '1', startedAtMs: 9 },
    { key: 'cache/a', uploadId: '2', startedAtMs: 10 },
    { key: 'media_attachments/files/1', uploadId: '3', startedAtMs: 1 },
  ]
  const leftovers: LeftoverLister = {
    async *unfinishedUploads() {
      yield* pagesOf(uploads, 2)
    },
    async *oldVersions() {},
  }
  const told: string[] = []
  for await (const page of staleUploads(leftovers, 10, {})) told.push(...page.map(({ uploadId }) => uploadId))
  assert.deepEqual(told, ['1'])
})

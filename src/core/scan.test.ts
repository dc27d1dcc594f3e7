/** The scan as a whole, over a store in memory and rows in a list: guards, second looks, aborts and resuming. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openScanMemory } from '../adapters/state/scan-memory.ts'
import { openMemoryStorage, type MemoryStorage } from '../adapters/storage/memory.ts'
import { SourceDisagreement } from './errors.ts'
import { ALL_KINDS } from './model/media.ts'
import type { Listed } from './model/object.ts'
import type { MediaRecord } from './model/record.ts'
import { claimedKeys, rootOf } from './model/storage-key.ts'
import type { RecordSource } from './ports/records.ts'
import { silentProgress } from './ports/runtime.ts'
import type { ScanStore } from './ports/state.ts'
import type { ObjectLister } from './ports/storage.ts'
import { scan, type ScanRequest, type ScanResult } from './scan.ts'

const NOW = Date.UTC(2026, 10, 1)
const DAY = 86_400_000

function avatar(id: bigint, parts: Partial<MediaRecord> = {}): MediaRecord {
  return {
    kind: 'avatar',
    id: id.toString(),
    remote: true,
    domain: 'example.org',
    fileName: `${id.toString(16).padStart(16, '0')}.png`,
    contentType: 'image/png',
    bytes: 3,
    assignedAtMs: NOW - 100 * DAY,
    storageVersion: 1,
    remoteUrl: `https://example.org/${id}.png`,
    hidden: false,
    ...parts,
  }
}

/** Rows in a list that may change between looks. */
function rowsOf(rows: readonly MediaRecord[], reread: readonly MediaRecord[] = rows): RecordSource {
  return {
    async *records({ kind, root, from, to }) {
      const run = rows.filter(
        (row) => row.kind === kind && rootOf(row) === root && BigInt(row.id) >= from && BigInt(row.id) <= to,
      )
      run.sort((a, b) => Number(BigInt(a.id) - BigInt(b.id)) * (to < 0n ? -1 : 1))
      for (let at = 0; at < run.length; at += 3) yield run.slice(at, at + 3)
    },
    async reread(kind, ids) {
      return new Map(
        reread.filter((row) => row.kind === kind && ids.includes(row.id)).map((row) => [row.id, row]),
      )
    },
    estimate: async () => rows.length,
    async cuts(kind, count) {
      const ids = rows.filter((row) => row.kind === kind).map((row) => BigInt(row.id))
      return ids.sort((a, b) => (a < b ? -1 : 1)).filter((_, i) => (i + 1) % count === 0)
    },
  }
}

async function storeOf(rows: readonly MediaRecord[]): Promise<MemoryStorage> {
  const storage = openMemoryStorage({ now: () => NOW - 50 * DAY })
  for (const row of rows)
    for (const { key } of claimedKeys(row)) await storage.write(key, new Uint8Array(3), 'image/png')
  return storage
}

async function scanned(
  records: RecordSource,
  objects: ObjectLister,
  options: Partial<ScanRequest> & { store?: ScanStore; signal?: AbortSignal } = {},
): Promise<{ result: ScanResult; found: string[] }> {
  const { store = openScanMemory('a test'), signal, ...request } = options
  const result = await scan(
    { records, objects, store, clock: { now: () => NOW, sleep: async () => {} } },
    {
      instance: 'test',
      kinds: ALL_KINDS,
      minAgeMs: DAY,
      concurrency: 2,
      resume: false,
      rowsPerShard: 4,
      ...request,
    },
    { signal, progress: silentProgress },
  )
  const found: string[] = []
  for await (const page of result.findings())
    for (const { code, id, key } of page) found.push(`${code} ${id} ${key}`)
  return { result, found: found.sort() }
}

/** Ids of every shape: short, snowflake, ones that share folders, and the instance actor's. */
const IDS = [
  -99n,
  1n,
  999_999_999n,
  1_000_000_000n,
  1_234_567_890_121n,
  1_234_567_890_123n,
  12_345_678_901_234n,
  1_234_567_890_123_456n,
  12_345_678_901_234_567n,
  109_876_543_210_987_654n,
  109_876_543_210_987_655n,
  114_567_890_123_456_789n,
  1_145_678_901_234_567_890n,
  1_145_678_901_234_567_891n,
]

const keyOf = (row: MediaRecord): string => claimedKeys(row)[0]?.key ?? ''

test('ids of every shape: a whole store gives no finding, and each lost file exactly one', async () => {
  const rows = IDS.map((id, i) => avatar(id, i % 3 === 0 ? { storageVersion: 0 } : {}))
  const { found, result } = await scanned(rowsOf(rows), await storeOf(rows))
  assert.deepEqual(found, [])
  assert.equal(result.totals.objects, rows.length)
  for (const lost of rows) {
    const storage = await storeOf(rows.filter((row) => row !== lost))
    assert.deepEqual((await scanned(rowsOf(rows), storage)).found, [`missing ${lost.id} ${keyOf(lost)}`])
    const rest = rows.filter((row) => row !== lost)
    assert.deepEqual((await scanned(rowsOf(rest), await storeOf(rows))).found, [`orphan null ${keyOf(lost)}`])
  }
})

test('a row assigned since the scan began, and an object younger than the age guard, are not judged', async () => {
  const fresh = avatar(7n, { assignedAtMs: NOW })
  const storage = await storeOf([])
  assert.deepEqual((await scanned(rowsOf([fresh]), storage)).found, [])
  const young = openMemoryStorage({ now: () => NOW - DAY + 1 })
  await young.write(keyOf(avatar(8n)), new Uint8Array(3), 'image/png')
  const { found, result } = await scanned(rowsOf([fresh]), young)
  assert.deepEqual(found, [])
  assert.equal(result.totals.tooYoung, 2)
  assert.deepEqual((await scanned(rowsOf([]), young, { minAgeMs: 0 })).found, [
    `orphan null ${keyOf(avatar(8n))}`,
  ])
})

test('a row that changed between the first and the second look is not reported, nor is an object it claims by now', async () => {
  const before = avatar(7n)
  const now = avatar(7n, { fileName: 'fedcba9876543210.png', assignedAtMs: NOW - DAY * 2 })
  const storage = await storeOf([now])
  const { found, result } = await scanned(rowsOf([before], [now]), storage)
  assert.deepEqual(found, [])
  assert.equal(result.totals.tooYoung, 2)
})

test('keys of no known shape are strays wherever they lie, and protected files are counted, never found', async () => {
  const storage = await storeOf([])
  const strays = [
    '!first',
    'cache/accounts/avatars/readme.txt',
    'cache/x',
    'imports/data/000/000/001/original/a.csv',
    'zzz',
  ]
  for (const key of [...strays, 'backups/dumps/000/000/001/original/a.zip'])
    await storage.write(key, new Uint8Array(3), 'text/plain')
  const { found, result } = await scanned(rowsOf([]), storage)
  assert.deepEqual(found, strays.map((key) => `stray null ${key}`).sort())
  assert.deepEqual(result.totals.measured['backup/local'], { count: 1, bytes: 3 })
  assert.deepEqual((await scanned(rowsOf([]), storage, { kinds: ['avatar'] })).found, [
    'stray null cache/accounts/avatars/readme.txt',
  ])
})

test('Cornac’s own objects are passed over, and so is their folder where it cannot be listed', async () => {
  const rows = [avatar(1n)]
  const storage = await storeOf(rows)
  for (const key of ['cornac/canary', `cornac/quarantine/2026-12-05/run/a1/${keyOf(avatar(2n))}`])
    await storage.write(key, new Uint8Array(3), 'text/plain')
  const { found, result } = await scanned(rowsOf(rows), storage)
  assert.deepEqual(found, [])
  assert.equal(result.totals.objects, 1)
  storage.hide('cornac/', 'permission denied')
  assert.deepEqual((await scanned(rowsOf(rows), storage)).found, [])
})

test('an orphan is told with its time, and nothing else is', async () => {
  const storage = await storeOf([avatar(2n)])
  const times: (number | null)[] = []
  const { result } = await scanned(rowsOf([avatar(1n)]), storage)
  for await (const page of result.findings())
    for (const { code, modifiedAtMs } of page)
      times.push(code === 'orphan' ? modifiedAtMs : (modifiedAtMs ?? 0))
  assert.deepEqual(times, [0, NOW - 50 * DAY])
})

test('an empty file and one of another size are mismatched; a row that states no size only cares for emptiness', async () => {
  const rows = [avatar(1n), avatar(2n), avatar(3n, { bytes: null }), avatar(4n, { bytes: null })]
  const storage = await storeOf(rows)
  await storage.write(keyOf(rows[0] as MediaRecord), new Uint8Array(9), 'image/png')
  await storage.write(keyOf(rows[1] as MediaRecord), new Uint8Array(0), 'image/png')
  await storage.write(keyOf(rows[3] as MediaRecord), new Uint8Array(0), 'image/png')
  const { found } = await scanned(rowsOf(rows), storage)
  assert.deepEqual(
    found,
    [1, 2, 4].map((n) => `mismatched ${n} ${keyOf(rows[n - 1] as MediaRecord)}`),
  )
})

test('a listing in a wrong order ends the scan without a finding stored', async () => {
  const rows = [avatar(1n), avatar(2n)]
  const storage = await storeOf(rows)
  const twisted: ObjectLister = {
    async *list(range, options) {
      for await (const page of storage.list(range, options)) yield [...page].reverse() as readonly Listed[]
    },
  }
  const store = openScanMemory('a test')
  await assert.rejects(scanned(rowsOf(rows), twisted, { store }), SourceDisagreement)
  const left = await store.unfinished({ instance: 'test', kinds: [...ALL_KINDS].sort(), minAgeMs: DAY }, 0)
  const findings: unknown[] = []
  for await (const page of left?.findings() ?? []) findings.push(...page)
  assert.deepEqual(findings, [])
})

test('a listing that breaks off is never taken for a short one', async () => {
  const rows = [avatar(1n), avatar(2n)]
  const broken: ObjectLister = {
    async *list() {
      yield []
      throw new Error('connection reset')
    },
  }
  await assert.rejects(scanned(rowsOf(rows), broken), /connection reset/)
})

test('an interrupted scan goes on where it was, does no shard twice, and ends with the same findings', async () => {
  const rows = Array.from({ length: 60 }, (_, i) =>
    avatar(100_000_000_000_000_000n + BigInt(i) * 10_000_000_000_000n),
  )
  const storage = await storeOf(rows.filter((_, i) => i % 7 !== 0))
  const whole = await scanned(rowsOf(rows), storage)
  assert.equal(whole.found.length, 9)
  for (const stopAfter of [1, 5, 9, 14]) {
    const store = openScanMemory('a test')
    const stop = new AbortController()
    let listed = 0
    const counting: ObjectLister = {
      list(range, options) {
        if (++listed > stopAfter) stop.abort(new Error('stopped'))
        return storage.list(range, options)
      },
    }
    await assert.rejects(scanned(rowsOf(rows), counting, { store, signal: stop.signal }), /stopped/)
    const firstPart = listed
    listed = -1_000
    const { found, result } = await scanned(rowsOf(rows), counting, { store, resume: true })
    assert.deepEqual(found, whole.found)
    assert.ok(result.resumedShards > 0 || stopAfter === 1)
    assert.equal(result.shards - result.resumedShards, listed + 1_000, `after ${firstPart} shards`)
    assert.deepEqual(result.totals, whole.result.totals)
  }
})

test('files in a folder that cannot be listed are unreadable, never missing; an empty such folder is told once', async () => {
  const rows = [avatar(1n), avatar(2_000_000n), avatar(3n)]
  const storage = await storeOf(rows)
  storage.hide('cache/accounts/avatars/002/', 'permission denied')
  storage.hide('cache/accounts/avatars/777/', 'permission denied')
  assert.deepEqual((await scanned(rowsOf(rows), storage)).found, [
    `unreadable ${rows[1]?.id} ${keyOf(rows[1] as MediaRecord)}`,
    'unreadable null cache/accounts/avatars/777/',
  ])
})

test('a closed file is unreadable, unless Mastodon closed it on purpose', async () => {
  const rows = [avatar(1n), avatar(2n, { hidden: true })]
  const storage = await storeOf([])
  for (const row of rows) storage.put({ key: keyOf(row), bytes: 3, access: 'closed', modifiedAtMs: 0 })
  storage.put({ key: keyOf(avatar(9n)), bytes: 3, access: 'closed', modifiedAtMs: 0 })
  assert.deepEqual((await scanned(rowsOf(rows), storage)).found, [
    `unreadable 1 ${keyOf(rows[0] as MediaRecord)}`,
    `unreadable null ${keyOf(avatar(9n))}`,
  ])
})

import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Finding } from '../../core/model/finding.ts'
import type { ScanScope, ScanStart } from '../../core/ports/state.ts'
import { emptyTotals } from '../../core/reconcile/shard-tally.ts'
import { openScanFiles } from './scan-files.ts'

const SCOPE: ScanScope = { instance: 'a.example', kinds: ['avatar'], minAgeMs: 0 }

function start(id: string, startedAtMs: number, scope = SCOPE): ScanStart {
  const shard = { kind: null, root: '', after: '', through: null, positions: null } as const
  return { id, scope, startedAtMs, shards: [0, 1, 2].map((number) => ({ number, ...shard })) }
}

function finding(key: string): Finding {
  const nothing = { id: null, style: null, remote: null, domain: null, bytes: null, modifiedAtMs: null }
  return { code: 'stray', kind: null, key, detail: null, ...nothing }
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cornac-scans-'))
  try {
    await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

test('a shard counts only once it is finished; another process goes on from there', () =>
  inFolder(async (folder) => {
    const first = await (await openScanFiles(join(folder, 'deep', 'down'))).begin(start('1', 10))
    const done = await first.openShard(0)
    await done.add([finding('a'), finding('b')])
    await done.finish({ ...emptyTotals(), objects: 2 })
    const half = await first.openShard(1)
    await half.add([finding('c')])

    const again = await (await openScanFiles(join(folder, 'deep', 'down'))).unfinished(SCOPE, 0)
    assert.deepEqual(
      [...(again?.finished ?? [])].map(([number, totals]) => [number, totals.objects]),
      [[0, 2]],
    )
    const redone = await again?.openShard(1)
    await redone?.add([finding('d')])
    await redone?.finish(emptyTotals())
    const keys: (string | null)[] = []
    for await (const page of again?.findings() ?? []) keys.push(...page.map(({ key }) => key))
    assert.deepEqual(keys, ['a', 'b', 'd'])
  }))

test('scans of another scope, of another time, and complete ones are not resumed', () =>
  inFolder(async (folder) => {
    const store = await openScanFiles(folder)
    await store.begin(start('1', 10))
    assert.equal(await store.unfinished({ ...SCOPE, kinds: ['header'] }, 0), null)
    assert.equal(await store.unfinished(SCOPE, 11), null)
    await (await store.begin(start('2', 20))).complete()
    assert.equal(await store.unfinished(SCOPE, 15), null)
  }))

test('only the latest few scans of a scope stay, and nobody else can read them', () =>
  inFolder(async (folder) => {
    const store = await openScanFiles(join(folder, 'scans'))
    await store.begin(start('0-other', 1, { ...SCOPE, instance: 'b.example' }))
    for (let n = 1; n <= 6; n++) await (await store.begin(start(String(n), n))).complete()
    assert.deepEqual((await readdir(join(folder, 'scans'))).sort(), ['0-other', '4', '5', '6'])
    assert.equal((await stat(join(folder, 'scans'))).mode & 0o077, 0)
  }))

test('what an interrupted write left behind is no shard', () =>
  inFolder(async (folder) => {
    const store = await openScanFiles(folder)
    await store.begin(start('1', 10))
    await writeFile(join(folder, '1', 'shard-00002.json.part'), '{"records":1')
    await writeFile(join(folder, '1', 'shard-00001.json'), '{"records":1')
    assert.equal((await store.unfinished(SCOPE, 0))?.finished.size, 0)
  }))

test('a folder that cannot be made is an error at once, also where the system answers oddly', async () => {
  await assert.rejects(openScanFiles('/proc/cornac/scans'))
  await assert.rejects(openScanFiles('/dev/null/scans'))
})

test('findings written before orphans had a time are still read, as without one', () =>
  inFolder(async (folder) => {
    const store = await openScanFiles(folder)
    const scan = await store.begin(start('1', 10))
    const shard = await scan.openShard(0)
    const { modifiedAtMs: _, ...old } = finding('a')
    await shard.add([old as Finding, { ...finding('b'), code: 'orphan', modifiedAtMs: 5 }])
    await shard.finish(emptyTotals())
    await scan.complete()
    const times: (number | null)[] = []
    for await (const page of (await store.completed('a.example', '1'))?.findings() ?? [])
      times.push(...page.map(({ modifiedAtMs }) => modifiedAtMs))
    assert.deepEqual(times, [null, 5])
  }))

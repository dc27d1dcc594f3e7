import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ScanStart, ScanStore } from '../../core/ports/state.ts'
import { emptyTotals } from '../../core/reconcile/shard-tally.ts'
import { openScanFiles } from './scan-files.ts'
import { openScanMemory } from './scan-memory.ts'

const scope = { instance: 'test', kinds: ['avatar'], minAgeMs: 0 }

function start(id: string, startedAtMs: number): ScanStart {
  return { id, scope, startedAtMs, shards: [] }
}

async function remembersOnlyWhatIsLeft(store: ScanStore): Promise<void> {
  await store.begin(start('1', 1))
  assert.equal((await store.unfinished(scope, 0))?.start.id, '1')
  assert.equal(await store.unfinished(scope, 2), null, 'too old')
  assert.equal(await store.unfinished({ ...scope, kinds: ['header'] }, 0), null, 'of other kinds')
  const whole = await store.begin(start('2', 2))
  await whole.complete()
  assert.equal(await store.unfinished(scope, 0), null, 'a later scan was completed')
  await store.begin(start('3', 3))
  assert.equal((await store.unfinished(scope, 0))?.start.id, '3')
}

async function remembersWhatWasCompleted(store: ScanStore): Promise<void> {
  const shards = [0, 1].map((number) => {
    return { number, kind: null, root: '', after: '', through: null, positions: null } as const
  })
  const nothing = {
    kind: null,
    id: null,
    style: null,
    remote: null,
    domain: null,
    bytes: null,
    modifiedAtMs: null,
    detail: null,
  }
  for (const id of ['1', '2']) {
    const recorder = await store.begin({ ...start(id, Number(id)), shards })
    const shard = await recorder.openShard(1)
    await shard.add([{ ...nothing, code: 'stray', key: `of ${id}` }])
    await shard.finish(emptyTotals())
    if (id === '1') assert.equal(await store.completed('test', 'last'), null, 'it is not complete yet')
    await recorder.complete()
  }
  await store.begin(start('3', 3))
  await (await store.begin({ ...start('4', 4), scope: { ...scope, instance: 'other' } })).complete()
  for (const [asked, id] of Object.entries({ last: '2', 1: '1', 2: '2' })) {
    const scan = await store.completed('test', asked)
    assert.equal(scan?.start.id, id)
    const keys: (string | null)[] = []
    for await (const page of scan?.findings() ?? []) keys.push(...page.map(({ key }) => key))
    assert.deepEqual(keys, [`of ${id}`])
  }
  for (const asked of ['3', '4', 'nothing', '..', ''])
    assert.equal(await store.completed('test', asked), null, asked)
}

test('in memory, only a completed scan of the same server can be read again', async () => {
  await remembersWhatWasCompleted(openScanMemory('a test'))
})

test('on disk, only a completed scan of the same server can be read again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cornac-scans-'))
  try {
    await remembersWhatWasCompleted(await openScanFiles(folder))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('in memory, an interrupted scan is offered until a later one was completed', async () => {
  await remembersOnlyWhatIsLeft(openScanMemory('a test'))
})

test('on disk, an interrupted scan is offered until a later one was completed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cornac-scans-'))
  try {
    await remembersOnlyWhatIsLeft(await openScanFiles(folder))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ScanStart, ScanStore } from '../../core/ports/state.ts'
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

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KnownError } from '../../core/errors.ts'
import { orphans } from './commands/orphans.ts'
import { readOrphanWish, type OrphanOptions, type OrphanWish } from './orphans-request.ts'
import { parse } from './parse.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

async function wishOf(line: string): Promise<OrphanWish> {
  const parsed = await parse({
    argv: ['orphans', ...line.split(' ').filter((word) => word !== '')],
    version: '0.0.0',
    commands: [{ name: 'orphans', summary: 'take away', load: async () => orphans }],
    groups: {},
    columns: 100,
  })
  assert.ok(parsed.kind === 'run')
  return readOrphanWish(parsed.options as OrphanOptions)
}

async function refusal(line: string): Promise<string> {
  const error: unknown = await wishOf(line).then(
    () => assert.fail(`${line} was accepted`),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof KnownError)
  assert.equal(error.category, 'usage')
  return error.message
}

test('orphans wait a day between two scans and a week in quarantine, unless told', async () => {
  const objects = { what: 'objects', graceMs: DAY_MS, quarantineMs: 7 * DAY_MS }
  assert.deepEqual(await wishOf(''), objects)
  assert.deepEqual(await wishOf('--grace 3d'), { ...objects, graceMs: 3 * DAY_MS })
  assert.deepEqual(await wishOf('--quarantine 14'), { ...objects, quarantineMs: 14 * DAY_MS })
  assert.deepEqual(await wishOf('--quarantine 0.5'), { ...objects, quarantineMs: 12 * HOUR_MS })
  assert.deepEqual(await wishOf('--no-quarantine'), { ...objects, quarantineMs: null })
})

test('a grace below a day is refused, and so is a quarantine that is none', async () => {
  for (const grace of ['23h', '0s', '1', 'day'])
    assert.match(await refusal(`--grace ${grace}`), /--grace cannot be .*24h or more/)
  for (const days of ['0', '-1', '366', '7d'])
    assert.match(await refusal(`--quarantine=${days}`), /--quarantine cannot be .*up to 365/)
})

test('leftovers of a bucket have a time of their own, and nothing of orphans', async () => {
  const week = 7 * DAY_MS
  assert.deepEqual(await wishOf('--unfinished-uploads'), { what: 'unfinished-uploads', olderThanMs: week })
  assert.deepEqual(await wishOf('--old-versions'), { what: 'old-versions', olderThanMs: week })
  assert.deepEqual(await wishOf('--unfinished-uploads --older-than 36h'), {
    what: 'unfinished-uploads',
    olderThanMs: 36 * HOUR_MS,
  })
  assert.match(await refusal('--old-versions --older-than 36h'), /at least 7d: .*what an undo needs/)
  assert.match(await refusal('--unfinished-uploads --older-than 1h'), /--older-than cannot be "1h"/)
  assert.match(await refusal('--older-than 2d'), /belongs to --unfinished-uploads and --old-versions/)
  assert.match(await refusal('--unfinished-uploads --old-versions'), /cannot be combined/)
  assert.match(await refusal('--old-versions --grace 2d'), /--grace is about orphans/)
  assert.match(await refusal('--unfinished-uploads --no-quarantine'), /quarantine is about orphans/)
})

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { ALL_KINDS } from '../../core/model/media.ts'
import type { PruneCandidate, PruneFile } from '../../core/model/prune-candidate.ts'
import type { BatchContent, BatchOutcome, BatchPart } from '../../core/model/run.ts'
import { claimedKeys } from '../../core/model/storage-key.ts'
import {
  packContent,
  packOutcome,
  packPart,
  unpackContent,
  unpackOutcome,
  unpackPart,
} from './batch-content.ts'

/** All members there, as JSON makes objects. */
function plain<T>(members: { [Member in keyof T]: fc.Arbitrary<T[Member]> }): fc.Arbitrary<T> {
  return fc.record<T>(members, { noNullPrototype: true })
}

/** Every string JavaScript has, halves of characters and NUL among them. */
const text = fc.string({ unit: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('\0', '\ud83d')) })
const domain = fc.option(fc.constantFrom('a.example', 'xn--bcher-kva.example', ''))
const id = fc.bigInt({ min: -99n, max: 9_223_372_036_854_775_807n }).map(String)
const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const time = fc.constantFrom('2026-01-31 23:59:59.000001', '0099-12-31 00:00:00.000000')

const record = plain<PruneFile['record']>({
  kind: fc.constantFrom(...ALL_KINDS),
  id,
  remote: fc.boolean(),
  domain,
  fileName: text,
  contentType: fc.option(fc.constantFrom('image/gif', 'image/png', 'video/mp4', '')),
  bytes: fc.option(whole),
  assignedAtMs: fc.option(fc.integer()),
  storageVersion: fc.nat(),
  remoteUrl: fc.option(fc.oneof(fc.webUrl(), text)),
  hidden: fc.boolean(),
})

function candidateOf(files: fc.Arbitrary<readonly PruneFile[]>): fc.Arbitrary<PruneCandidate> {
  return plain<PruneCandidate>({
    table: fc.constantFrom('accounts', 'media_attachments', 'preview_cards'),
    id,
    files,
    rowUpdatedAt: time,
    quietSinceMs: fc.double({ noNaN: true }).filter((ms) => !Object.is(ms, -0) && Number.isFinite(ms)),
    domain,
    bytes: whole,
  })
}

const assignedAt = fc.option(time)
/** Nothing of a file follows from its row. */
const odd = candidateOf(
  fc.array(plain<PruneFile>({ record, assignedAt, keys: fc.array(text) }), { maxLength: 3 }),
)
/** As rows are. */
const usual = candidateOf(
  fc.array(plain<PruneFile>({ record, assignedAt, keys: fc.constant([]) }), {
    minLength: 1,
    maxLength: 2,
  }),
).map((row) => ({
  ...row,
  files: row.files.map((file) => {
    const own = { ...file.record, id: row.id, domain: row.domain }
    return { ...file, record: own, keys: claimedKeys(own).map(({ key }) => key) }
  }),
}))

const content: fc.Arbitrary<BatchContent> = fc.oneof(
  plain({
    of: fc.constant('rows' as const),
    candidates: fc.array(fc.oneof(odd, usual)),
    touchedAtMs: fc.option(fc.integer()),
  }),
  plain({
    of: fc.constant('objects' as const),
    objects: fc.array(plain({ key: text, bytes: whole })),
  }),
  plain({
    of: fc.constant('uploads' as const),
    uploads: fc.array(plain({ key: text, uploadId: text })),
  }),
  plain({
    of: fc.constant('versions' as const),
    versions: fc.array(plain({ key: text, versionId: text, bytes: whole })),
  }),
)

test('what is read back is what was written, whatever it is', async () => {
  await fc.assert(
    fc.asyncProperty(content, async (written) => {
      assert.deepEqual(await unpackContent(await packContent(written)), written)
    }),
    { numRuns: 400 },
  )
})

test('an outcome is read back as it was, and so is what came of a beginning', async () => {
  const members = {
    leftAlone: fc.array(text),
    refused: fc.array(text),
    refusedBecause: fc.option(text),
  }
  await fc.assert(
    fc.asyncProperty(plain<BatchPart>({ ...members, through: fc.nat(), gone: fc.nat() }), async (written) => {
      assert.deepEqual(await unpackPart(await packPart(written)), written)
    }),
  )
  const outcome = plain<BatchOutcome>(members)
  await fc.assert(
    fc.asyncProperty(outcome, async (written) => {
      assert.deepEqual(await unpackOutcome(await packOutcome(written)), written)
    }),
  )
})

test('rows take less than a seventh of the space of their JSON', async () => {
  const rows = Array.from({ length: 2_000 }, (_, i) => attachment(i))
  const packed = await packContent({ of: 'rows', candidates: rows, touchedAtMs: null })
  assert.ok(packed.length < JSON.stringify(rows).length / 7, `${packed.length} bytes`)
})

test('bytes that were damaged are an error, not another content', async () => {
  const candidates = Array.from({ length: 20 }, (_, i) => attachment(i))
  const packed = await packContent({ of: 'rows', candidates, touchedAtMs: 1 })
  for (let at = 0; at < packed.length; at += 7) {
    const damaged = Buffer.from(packed)
    damaged[at] = damaged[at]! ^ 0x10
    const read = await unpackContent(damaged).catch(() => null)
    if (read !== null) assert.deepEqual(read, { of: 'rows', candidates, touchedAtMs: 1 })
  }
  await assert.rejects(unpackContent(packed.subarray(0, packed.length - 9)))
})

function attachment(i: number): PruneCandidate {
  const own = {
    ...({ kind: 'attachment', id: String(110_000_000_000_000_000n + BigInt(i)), remote: true } as const),
    ...{ domain: `host${i % 90}.example`, fileName: `${randomBytes(8).toString('hex')}.png` },
    ...{ contentType: 'image/png', bytes: i * 977, assignedAtMs: 1_700_000_000_000 + i, storageVersion: 1 },
    ...{ remoteUrl: `https://host${i % 90}.example/${randomBytes(8).toString('hex')}.png`, hidden: false },
  }
  const files = [
    { record: own, assignedAt: '2026-01-31 23:59:59.000001', keys: claimedKeys(own).map(({ key }) => key) },
  ]
  return {
    ...({
      table: 'media_attachments',
      id: own.id,
      files,
      rowUpdatedAt: '2026-01-31 23:59:59.000001',
    } as const),
    ...{ quietSinceMs: 1_700_000_000_000 + i, domain: own.domain, bytes: own.bytes },
  }
}

/** Which records a prune lets go of, on every version: compared with the same rules in plain SQL, row by row. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { ageInstance } from '../../lab/instance/age.ts'
import { buildInstance } from '../../lab/instance/build-instance.ts'
import { drawPictures } from '../../lab/instance/pictures.ts'
import { filesInDatabase, keysOfFile } from '../../lab/instance/rows-in-database.ts'
import type { LabVersion } from '../../lab/instance/schema/schema.ts'
import { probeSchema } from '../../src/adapters/mastodon/probe-schema.ts'
import { PRUNE_SIZES, type PruneSizes } from '../../src/adapters/mastodon/prune-reading.ts'
import { openPruneSource } from '../../src/adapters/mastodon/prune-source.ts'
import type { PruneCandidate, PruneTotals } from '../../src/core/model/prune-candidate.ts'
import { cutoffOf, keepRulesFor, PRUNE_KINDS, type PrunePolicy } from '../../src/core/model/prune-policy.ts'
import type { SchemaFacts } from '../../src/core/model/schema.ts'
import type { PrunePage, PruneSource } from '../../src/core/ports/prune.ts'
import { needs } from '../needs.ts'
import { freshName, sharedPostgres } from '../shared-servers.ts'
import { shuffleForPrune, toldInSql, type Told } from './prune-in-sql.ts'

const pictures = drawPictures(1, 'tiny')
/** Seams everywhere: no page fits what is read. */
const SMALL: PruneSizes = { rows: 41, together: 60, accounts: 3 }
const VERSIONS = ['4.3', '4.4', '4.5', '4.6'] as const
const DAYS = [7, 30.25] as const

/** A world for every version, and one more that is new each time; PRUNE_SEED repeats it. */
const fresh = Number(process.env['PRUNE_SEED'] ?? Math.floor(Math.random() * 1_000_000))
const seedsOf = (version: LabVersion): readonly number[] => [
  Number(version.replace('.', '')) * 10 + 7,
  ...(VERSIONS[fresh % VERSIONS.length] === version ? [fresh] : []),
]

interface Stage {
  readonly version: LabVersion
  readonly databaseUrl: string
  readonly nowMs: number
  readonly client: pg.Client
  readonly pool: pg.Pool
  readonly schema: SchemaFacts
  readonly source: PruneSource
  asReader(): pg.Pool
  close(): Promise<void>
}

for (const version of VERSIONS)
  for (const seed of seedsOf(version))
    describe(`a prune on ${version}, seed ${seed}`, needs('postgres'), () => {
      let stage: Stage
      before(async () => {
        stage = await built(version, seed)
      })
      after(() => stage.close())

      for (const preset of ['tootctl', 'cornac'] as const)
        test(`${preset}: lets go of exactly what the rules let go of, with any options, whatever the pages`, async () => {
          let compared = 0
          for (const policy of policies(stage, preset)) {
            const expected = await expectedOf(stage, policy)
            compared += expected.length
            for (const sizes of sizesFor(policy)) {
              const source = openPruneSource(stage.pool, stage.schema, sizes)
              const pages = await pagesOf(source, policy)
              assert.ok(pages.every((page) => page.length > 0 && page.length < sizes.together + sizes.rows))
              assert.deepEqual(linesOf(pages.flat()), expected, JSON.stringify(policy))
            }
          }
          assert.ok(compared > 2_000, `only ${compared}`)
        })

      test('every rule is the only one that keeps some record, so that none could be forgotten unnoticed', async () => {
        for (const preset of ['tootctl', 'cornac'] as const)
          for (const kind of PRUNE_KINDS) {
            const cutoffMs = cutoffOf(DAYS[1], stage.nowMs)
            const policy: PrunePolicy = {
              ...basic(stage, preset),
              cutoffMs,
              keepInteracted: true,
              linkOnly: true,
            }
            const told = await toldInSql(stage.client, kind, policy, version !== '4.3')
            const alone = new Set(told.flatMap(({ because }) => (because.length === 1 ? because : [])))
            const rules = keepRulesFor(policy, kind, stage.schema.has)
            assert.deepEqual([...alone].sort(), [...rules].sort(), `${preset} ${kind}`)
          }
      })

      test('whoever stops after any page and goes on at its position is told exactly the rest', async () => {
        const source = openPruneSource(stage.pool, stage.schema, { ...SMALL, together: 1 })
        let seams = 0
        for (const policy of resumable(stage)) {
          const pages: PrunePage[] = []
          for await (const page of source.candidates(policy)) pages.push(page)
          const whole = JSON.stringify(pages)
          for (const [at, { position }] of pages.entries()) {
            // Each seam costs a walk over the rest: of many, some, the first and the last always.
            if (at > 2 && at < pages.length - 2 && at % 5 !== seed % 5) continue
            const rest: PrunePage[] = []
            for await (const page of source.candidates(policy, { after: position })) rest.push(page)
            seams += 1
            const expected = pages.slice(at + 1)
            if (!position.startsWith('owners')) {
              assert.deepEqual(rest, expected, `${JSON.stringify(policy)} after ${position}`)
              continue
            }
            // Of the accounts whose attachments were being read, all are told again.
            const again = rest.length - expected.length
            assert.ok(again >= 0 && again <= repeatable(pages, at), `${again} pages again after ${position}`)
            assert.deepEqual(rest.slice(again), expected)
            assert.deepEqual(rest.slice(0, again), pages.slice(at + 1 - again, at + 1))
          }
          const last = pages.at(-1)?.position
          if (last !== undefined)
            for await (const page of source.candidates(policy, { after: last }))
              assert.fail(`told after the end: ${JSON.stringify(page)}`)
          assert.equal(JSON.stringify(pages), whole)
        }
        assert.ok(seams > 60, `only ${seams}`)
      })

      test('files named are those of remote rows with a name, kind by kind', async () => {
        const source = openPruneSource(stage.pool, stage.schema, { ...SMALL, rows: 7 })
        const { rows } = await stage.client.query(
          `SELECT (SELECT count(*)::int FROM accounts WHERE domain IS NOT NULL AND avatar_file_name <> '') AS avatar,
             (SELECT count(*)::int FROM accounts WHERE domain IS NOT NULL AND header_file_name <> '') AS header,
             (SELECT count(*)::int FROM media_attachments WHERE remote_url <> '' AND file_file_name <> '') AS attachment,
             (SELECT count(*)::int FROM media_attachments WHERE remote_url <> '' AND thumbnail_file_name <> '') AS thumbnail,
             (SELECT count(*)::int FROM preview_cards WHERE image_file_name <> '') AS card`,
        )
        const [all] = rows as [Record<string, number>]
        assert.ok(Object.values(all).every((count) => count > 50))
        assert.deepEqual(await source.named(PRUNE_KINDS), all)
        assert.deepEqual(await source.named(['header']), { header: all['header'] })
        assert.deepEqual(await source.named(['card', 'avatar']), { card: all['card'], avatar: all['avatar'] })
        assert.deepEqual(await source.named(['attachment']), {
          attachment: all['attachment'],
          thumbnail: all['thumbnail'],
        })
        assert.deepEqual(await source.named([]), {})
      })

      test('what is counted is what is told: by kind, by domain, by age', async () => {
        for (const policy of policies(stage, seed % 2 === 0 ? 'tootctl' : 'cornac')) {
          if (policy.includeFollows) continue
          const told = (await pagesOf(stage.source, policy)).flat()
          const source = openPruneSource(stage.pool, stage.schema, SMALL)
          assert.deepEqual(await source.count(policy), added(told, policy.madeAtMs), JSON.stringify(policy))
        }
      })

      test('every record is explained by the rules that keep it, or let go as it is told in the pages', async () => {
        for (const preset of ['tootctl', 'cornac'] as const) {
          const policy: PrunePolicy = { ...basic(stage, preset), keepInteracted: true, linkOnly: true }
          const goes = new Map(
            (await pagesOf(stage.source, policy)).flat().map((one) => [`${one.table} ${one.id}`, one]),
          )
          for (const kind of PRUNE_KINDS)
            for (const told of sampled(await toldInSql(stage.client, kind, policy, version !== '4.3'))) {
              const verdict = await stage.source.explain(kind, told.id, policy)
              if (verdict.verdict !== 'let-go') {
                const because = verdict.verdict === 'kept' ? [...verdict.because].sort() : []
                assert.deepEqual(because, [...told.because].sort(), `${preset} ${kind} ${told.id}`)
                assert.notEqual(because.length, 0)
                continue
              }
              assert.deepEqual(told.because, [], `${preset} ${kind} ${told.id}`)
              const whole = goes.get(`${verdict.candidate.table} ${told.id}`)
              const files = whole?.files.filter(
                ({ record }) => record.kind === kind || record.kind === 'thumbnail',
              )
              assert.deepEqual(verdict.candidate.files, files)
            }
        }
      })

      test('a candidate says what its row says, to the microsecond, and claims every key the row claims', async () => {
        const policy = basic(stage, 'tootctl')
        const keys = new Map<string, string[]>()
        for await (const file of filesInDatabase(stage.databaseUrl, version))
          keys.set(
            `${file.kind} ${file.id}`,
            keysOfFile(file)
              .map(({ key }) => key)
              .sort(),
          )
        const told = new Map<string, Told>()
        for (const kind of PRUNE_KINDS)
          for (const one of await toldInSql(stage.client, kind, policy, version !== '4.3'))
            told.set(`${kind} ${one.id}`, one)
        let several = 0
        for (const candidate of (await pagesOf(stage.source, policy)).flat())
          for (const file of candidate.files) {
            const { kind, fileName, contentType, bytes, id } = file.record
            const row = told.get(`${kind === 'thumbnail' ? 'attachment' : kind} ${id}`) as Told
            const line = `${kind} ${fileName} ${contentType ?? '-'} ${bytes ?? '-'} ${file.assignedAt ?? '-'}`
            assert.ok(row.files.includes(line), `${line} in ${row.files.join(', ')}`)
            assert.equal(candidate.rowUpdatedAt, row.row_updated_at)
            assert.equal(candidate.domain, row.domain)
            assert.deepEqual(file.keys, keys.get(`${kind} ${id}`))
            if (file.keys.length > 1) several += 1
          }
        assert.ok(several > 20, `only ${several} with variants`)
      })

      test('who may only read is told the same', async () => {
        const pool = stage.asReader()
        try {
          const source = openPruneSource(pool, stage.schema, SMALL)
          const policy = basic(stage, 'cornac')
          assert.deepEqual(linesOf((await pagesOf(source, policy)).flat()), await expectedOf(stage, policy))
          assert.deepEqual(await source.count(policy), await stage.source.count(policy))
        } finally {
          await pool.end()
        }
      })
    })

describe('prune, besides its rules', needs('postgres'), () => {
  test('whoever leaves after a page, or gives up, leaves nothing under way', async () => {
    const stage = await built('4.6', 5)
    try {
      const source = openPruneSource(stage.pool, stage.schema, SMALL)
      for await (const page of source.candidates(basic(stage, 'tootctl'))) {
        assert.equal(page.candidates.length > 0, true)
        break
      }
      assert.equal(stage.pool.idleCount, stage.pool.totalCount)
      const stop = new AbortController()
      const reason = new Error('enough')
      await assert.rejects(async () => {
        for await (const page of source.candidates(basic(stage, 'cornac'), { signal: stop.signal }))
          if (page.candidates.length > 0) stop.abort(reason)
      }, reason)
      await assert.rejects(source.count(basic(stage, 'cornac'), { signal: stop.signal }), reason)
      assert.equal(stage.pool.idleCount, stage.pool.totalCount)
      assert.deepEqual(await source.explain('card', '999999999', basic(stage, 'cornac')), {
        verdict: 'absent',
      })
    } finally {
      await stage.close()
    }
  })

  test('where times were moved against ids, ids are not believed', async () => {
    const stage = await built('4.5', 6)
    try {
      const policy: PrunePolicy = { ...basic(stage, 'tootctl'), kinds: ['attachment'] }
      const before = await stage.source.count(policy)
      await ageInstance(stage, 60)
      const expected = await expectedOf(stage, policy)
      assert.deepEqual(linesOf((await pagesOf(stage.source, policy)).flat()), expected)
      const { rows } = await stage.source.count(policy)
      assert.ok(rows > before.rows, `${rows} after ${before.rows}`)
    } finally {
      await stage.close()
    }
  })
})

async function built(version: LabVersion, seed: number): Promise<Stage> {
  const postgres = await sharedPostgres()
  const database = freshName('prune')
  await postgres.createDatabase(database)
  const databaseUrl = postgres.url(database)
  const nowMs = Math.floor(Date.now() / 3_600_000) * 3_600_000 + 123
  await buildInstance({
    version,
    databaseUrl,
    accounts: 400,
    localUsers: 60,
    attachments: 1_000,
    seed,
    pictures: await pictures,
  })
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const cutoffs = DAYS.map((days) => cutoffOf(days, nowMs))
  await shuffleForPrune(client, seed, cutoffs, version !== '4.3')
  const reader = `reader_${database.replaceAll('-', '_')}`
  await postgres.createRole(reader, 'reads', { readOnly: database })
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4 })
  const schema = await probeSchema(pool)
  return {
    version,
    databaseUrl,
    nowMs,
    client,
    pool,
    schema,
    source: openPruneSource(pool, schema),
    asReader: () => new pg.Pool({ connectionString: postgres.urlAs(reader, 'reads', database), max: 4 }),
    async close() {
      await client.end()
      await pool.end()
      await postgres.dropDatabase(database)
    },
  }
}

function basic({ nowMs }: Stage, preset: PrunePolicy['preset']): PrunePolicy {
  return {
    preset,
    kinds: PRUNE_KINDS,
    cutoffMs: cutoffOf(DAYS[0], nowMs),
    madeAtMs: nowMs,
    includeFollows: false,
    keepInteracted: false,
    linkOnly: false,
    domain: null,
  }
}

/** Small pages everywhere, pages of the usual size as well where the policy is plain. */
function sizesFor({ includeFollows, keepInteracted }: PrunePolicy): readonly PruneSizes[] {
  return includeFollows || keepInteracted ? [SMALL] : [SMALL, PRUNE_SIZES]
}

/** Every option with and without every other, and every kind alone. */
function* policies(stage: Stage, preset: PrunePolicy['preset']): Generator<PrunePolicy> {
  const start = basic(stage, preset)
  for (const days of DAYS)
    for (let options = 0; options < 8; options++)
      yield {
        ...start,
        cutoffMs: cutoffOf(days, stage.nowMs),
        includeFollows: (options & 1) !== 0,
        keepInteracted: (options & 2) !== 0,
        linkOnly: (options & 4) !== 0,
        domain: options === 5 || options === 2 ? 'one.example' : null,
      }
  for (const kind of PRUNE_KINDS) yield { ...start, kinds: [kind] }
  yield { ...start, kinds: ['header', 'card'], domain: 'one.example' }
  yield { ...start, domain: 'nobody.example' }
}

/** Every walk, alone and after others, with a domain and without. */
function* resumable(stage: Stage): Generator<PrunePolicy> {
  for (const preset of ['tootctl', 'cornac'] as const) {
    const start = basic(stage, preset)
    yield start
    yield { ...start, domain: 'one.example' }
    yield { ...start, kinds: ['attachment'], domain: 'one.example', includeFollows: true }
    yield { ...start, kinds: ['header', 'card'] }
  }
}

/** How many pages through `at` have its position: those of accounts that were not passed yet. */
function repeatable(pages: readonly PrunePage[], at: number): number {
  return pages.slice(0, at + 1).filter(({ position }) => position === pages[at]?.position).length
}

async function pagesOf(source: PruneSource, policy: PrunePolicy): Promise<(readonly PruneCandidate[])[]> {
  const pages: (readonly PruneCandidate[])[] = []
  for await (const { candidates } of source.candidates(policy)) pages.push(candidates)
  return pages
}

/** One line for each file; an id told twice would stand there twice. */
function linesOf(candidates: readonly PruneCandidate[]): string[] {
  return candidates
    .flatMap(({ files }) => files.map(({ record }) => `${record.kind} ${record.id} ${record.fileName}`))
    .sort()
}

async function expectedOf({ client, version }: Stage, policy: PrunePolicy): Promise<string[]> {
  const lines: string[] = []
  for (const kind of policy.kinds)
    for (const { id, because, files } of await toldInSql(client, kind, policy, version !== '4.3'))
      if (because.length === 0)
        for (const file of files)
          lines.push(file.replace(/^(\S+) (.+) \S+ \S+ (?:\S+ \S+|-)$/, `$1 ${id} $2`))
  return lines.sort()
}

/** Some of each sort: those that go, those kept for one reason, and others. */
function sampled(all: readonly Told[]): readonly Told[] {
  const bySort = new Map<string, Told[]>()
  for (const one of all) {
    const sort = one.because.length > 1 ? 'several' : one.because.join('')
    bySort.set(sort, [...(bySort.get(sort) ?? []), one])
  }
  return [...bySort.values()].flatMap((some) => some.slice(0, 25))
}

/** The totals, added up once more from what the pages told. */
function added(candidates: readonly PruneCandidate[], madeAtMs: number): PruneTotals {
  const ends = [7, 30, 90, 180, 365]
  const byAge = [...ends, null].map((toDays, at) => ({
    fromDays: ends[at - 1] ?? 0,
    toDays,
    count: 0,
    bytes: 0,
  }))
  const byKind: Record<string, { count: number; bytes: number }> = {}
  const domains = new Map<string, { count: number; bytes: number }>()
  const files = { count: 0, bytes: 0 }
  const add = (to: { count: number; bytes: number }, bytes: number): void => {
    to.count += 1
    to.bytes += bytes
  }
  for (const { files: some, quietSinceMs, domain } of candidates)
    for (const { record } of some) {
      const bytes = record.bytes ?? 0
      add(files, bytes)
      add((byKind[record.kind] ??= { count: 0, bytes: 0 }), bytes)
      const days = (madeAtMs - quietSinceMs) / 86_400_000
      add(byAge.find(({ toDays }) => toDays === null || days < toDays) as (typeof byAge)[number], bytes)
      if (domain === null) continue
      const tally = domains.get(domain) ?? { count: 0, bytes: 0 }
      add(tally, bytes)
      domains.set(domain, tally)
    }
  const topDomains = [...domains]
    .map(([domain, tally]) => ({ domain, ...tally }))
    .sort((a, b) => b.bytes - a.bytes || b.count - a.count || (a.domain < b.domain ? -1 : 1))
    .slice(0, 20)
  return { rows: candidates.length, files, byKind, topDomains, byAge }
}

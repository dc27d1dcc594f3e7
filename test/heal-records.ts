/** Single records of a stage as a test wants them: chosen, broken, healed alone, looked at in every column. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { scan } from '../src/core/scan.ts'
import type { Finding } from '../src/core/model/finding.ts'
import type { HealKind, HealTarget } from '../src/core/model/heal-target.ts'
import { KINDS, type Kind } from '../src/core/model/media.ts'
import { claimedKeys } from '../src/core/model/storage-key.ts'
import type { HealPorts, HealRequest, HealResult } from '../src/core/heal/heal.ts'
import { silentProgress } from '../src/core/ports/runtime.ts'
import { heal, type Stage } from './heal-stage.ts'

/** Remote records that heal may fetch, of one kind, each given once. */
export class Stock {
  readonly #given = new Set<string>()

  async take(
    stage: Stage,
    kind: HealKind | 'thumbnail',
    count: number,
    which: (target: HealTarget) => boolean = named,
  ): Promise<HealTarget[]> {
    const { blocks } = await stage.ports.database.domainRules()
    const taken: HealTarget[] = []
    const asked = kind === 'thumbnail' ? 'attachment' : kind
    for await (const page of stage.ports.database.targets({ by: 'all' }, [asked]))
      for (const target of page) {
        const { record, owner } = target
        const domain = record.domain ?? owner?.domain ?? ''
        const blocked = [...blocks.values()].some((block) => domain.endsWith(block.domain))
        if (record.kind !== kind || record.hidden || blocked || !which(target)) continue
        // The attachment and the thumbnail of a row are not two tests' to break.
        const name = `${asked} ${record.id}`
        if (taken.length === count || this.#given.has(name)) continue
        this.#given.add(name)
        taken.push(target)
      }
    assert.equal(taken.length, count, `the stage has no more of kind ${kind}`)
    return taken
  }
}

/** Names a file. */
export function named({ record }: HealTarget): boolean {
  return record.fileName !== null
}

/** Heals these records and no others, as if a scan had found them missing. */
export function healRecords(
  stage: Stage,
  targets: readonly HealTarget[],
  replaced: Partial<HealPorts> = {},
  request: Partial<HealRequest> = {},
): Promise<HealResult> {
  const findings: Finding[] = targets.map(({ record: { kind, id } }) => ({
    code: 'missing',
    kind,
    id,
    key: null,
    style: null,
    remote: true,
    domain: null,
    bytes: null,
    modifiedAtMs: null,
    detail: null,
  }))
  const start = { id: 'by-hand', scope: { instance: '', kinds: [], minAgeMs: 0 }, startedAtMs: 0, shards: [] }
  const scanned = {
    start,
    async *findings(): AsyncGenerator<readonly Finding[]> {
      yield findings
    },
  }
  return heal(
    stage,
    { sidekiq: null, ...replaced },
    {
      choice: { by: 'findings', scan: scanned },
      kinds: ['avatar', 'header', 'attachment', 'emoji', 'card'],
      ...request,
    },
  )
}

/** Takes the files of these styles away, or all of them; gives the keys that are left. */
export async function lose(
  { lab }: Stage,
  { record }: HealTarget,
  styles: readonly string[] | 'all' = 'all',
): Promise<string[]> {
  const claims = claimedKeys(record)
  const lost = claims.filter(({ style }) => styles === 'all' || styles.includes(style)).map(({ key }) => key)
  assert.ok(lost.length > 0, `${record.kind} ${record.id} has no ${String(styles)}`)
  await lab.media.remove(lost)
  return claims.map(({ key }) => key).filter((key) => !lost.includes(key))
}

/** Every column of the record's row. */
export async function columnsOf(
  { sql }: Stage,
  { kind, id }: { readonly kind: Kind; readonly id: string },
): Promise<Record<string, unknown>> {
  const { rows } = await sql(`SELECT row_to_json(t) AS row FROM ${KINDS[kind].table} t WHERE id = $1`, [id])
  return rows[0]?.['row'] as Record<string, unknown>
}

/** Names of the columns in which two rows differ. */
export function changedColumns(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  return Object.keys(before)
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .sort()
}

/** `key hash` of every file under these folders. */
export async function filesUnder({ lab }: Stage, ...prefixes: readonly string[]): Promise<string[]> {
  const files: string[] = []
  for (const prefix of prefixes)
    for await (const { key } of lab.media.list(prefix)) {
      const bytes = await lab.media.get(key)
      files.push(`${key} ${createHash('sha256').update(bytes!).digest('hex')}`)
    }
  return files.sort()
}

/** What a scan of these kinds says of these records, and every orphan. */
export async function findingsOn(stage: Stage, targets: readonly HealTarget[]): Promise<string[]> {
  const { instance } = stage.open
  const kinds = [...new Set(targets.map(({ record }) => record.kind))]
  const result = await scan(
    {
      records: await instance.database(),
      objects: await instance.storage(),
      store: await instance.scans(),
      clock: { ...instance.clock, now: () => Date.now() + 60_000 },
    },
    { instance: 'records', kinds, minAgeMs: 0, concurrency: 2, resume: false },
    { progress: silentProgress },
  )
  const ids = new Set(targets.map(({ record }) => `${record.kind} ${record.id}`))
  const lines: string[] = []
  for await (const page of result.findings())
    for (const { code, kind, id, key } of page)
      if (code === 'orphan' || ids.has(`${kind} ${id}`)) lines.push([code, kind, id, key].join(' '))
  return lines
}

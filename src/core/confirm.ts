/** A second look at the rows before something is called wrong: rows and listing were not read at the same instant. */
import type { Finding } from './model/finding.ts'
import type { Kind } from './model/media.ts'
import type { MediaRecord } from './model/record.ts'
import { claimedKeys, idsOfPartition, parseKey } from './model/storage-key.ts'
import type { RecordSource } from './ports/records.ts'
import type { CallOptions } from './ports/storage.ts'
import type { Suspicion } from './reconcile/run-shard.ts'

export interface Confirmed {
  readonly findings: readonly Finding[]
  /** Suspicions dropped because the row changed meanwhile. */
  readonly changed: number
}

/**
 * Reads the suspected rows again, a batch per kind. A claim stands if the row still names the same file; an object is
 * an orphan if still no row claims it. Strays and unnamed rows need no second look.
 */
export async function confirm(
  records: Pick<RecordSource, 'reread'>,
  suspicions: readonly Suspicion[],
  options: CallOptions,
): Promise<Confirmed> {
  const idsByKind = new Map<Kind, Set<string>>()
  const want = (kind: Kind, id: string): void => {
    const ids = idsByKind.get(kind) ?? new Set<string>()
    idsByKind.set(kind, ids.add(id))
  }
  for (const { finding, record } of suspicions) {
    if (record !== null && finding.key !== null) want(record.kind, record.id)
    else for (const id of possibleOwners(finding)) want(id.kind, id.id)
  }
  const now = new Map<Kind, ReadonlyMap<string, MediaRecord>>()
  for (const [kind, ids] of idsByKind) now.set(kind, await rereadAll(records, kind, [...ids], options))
  const findings = suspicions.filter((suspicion) => stands(suspicion, now)).map(({ finding }) => finding)
  return { findings, changed: suspicions.length - findings.length }
}

const REREAD_BATCH = 5_000

async function rereadAll(
  records: Pick<RecordSource, 'reread'>,
  kind: Kind,
  ids: readonly string[],
  options: CallOptions,
): Promise<ReadonlyMap<string, MediaRecord>> {
  const all = new Map<string, MediaRecord>()
  for (let at = 0; at < ids.length; at += REREAD_BATCH)
    for (const [id, record] of await records.reread(kind, ids.slice(at, at + REREAD_BATCH), options))
      all.set(id, record)
  return all
}

function stands(
  { finding, record }: Suspicion,
  now: ReadonlyMap<Kind, ReadonlyMap<string, MediaRecord>>,
): boolean {
  if (finding.key === null || finding.kind === null) return true
  if (record !== null) {
    const current = now.get(record.kind)?.get(record.id)
    return current?.fileName === record.fileName && current.assignedAtMs === record.assignedAtMs
  }
  return !possibleOwners(finding).some(({ kind, id }) => {
    const owner = now.get(kind)?.get(id)
    return owner !== undefined && claimedKeys(owner).some((claim) => claim.key === finding.key)
  })
}

/** Every row that could claim an object: one, or the few whose ids share its folder. */
function possibleOwners(finding: Finding): { kind: Kind; id: string }[] {
  if (finding.key === null || finding.kind === null || finding.id !== null) return []
  const parsed = parseKey(finding.key)
  if (parsed === undefined) return []
  const owners: { kind: Kind; id: string }[] = []
  for (const range of idsOfPartition(parsed.partition))
    for (let id = range.from; id <= range.to; id++) owners.push({ kind: parsed.kind, id: id.toString() })
  return owners
}

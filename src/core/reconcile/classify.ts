/** What a pair of (row's claim, stored object) means. Pure; the guards against young things are arguments. */
import type { Finding } from '../model/finding.ts'
import { KINDS } from '../model/media.ts'
import type { StoredObject, UnlistedPrefix } from '../model/object.ts'
import type { MediaRecord } from '../model/record.ts'
import { parseKey, type ClaimedKey } from '../model/storage-key.ts'

/** `young`: too fresh to judge, because the other side may not show it yet. */
export type Verdict = Finding | 'fine' | 'young'

/** A scan's guards in time, milliseconds since the epoch. */
export interface TimeGuards {
  /** Rows assigned at or after this are not judged. */
  readonly rowsBeforeMs: number
  /** Objects modified at or after this are no orphans: their row may be on its way (docs/mastodon.md#files-before-rows). */
  readonly objectsBeforeMs: number
}

/** Row and object are both there. */
export function classifyBoth(claim: ClaimedKey, object: StoredObject, guards: TimeGuards): Verdict {
  const { record, style } = claim
  if (KINDS[record.kind].protected) return 'fine'
  if (object.access === 'closed' && !record.hidden)
    return about(claim, 'unreadable', object.bytes, 'its mode keeps the web server from reading it')
  const stated = style === 'original' ? record.bytes : null
  if (object.bytes > 0 && (stated === null || stated === object.bytes)) return 'fine'
  if (isYoung(record, guards)) return 'young'
  return about(
    claim,
    'mismatched',
    object.bytes,
    object.bytes === 0 ? 'the file is empty' : `the row states ${stated} bytes`,
  )
}

/** The row names it, a complete listing does not show it. */
export function classifyClaim(claim: ClaimedKey, guards: TimeGuards): Verdict {
  return isYoung(claim.record, guards) ? 'young' : about(claim, 'missing', null, null)
}

/** The row names it, and its folder could not be listed. */
export function classifyUnlisted(claim: ClaimedKey, part: UnlistedPrefix): Finding {
  return about(claim, 'unreadable', null, `${part.unlisted} could not be listed: ${part.reason}`)
}

/** No row claims it. */
export function classifyObject(object: StoredObject, guards: TimeGuards): Verdict {
  const parsed = parseKey(object.key)
  const base = { id: null, key: object.key, domain: null, bytes: object.bytes, modifiedAtMs: null } as const
  if (parsed === undefined)
    return { ...base, code: 'stray', kind: null, style: null, remote: null, detail: null }
  const { kind, style } = parsed
  if (KINDS[kind].protected) return 'fine'
  const remote = parsed.root === 'cache/' ? true : null
  if (object.access === 'closed')
    return {
      ...base,
      code: 'unreadable',
      kind,
      style,
      remote,
      detail: 'closed by its mode, and no row claims it',
    }
  if (object.modifiedAtMs >= guards.objectsBeforeMs) return 'young'
  return {
    ...base,
    code: 'orphan',
    kind,
    style,
    remote,
    modifiedAtMs: object.modifiedAtMs,
    detail: null,
  }
}

/** The row names nothing but knows the origin's URL. Cards store no URL, so they are never `pruned`. */
export function classifyUnnamed(record: MediaRecord): Verdict {
  if (record.fileName !== null || record.remoteUrl === null || !record.remote) return 'fine'
  return {
    code: 'pruned',
    kind: record.kind,
    id: record.id,
    key: null,
    style: null,
    remote: true,
    domain: record.domain,
    bytes: null,
    modifiedAtMs: null,
    detail: record.remoteUrl,
  }
}

/** A whole part that could not be listed and in which no row claims anything. */
export function unlistedPart(part: UnlistedPrefix): Finding {
  return {
    code: 'unreadable',
    kind: null,
    id: null,
    key: part.unlisted,
    style: null,
    remote: null,
    domain: null,
    bytes: null,
    modifiedAtMs: null,
    detail: part.reason,
  }
}

function isYoung(record: MediaRecord, guards: TimeGuards): boolean {
  return record.assignedAtMs !== null && record.assignedAtMs >= guards.rowsBeforeMs
}

function about(
  claim: ClaimedKey,
  code: Finding['code'],
  bytes: number | null,
  detail: string | null,
): Finding {
  const { record } = claim
  return {
    code,
    kind: record.kind,
    id: record.id,
    key: claim.key,
    style: claim.style,
    remote: record.remote,
    domain: record.domain,
    bytes,
    modifiedAtMs: null,
    detail,
  }
}

/** What a scan has to find, stated by those who know: the builder and the accidents. */
import { rowFilesOf, claimsOf, type RowFile } from './claims.ts'
import type { LabKind } from './keys.ts'
import type { World } from './world.ts'

/** A finding as tests compare it: code, kind and what it is about. */
export interface ExpectedFinding {
  readonly code: 'missing' | 'pruned' | 'orphan' | 'stray' | 'mismatched' | 'unreadable'
  /** Null for a stray. */
  readonly kind: LabKind | null
  /** Null for an orphan and a stray. */
  readonly id: string | null
  /** Null for `pruned`. */
  readonly key: string | null
}

/** Kinds whose files have a place in storage but no part in Cornac's model: strays. */
export const UNKNOWN_KINDS: readonly LabKind[] = ['provider-icon', 'import']

/** By design of the unbroken instance: rows that were pruned or vacuumed before, and files of unknown classes. */
export function* expectedFindings(world: World): Generator<ExpectedFinding> {
  for (const row of rowFilesOf(world)) if (isPruned(row)) yield prunedFinding(row.kind, row.id)
  for (const claim of claimsOf(world, UNKNOWN_KINDS)) {
    yield { code: 'stray', kind: null, id: null, key: claim.key }
  }
}

export function prunedFinding(kind: LabKind, id: string): ExpectedFinding {
  return { code: 'pruned', kind, id, key: null }
}

/** A remote record that names nothing and knows a URL. */
function isPruned({ remote, file }: RowFile): boolean {
  const names = file.fileName !== null && file.fileName !== ''
  const known = file.remoteUrl !== null && file.remoteUrl !== ''
  return remote && !names && known
}

/** One line per finding, for comparing sets: `missing avatar 7 cache/accounts/…`. */
export function findingLine(finding: ExpectedFinding): string {
  return [finding.code, finding.kind ?? '-', finding.id ?? '-', finding.key ?? '-'].join(' ')
}

/** Rows of `prunableRows` as candidates. */
import { KINDS, type Kind } from '../../core/model/media.ts'
import type { PruneFile, SeenCandidate } from '../../core/model/prune-candidate.ts'
import { claimedKeys } from '../../core/model/storage-key.ts'
import type { Row } from '../postgres/ask.ts'
import { filesOf, type KindsOfTable } from './queries/prunable-rows.ts'
import { toRecord } from './records.ts'

const FIRST_FILE = 7
const FILE_COLUMNS = 10

export function toCandidate(kinds: KindsOfTable, row: Row): SeenCandidate {
  const files: PruneFile[] = []
  let bytes = 0
  for (const [at, kind] of filesOf(kinds).entries()) {
    const file = fileOf(kind, row, FIRST_FILE + at * FILE_COLUMNS)
    if (file === null) continue
    files.push(file)
    bytes += file.record.bytes ?? 0
  }
  return {
    table: KINDS[kinds[0]].table as SeenCandidate['table'],
    id: row[0] as string,
    files,
    rowUpdatedAt: row[2] as string,
    quietSinceMs: row[3] as number,
    domain: row[1] as string | null,
    bytes,
    version: { ctid: row[5] as string, xmin: row[6] as string },
  }
}

/** Null if this file of the row stays. */
function fileOf(kind: Kind, row: Row, at: number): PruneFile | null {
  const record = toRecord(kind, row, at + 2, row[1], row[4])
  if (row[at] !== true || record.fileName === null) return null
  return {
    record: record as PruneFile['record'],
    assignedAt: row[at + 1] as string | null,
    keys: claimedKeys(record).map(({ key }) => key),
  }
}

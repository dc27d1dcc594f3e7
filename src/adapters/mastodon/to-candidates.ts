/** Rows of `prunableRows` as candidates. */
import { KINDS, type Kind } from '../../core/model/media.ts'
import type { PruneCandidate, PruneFile } from '../../core/model/prune-candidate.ts'
import { claimedKeys } from '../../core/model/storage-key.ts'
import type { Row } from '../postgres/ask.ts'
import { filesOf, type KindsOfTable } from './queries/prunable-rows.ts'
import { toRecord } from './records.ts'

const FIRST_FILE = 5
const FILE_COLUMNS = 10

export function toCandidate(kinds: KindsOfTable, row: Row): PruneCandidate {
  const files = filesOf(kinds).flatMap((kind, at) => fileOf(kind, row, FIRST_FILE + at * FILE_COLUMNS))
  return {
    table: KINDS[kinds[0]].table as PruneCandidate['table'],
    id: row[0] as string,
    files,
    rowUpdatedAt: row[2] as string,
    quietSinceMs: row[3] as number,
    domain: row[1] as string | null,
    bytes: files.reduce((sum, { record }) => sum + (record.bytes ?? 0), 0),
  }
}

/** None if this file of the row stays. */
function fileOf(kind: Kind, row: Row, from: number): PruneFile[] {
  const [goes, assignedAt] = row.slice(from, from + 2) as [boolean, string | null]
  const record = toRecord(kind, [...row.slice(from + 2, from + FILE_COLUMNS), row[1], row[4]])
  if (!goes || record.fileName === null) return []
  return [
    {
      record: { ...record, fileName: record.fileName },
      assignedAt,
      keys: claimedKeys(record).map(({ key }) => key),
    },
  ]
}

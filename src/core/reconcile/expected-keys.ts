/** A run of records, ascending by id, into the keys they claim, in key order. */
import { compareKeys } from '../model/key-order.ts'
import type { MediaRecord } from '../model/record.ts'
import { claimedKeys, idPartition, type ClaimedKey } from '../model/storage-key.ts'

/**
 * Records whose ids share a folder (13, 14, 16, 17 and 19 digits lose their last ones) mix their keys, so those are
 * gathered and sorted together; there are never more than a hundred. Records that name nothing claim nothing.
 */
export async function* expectedKeys(
  pages: AsyncIterable<readonly MediaRecord[]>,
): AsyncGenerator<readonly ClaimedKey[]> {
  let sharing: MediaRecord[] = []
  let partition = ''
  for await (const page of pages) {
    const claims: ClaimedKey[] = []
    for (const record of page) {
      if (record.fileName === null) continue
      if (!losesDigits(record.id)) {
        for (const claim of claimedKeys(record)) claims.push(claim)
        continue
      }
      const folder = idPartition(record.id)
      if (folder !== partition) {
        claims.push(...sortedClaims(sharing))
        sharing = []
        partition = folder
      }
      sharing.push(record)
    }
    if (claims.length > 0) yield claims
  }
  if (sharing.length > 0) yield sortedClaims(sharing)
}

/** A run holds ids of one length only, so within a run either all lose digits or none do. */
function losesDigits(id: string): boolean {
  return id.startsWith('-') || (id.length > 12 && id.length % 3 !== 0)
}

function sortedClaims(records: readonly MediaRecord[]): ClaimedKey[] {
  return records.flatMap((record) => [...claimedKeys(record)]).sort((a, b) => compareKeys(a.key, b.key))
}

/** Whether a key that only a journal names may be taken: the journal's word alone is no reason to touch local media. */
import { KINDS, type Kind } from './model/media.ts'
import type { MediaRecord } from './model/record.ts'
import { idPartition, prefixOf } from './model/storage-key.ts'

/**
 * Under `cache/` lies nothing but remote media (docs/mastodon.md#roots). Outside it a key counts only if the row of its record is
 * there, is remote, and has its files in that folder: local media is never touched (ARCHITECTURE.md#promises). What is left is
 * for whoever looks for orphans.
 * @param now the record as it is at this moment; undefined if there is none
 */
export function isRemoteKey(
  { kind, id }: { readonly kind: Kind; readonly id: string },
  now: MediaRecord | undefined,
  key: string,
): boolean {
  if (KINDS[kind].protected) return false
  if (key.startsWith('cache/')) return true
  return now?.remote === true && key.startsWith(`${prefixOf(kind, '')}${idPartition(id)}/`)
}

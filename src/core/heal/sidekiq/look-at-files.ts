/** Does storage hold everything a row claims? */
import type { MediaRecord } from '../../model/record.ts'
import { claimedKeys } from '../../model/storage-key.ts'
import type { ObjectReader } from '../../ports/storage.ts'

/** `bytes` of all claimed objects together. A row that names nothing claims nothing, which is not whole. */
export type FilesLook =
  | { readonly state: 'whole'; readonly bytes: number }
  | { readonly state: 'broken' }
  | { readonly state: 'uncertain' }

export async function lookAtFiles(
  objects: Pick<ObjectReader, 'stat'>,
  record: MediaRecord,
): Promise<FilesLook> {
  if (record.fileName === null) return { state: 'broken' }
  let bytes = 0
  for (const { key } of claimedKeys(record)) {
    const stat = await objects.stat(key)
    if (stat.state === 'unknown') return { state: 'uncertain' }
    if (stat.state === 'absent' || stat.bytes === 0) return { state: 'broken' }
    bytes += stat.bytes
  }
  return { state: 'whole', bytes }
}

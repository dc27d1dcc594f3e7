/** Orphans back where they were: out of quarantine, or as an earlier version of the bucket. */
import type { Run } from '../../model/run.ts'
import type { CallOptions } from '../../ports/storage.ts'
import type { ApplyPorts, UnderLease } from '../apply-ports.ts'
import { bringBackVersions } from '../bring-back-versions.ts'
import { bringBackKeys } from '../take-away.ts'
import { present } from '../present.ts'
import type { UndoBook } from '../undo-book.ts'

/** @throws KnownError if storage stops working */
export async function undoObjects(
  ports: Pick<ApplyPorts, 'objects'>,
  work: UnderLease,
  { quarantine, quarantineEmptied }: Run,
  keys: readonly string[],
  book: UndoBook,
  options: CallOptions,
): Promise<void> {
  let missing = keys
  if (quarantine !== null && !quarantineEmptied) {
    const { gone: back } = await bringBackKeys(ports, work, quarantine, keys)
    const isBack = new Set(back)
    book.fromQuarantine += back.length
    missing = keys.filter((key) => !isBack.has(key))
  } else {
    const back = await bringBackVersions(ports, keys, options)
    book.fromVersion += back.size
    missing = keys.filter((key) => !back.has(key))
  }
  // A run that died half-way had not come to these.
  const there = await present(ports, missing, options)
  book.changed += there.size
  book.lost += missing.length - there.size
}

/** Orphans back where they were: out of quarantine, or as an earlier version of the bucket. */
import type { Run } from '../../model/run.ts'
import type { CallOptions } from '../../ports/storage.ts'
import type { ApplyPorts, UnderLease } from '../apply-ports.ts'
import { claimedNow } from '../claims-now.ts'
import { bringBackVersions } from '../bring-back-versions.ts'
import { bringBackKeys } from '../take-away.ts'
import { lookFor, type Looked } from '../look-for.ts'
import type { UndoBook } from '../undo-book.ts'

/** @throws KnownError if storage stops working */
export async function undoObjects(
  ports: Pick<ApplyPorts, 'objects' | 'database'>,
  work: UnderLease,
  { quarantine, quarantineEmptied }: Run,
  keys: readonly string[],
  book: UndoBook,
  options: CallOptions,
): Promise<void> {
  const live = await liveNow(ports, keys, options)
  book.changed += live.there.size
  book.unanswered += live.unsure.size
  const taken = keys.filter((key) => !live.there.has(key) && !live.unsure.has(key))
  let missing = taken
  if (quarantine !== null && !quarantineEmptied) {
    const { gone: back, refused } = await bringBackKeys(ports, work, quarantine, taken)
    const answered = new Set([...back, ...refused])
    book.fromQuarantine += back.length
    book.unanswered += refused.length
    missing = taken.filter((key) => !answered.has(key))
  } else {
    const back = await bringBackVersions(
      ports,
      taken.map((key) => [key]),
      options,
    )
    book.fromVersion += back.size
    missing = taken.filter((key) => !back.has(key))
  }
  // A run that died half-way had not come to these, or an undo had brought them back.
  const { there, unsure } = await lookFor(ports, missing, options)
  book.already += there.size
  book.unanswered += unsure.size
  book.lost += missing.length - there.size - unsure.size
}

/** Rows claim these by now: what storage has of them is newer than what waits in quarantine. */
async function liveNow(
  ports: Pick<ApplyPorts, 'objects' | 'database'>,
  keys: readonly string[],
  options: CallOptions,
): Promise<Looked> {
  const claimed = await claimedNow(ports.database, keys, options)
  return lookFor(ports, [...claimed], options)
}

/** Rows name their files again, once storage has them; for the others the origins are asked. */
import type { Kind } from '../../model/media.ts'
import type { PruneCandidate } from '../../model/prune-candidate.ts'
import type { FileBack } from '../../ports/prune.ts'
import type { CallOptions } from '../../ports/storage.ts'
import type { UnderLease } from '../apply-ports.ts'
import { bringBackVersions } from '../bring-back-versions.ts'
import { checkUnfenced } from '../../check-unfenced.ts'
import { lookFor } from '../present.ts'
import type { UndoPorts } from '../undo.ts'
import type { UndoBook } from '../undo-book.ts'

export interface RowsToUndo {
  readonly candidates: readonly PruneCandidate[]
  readonly touchedAtMs: number | null
  /** Rows that the run left alone. */
  readonly leftAlone: ReadonlySet<string>
}

const TRIES = 3
const PAUSE_MS = 300

/** @throws KnownError if database or storage stop working, or the lease is lost */
export async function undoRows(
  ports: UndoPorts,
  { lease }: UnderLease,
  { candidates, touchedAtMs, leftAlone }: RowsToUndo,
  book: UndoBook,
  options: CallOptions,
): Promise<void> {
  const rows = candidates.filter(({ id }) => !leftAlone.has(id))
  const files: readonly FileBack[] = rows.flatMap(({ table, id, files: all }) =>
    all.map((file) => ({ table, id, file })),
  )
  const { there, unsure } = await lookFor(ports, files.flatMap(keysOf), options)
  const isIn = (keys: ReadonlySet<string>, file: FileBack): boolean =>
    keysOf(file).every((key) => keys.has(key))
  const inPlace = files.filter((file) => isIn(there, file))
  const away = files.filter((file) => !isIn(there, file))
  const covered = away.flatMap(keysOf).filter((key) => !there.has(key))
  const uncovered = await bringBackVersions(ports, covered, options)
  const either = new Set([...there, ...uncovered])
  const fromVersion = away.filter((file) => isIn(either, file))
  const nowhere = away.filter((file) => !isIn(either, file))
  const rowUpdatedAt = new Map(rows.map((row) => [row.id, row.rowUpdatedAt]))
  const nameAgain = async (some: readonly FileBack[]): Promise<number> => {
    let left = some
    // A row that somebody holds is passed over: a moment later it is free.
    for (let tries = 1; left.length > 0; tries++) {
      await checkUnfenced(lease)
      const back = { touchedAtMs, rowUpdatedAt }
      const named = await ports.database.prune.nameAgain(left, back, lease.fence, options)
      if (named.size === 0) await lease.check()
      left = left.filter(({ id, file }) => !named.has(`${file.record.kind} ${id}`))
      if (left.length === 0 || tries === TRIES) break
      await ports.clock.sleep(PAUSE_MS, options.signal)
    }
    book.changed += left.length
    return some.length - left.length
  }
  book.inPlace += await nameAgain(inPlace)
  book.fromVersion += await nameAgain(fromVersion)
  // Storage may have all of these; of the others at least one file is gone.
  const possible = new Set([...either, ...unsure])
  const open = nowhere.filter((file) => isIn(possible, file))
  const gone = nowhere.filter((file) => !isIn(possible, file))
  book.lost += await askOrigins(ports, gone, book, options)
  book.unanswered += await askOrigins(ports, open, book, options)
}

function keysOf({ file }: FileBack): readonly string[] {
  return file.keys
}

/** Gives how many files they do not have either. */
async function askOrigins(
  ports: UndoPorts,
  files: readonly FileBack[],
  book: UndoBook,
  options: CallOptions,
): Promise<number> {
  if (files.length === 0) return 0
  const ids = new Map<Kind, string[]>()
  for (const { id, file } of files) {
    const some = ids.get(file.record.kind)
    if (some === undefined) ids.set(file.record.kind, [id])
    else some.push(id)
  }
  const { healed } = await ports.heal(ids, options)
  let unnamed = 0
  for (const [kind, some] of ids) {
    const now = await ports.database.reread(kind, some, options)
    // A row that is gone needs no file any more.
    unnamed += some.filter((id) => now.get(id)?.fileName === null).length
  }
  book.healed += healed
  book.changed += files.length - unnamed - healed
  return unnamed
}

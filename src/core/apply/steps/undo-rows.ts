/** Rows name their files again, once storage has them; for the others the origins are asked. */
import type { Kind } from '../../model/media.ts'
import type { PruneCandidate } from '../../model/prune-candidate.ts'
import type { FileBack } from '../../ports/prune.ts'
import type { Lease } from '../../ports/state.ts'
import type { CallOptions } from '../../ports/storage.ts'
import type { UnderLease } from '../apply-ports.ts'
import { bringBackVersions } from '../bring-back-versions.ts'
import { checkUnfenced } from '../../check-unfenced.ts'
import { lookFor } from '../look-for.ts'
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
  // What no row would take back stays away: nobody would ever remove it again.
  const seen = await lookAtRows(
    ports,
    files.filter((file) => !isIn(there, file)),
    options,
  )
  book.already += seen.named
  book.changed += seen.changed
  const away = seen.open
  const covered = away.map((file) => keysOf(file).filter((key) => !there.has(key)))
  const uncovered = await bringBackVersions(ports, covered, options)
  const either = new Set([...there, ...uncovered])
  const fromVersion = away.filter((file) => isIn(either, file))
  const nowhere = away.filter((file) => !isIn(either, file))
  const nameAgain = (some: readonly FileBack[]): Promise<number> =>
    nameFilesAgain(ports, lease, { rows, touchedAtMs, files: some }, book, options)
  book.inPlace += await nameAgain(inPlace)
  book.fromVersion += await nameAgain(fromVersion)
  // Storage may have all of these; of the others at least one file is gone.
  const possible = new Set([...either, ...unsure])
  const open = nowhere.filter((file) => isIn(possible, file))
  const gone = [...nowhere.filter((file) => !isIn(possible, file)), ...seen.elsewhere]
  book.lost += await askOrigins(ports, gone, book, options)
  book.unanswered += await askOrigins(ports, open, book, options)
}

interface FilesOfRows {
  readonly rows: readonly PruneCandidate[]
  readonly touchedAtMs: number | null
  readonly files: readonly FileBack[]
}

/** Gives how many files their rows name again by this; what they named before, or will not name, is noted in the book. */
async function nameFilesAgain(
  ports: UndoPorts,
  lease: Lease,
  { rows, touchedAtMs, files }: FilesOfRows,
  book: UndoBook,
  options: CallOptions,
): Promise<number> {
  const back = { touchedAtMs, rowUpdatedAt: new Map(rows.map((row) => [row.id, row.rowUpdatedAt])) }
  let left = files
  let brought = 0
  // A row that somebody holds is passed over: a moment later it is free.
  for (let tries = 1; left.length > 0; tries++) {
    await checkUnfenced(lease)
    const named = await ports.database.prune.nameAgain(left, back, lease.fence, options)
    if (named.size === 0) await lease.check()
    brought += named.size
    left = left.filter(({ id, file }) => !named.has(`${file.record.kind} ${id}`))
    const { open, elsewhere, named: already, changed } = await lookAtRows(ports, left, options)
    book.already += already
    book.changed += elsewhere.length + changed
    left = open
    if (left.length === 0 || tries === TRIES) break
    await ports.clock.sleep(PAUSE_MS, options.signal)
  }
  // Nothing speaks against them but that somebody holds their rows: the next undo tries again.
  book.unanswered += left.length
  return brought
}

interface RowsSeen {
  /** Their rows name nothing, and would take them back. */
  readonly open: readonly FileBack[]
  /** Their rows name nothing, and would fetch another file. */
  readonly elsewhere: readonly FileBack[]
  /** Their rows name them: an undo that died here has named some before. */
  readonly named: number
  /** Their rows name something newer, or are gone. */
  readonly changed: number
}

async function lookAtRows(
  { database }: UndoPorts,
  files: readonly FileBack[],
  options: CallOptions,
): Promise<RowsSeen> {
  const [open, elsewhere]: [FileBack[], FileBack[]] = [[], []]
  let [named, changed] = [0, 0]
  for (const [kind, some] of Map.groupBy(files, ({ file }) => file.record.kind)) {
    const ids = some.map(({ id }) => id)
    const now = await database.reread(kind, ids, options)
    for (const one of some) {
      const [row, { fileName, remoteUrl }] = [now.get(one.id), one.file.record]
      if (row?.fileName === fileName) named++
      else if (row?.fileName !== null || !row.remote) changed++
      else (row.remoteUrl === remoteUrl ? open : elsewhere).push(one)
    }
  }
  return { open, elsewhere, named, changed }
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
  const ids = new Map<Kind, readonly string[]>()
  for (const [kind, some] of Map.groupBy(files, ({ file }) => file.record.kind))
    ids.set(
      kind,
      some.map(({ id }) => id),
    )
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

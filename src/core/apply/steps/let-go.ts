/**
 * Rows let go of their files, batch by batch: journal, rows by compare-and-set, then the objects of the rows that let go.
 *
 * Dying anywhere leaves too much, never too little: before the rows changed nothing has; after it, objects that no row names
 * and that the open batch in the journal does. One batch's objects are removed while the next batch's rows change, so at most
 * one batch has objects half removed.
 */
import type { Kind } from '../../model/media.ts'
import type { PruneCandidate, SeenCandidate } from '../../model/prune-candidate.ts'
import type { PrunePolicy } from '../../model/prune-policy.ts'
import { isPlainFileName } from '../../model/storage-key.ts'
import type { ApplyPorts, UnderLease } from '../apply-ports.ts'
import type { ApplyEnd } from '../apply-request.ts'
import type { Progress } from '../../ports/runtime.ts'
import { checkUnfenced } from '../../check-unfenced.ts'
import type { Budgets } from '../budgets.ts'
import { keysOf } from '../batch-order.ts'
import { inParts, NOTHING_SEEN } from '../in-parts.ts'
import type { RunBook } from '../run-book.ts'
import { partsToRemove, removeKeys } from '../take-away.ts'
import type { Samples } from '../verify.ts'

export interface LetGoStep {
  readonly run: string
  readonly policy: PrunePolicy
  /** Where an earlier process of the run came to. */
  readonly position: string | null
  /** The `updated_at` of rows that let go; null leaves it as it is. */
  readonly touchedAtMs: number | null
  readonly budgets: Budgets
  readonly book: RunBook
  readonly samples: Samples
  readonly progress: Progress
}

/** A batch whose rows have let go: what is left to do and to tell. The rows themselves are not held any longer. */
interface LetGoBatch {
  readonly number: number
  /** All it names, in its own order. */
  readonly keys: readonly string[]
  /** Of the rows that let go. */
  readonly isFree: (key: string) => boolean
  readonly rows: number
  readonly files: readonly { readonly kind: Kind; readonly bytes: number }[]
  readonly leftAlone: readonly string[]
  /** Null if some of the page was left for later. */
  readonly position: string | null
}

/**
 * @throws KnownError if database or storage stop working, or the lease is lost; the batches under way stay open in the journal
 */
export async function letGo(ports: ApplyPorts, work: UnderLease, step: LetGoStep): Promise<ApplyEnd | null> {
  const { policy, budgets, book } = step
  const { lease } = work
  let removing: Promise<void> = Promise.resolve()
  const settle = async (): Promise<void> => {
    await removing
  }
  try {
    const pages = ports.database.prune.candidates(policy, { after: step.position, signal: lease.signal })
    for await (const { candidates, position } of pages) {
      // Until storage has taken something away, no two batches are under way.
      if (book.storageHere.done === 0) await settle()
      const end = refusesAll(book) ? 'refused' : budgets.end()
      if (end !== null) return await settle().then(() => end)
      const taken = budgets.take(candidates, sizeOf)
      if (taken.length > 0) {
        const batch = await letRowsGo(ports, work, step, taken)
        // Batches are closed in their order: what the run's position has passed is done.
        await settle()
        removing = removeObjects(ports, work, step, {
          ...batch,
          position: taken.length === candidates.length ? position : null,
        })
        // Heard when its turn comes.
        removing.catch(() => {})
      }
      const left = candidates[taken.length]
      if (left !== undefined) return await settle().then(() => budgets.endBefore(left.files.length))
    }
    await settle()
    return null
  } finally {
    // Nothing may be under way when the lease is given back.
    await removing.catch(() => {})
  }
}

/** Storage that may not be written, or is full: letting go of more rows would take pictures away, and free nothing. */
function refusesAll({ storageHere: { done, refused } }: RunBook): boolean {
  return done === 0 && refused > 0
}

function sizeOf({ files, bytes }: PruneCandidate): { files: number; bytes: number } {
  return { files: files.length, bytes }
}

async function letRowsGo(
  ports: ApplyPorts,
  { lease }: UnderLease,
  { run, policy, touchedAtMs, budgets }: LetGoStep,
  candidates: readonly SeenCandidate[],
): Promise<Omit<LetGoBatch, 'position'>> {
  const number = await ports.state.runs.openBatch(run, { of: 'rows', candidates, touchedAtMs }, lease)
  await checkUnfenced(lease)
  // A key that no store takes would hold up this run and every later one.
  const sound = candidates.filter(({ files }) =>
    files.every(({ record }) => isPlainFileName(record.fileName)),
  )
  const effective = await ports.database.prune.letGo(sound, policy, touchedAtMs, lease.fence)
  // Nothing took effect: perhaps because the lease is another's.
  if (effective.size === 0) await lease.check()
  const gone = candidates.filter(({ id }) => effective.has(id))
  const stayed = candidates.filter(({ id }) => !effective.has(id))
  for (const { files, bytes } of stayed) budgets.giveBack(files.length, bytes)
  const free = stayed.length === 0 ? null : new Set(keysOf(gone))
  return {
    number,
    keys: keysOf(candidates),
    isFree: (key) => free === null || free.has(key),
    rows: gone.length,
    files: gone.flatMap(({ files }) =>
      files.map(({ record: { kind, bytes } }) => ({ kind, bytes: bytes ?? 0 })),
    ),
    leftAlone: stayed.map(({ id }) => id),
  }
}

async function removeObjects(
  ports: ApplyPorts,
  work: UnderLease,
  { run, book, samples, progress }: LetGoStep,
  { number, keys, isFree, rows, files, leftAlone, position }: LetGoBatch,
): Promise<void> {
  const batch = {
    run,
    number,
    items: keys,
    keyOf: (key: string) => key,
    mayGo: isFree,
    before: { ...NOTHING_SEEN, leftAlone },
  }
  const { takenNow, refused, refusedBecause } = await inParts(
    ports,
    work,
    batch,
    partsToRemove(ports),
    (some) => removeKeys(ports, work, some),
  )
  samples.offer(takenNow)
  book.add({
    rows,
    files,
    objectsRemoved: takenNow.length,
    objectsMoved: 0,
    changed: leftAlone.length,
    refused: refused.length,
  })
  await ports.state.runs.closeBatch(
    run,
    number,
    { outcome: { leftAlone, refused, refusedBecause }, position, counts: book.counts() },
    work.lease,
  )
  progress.advance(files.length)
}

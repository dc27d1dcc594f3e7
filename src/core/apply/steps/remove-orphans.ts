/**
 * Orphans seen by two scans, out of storage: looked at again, journal, moved to quarantine or removed.
 *
 * What a row claims by now stays. After a move the rows are asked once more, and what was claimed meanwhile goes back: only
 * removing at once leaves a moment, the one between the question and the removal.
 */
import { KINDS } from '../../model/media.ts'
import type { Quarantine } from '../../model/own-keys.ts'
import type { OrphanRequest } from '../../model/plan.ts'
import { parseKey } from '../../model/storage-key.ts'
import { ORPHANS_PER_BATCH } from '../../plan/safety.ts'
import type { SeenOrphan } from '../../ports/plans.ts'
import type { Progress } from '../../ports/runtime.ts'
import type { CallOptions } from '../../ports/storage.ts'
import { inParallel } from '../../in-parallel.ts'
import type { ApplyPorts, UnderLease } from '../apply-ports.ts'
import type { ApplyEnd } from '../apply-request.ts'
import type { Budgets } from '../budgets.ts'
import { claimedNow } from '../claims-now.ts'
import { inParts, NOTHING_SEEN, type PartedBatch, type PartsTaken } from '../in-parts.ts'
import { lookFor } from '../look-for.ts'
import type { RunBook } from '../run-book.ts'
import {
  bringBackKeys,
  partsToMove,
  partsToRemove,
  quarantineKeys,
  removeKeys,
  type TakenAway,
} from '../take-away.ts'
import type { Samples } from '../verify.ts'

export interface RemoveOrphansStep {
  readonly run: string
  readonly instance: string
  readonly request: OrphanRequest
  readonly position: string | null
  /** Null removes at once. */
  readonly quarantine: Quarantine | null
  /** Keys that an open batch names already: a moment ago storage refused them once more. */
  readonly refusedBefore: ReadonlySet<string>
  readonly budgets: Budgets
  readonly book: RunBook
  readonly samples: Samples
  readonly progress: Progress
}

/** @throws KnownError if database or storage stop working, or the lease is lost; the batch under way stays open */
export async function removeOrphans(
  ports: ApplyPorts,
  work: UnderLease,
  step: RemoveOrphansStep,
): Promise<ApplyEnd | null> {
  const { instance, request, budgets } = step
  const options = { signal: work.lease.signal }
  const scan = { id: request.scanId, startedAtMs: request.scanStartedAtMs }
  const page = { after: step.position ?? '', size: ORPHANS_PER_BATCH }
  for await (const seen of ports.state.sightings.ripe(instance, scan, request.graceMs, page, options)) {
    const end = budgets.end()
    if (end !== null) return end
    const untried = seen.filter(({ key }) => !step.refusedBefore.has(key))
    const unclaimed = await stillOrphans(ports, untried, options)
    const taken = budgets.take(unclaimed, ({ bytes }) => ({ files: 1, bytes }))
    const cut = taken.length < unclaimed.length
    await removeBatch(ports, work, step, {
      orphans: taken,
      live: untried.length - unclaimed.length,
      position: cut ? null : (seen.at(-1)?.key ?? null),
    })
    if (cut) return budgets.end() ?? 'files'
  }
  return null
}

/** Those of the kinds Cornac may touch, under `cache/`, that no row claims now, and that are what was seen. */
async function stillOrphans(
  ports: ApplyPorts,
  seen: readonly SeenOrphan[],
  options: CallOptions,
): Promise<readonly SeenOrphan[]> {
  const ours = seen.filter(({ key }) => mayBeTaken(key))
  const claimed = await claimedNow(
    ports.database,
    ours.map(({ key }) => key),
    options,
  )
  return asSeen(
    ports,
    ours.filter(({ key }) => !claimed.has(key)),
    options,
  )
}

function mayBeTaken(key: string): boolean {
  const parsed = parseKey(key)
  return parsed !== undefined && parsed.root === 'cache/' && !KINDS[parsed.kind].protected
}

const LOOKS_AT_ONCE = 16

/** Where a look costs no request, an object that is another by now is left to the next scan. */
async function asSeen(
  ports: ApplyPorts,
  orphans: readonly SeenOrphan[],
  options: CallOptions,
): Promise<readonly SeenOrphan[]> {
  if (ports.objects.traits.listPage !== null) return orphans
  const same = new Set<string>()
  await inParallel(
    [orphans],
    LOOKS_AT_ONCE,
    async ({ key, bytes, modifiedAtMs }) => {
      // A name that is not valid Unicode is listed with this in it: the file looks absent, and is there.
      if (key.includes('\ufffd')) return
      const look = await ports.objects.stat(key, options)
      const isSame =
        look.state === 'absent' ||
        (look.state === 'present' && look.bytes === bytes && Math.abs(look.modifiedAtMs - modifiedAtMs) < 1)
      if (isSame) same.add(key)
    },
    options.signal,
  )
  return orphans.filter(({ key }) => same.has(key))
}

async function removeBatch(
  ports: ApplyPorts,
  work: UnderLease,
  step: RemoveOrphansStep,
  batch: {
    readonly orphans: readonly SeenOrphan[]
    readonly live: number
    readonly position: string | null
  },
): Promise<void> {
  const { runs } = ports.state
  const objects = batch.orphans.map(({ key, bytes }) => ({ key, bytes }))
  const number = await runs.openBatch(step.run, { of: 'objects', objects }, work.lease)
  await work.lease.check()
  const items = objects.map(({ key }) => key)
  const parted = { run: step.run, number, items, before: NOTHING_SEEN }
  const { takenNow, leftAlone, refused, refusedBecause } = await takeOrphans(ports, work, step, parted)
  const away = new Set(takenNow)
  step.samples.offer(takenNow)
  step.book.add({
    rows: 0,
    files: batch.orphans.filter(({ key }) => away.has(key)).map(({ kind, bytes }) => ({ kind, bytes })),
    objectsRemoved: step.quarantine === null ? takenNow.length : 0,
    objectsMoved: step.quarantine === null ? 0 : takenNow.length,
    changed: batch.live + leftAlone.length,
    refused: refused.length,
  })
  await runs.closeBatch(
    step.run,
    number,
    {
      outcome: { leftAlone, refused, refusedBecause },
      position: batch.position,
      counts: step.book.counts(),
    },
    work.lease,
  )
  step.progress.advance(batch.orphans.length)
}

/**
 * Takes what no row claims, part by part; the same for the first time and for what a killed process left.
 * @throws KnownError if database or storage stop working, or the lease is lost
 */
export function takeOrphans(
  ports: Pick<ApplyPorts, 'objects' | 'database' | 'state'>,
  work: UnderLease,
  {
    instance,
    quarantine,
    quarantineOver = false,
  }: Pick<RemoveOrphansStep, 'instance' | 'quarantine'> & {
    /** Then nothing is added to it, since that would be removed for good at once: what is not seen to stays, or goes back. */
    readonly quarantineOver?: boolean
  },
  batch: Omit<PartedBatch<string>, 'keyOf'>,
): Promise<PartsTaken> {
  return inParts(
    ports,
    work,
    { ...batch, keyOf: (key) => key },
    quarantine === null ? partsToRemove(ports) : partsToMove(ports),
    async (keys) => {
      const taken = await takeUnclaimed(ports, work, quarantine, quarantineOver ? [] : keys, keys)
      await ports.state.sightings.forget(instance, taken.gone)
      return taken
    },
  )
}

/** Of those that may go, what no row claims at this moment. Each of all the keys is gone, refused or left alone. */
async function takeUnclaimed(
  ports: Pick<ApplyPorts, 'objects' | 'database'>,
  work: UnderLease,
  quarantine: Quarantine | null,
  mayGo: readonly string[],
  keys: readonly string[],
): Promise<TakenAway & { readonly leftAlone: readonly string[] }> {
  const options = { signal: work.lease.signal }
  const before = await claimedNow(ports.database, keys, options)
  const free = mayGo.filter((key) => !before.has(key) && mayBeTaken(key))
  const isFree = new Set(free)
  if (quarantine === null)
    return {
      ...(await removeKeys(ports, work, free)),
      leftAlone: keys.filter((key) => !isFree.has(key)),
    }
  const taken = await quarantineKeys(ports, work, quarantine, free)
  const after = await claimedNow(ports.database, keys, options)
  // Also what a killed process had moved before somebody claimed it.
  const back = keys.filter((key) => after.has(key) || !isFree.has(key))
  // What is there is newer than what waits in quarantine, or never went; where storage does not say, the next run looks again.
  const { there, unsure } = await lookFor(ports, back, options)
  const gone = back.filter((key) => !there.has(key) && !unsure.has(key))
  const brought = await bringBackKeys(ports, work, quarantine, gone.filter(mayBeTaken))
  const kept = new Set(back)
  const open = new Set([...brought.refused, ...unsure])
  return {
    gone: taken.gone.filter((key) => !kept.has(key)),
    refused: [...taken.refused.filter((key) => !kept.has(key)), ...open],
    because:
      taken.because ?? brought.because ?? (unsure.size > 0 ? 'storage did not say what is there' : null),
    leftAlone: back.filter((key) => !open.has(key)),
  }
}

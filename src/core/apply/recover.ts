/**
 * What killed runs left half done, brought to an end from the journal, before anything new begins.
 *
 * Only the holder of the lease may do this: whoever opened these batches holds it no more. What the journal says was seen to is
 * not asked for again, but for what storage refused. One rule wherever a run can die: of all other objects a batch names, those
 * stay which rows claim now.
 */
import type { Kind } from '../model/media.ts'
import type {
  Batch,
  BatchContent,
  BatchPart,
  ReplacedVersion,
  Run,
  RunCounts,
  UploadRemains,
} from '../model/run.ts'
import type { PruneCandidate } from '../model/prune-candidate.ts'
import type { MediaRecord } from '../model/record.ts'
import { claimedKeys, parseKey } from '../model/storage-key.ts'
import type { CallOptions } from '../ports/storage.ts'
import { isRemoteKey } from '../remote-key.ts'
import type { ApplyPorts, UnderLease } from './apply-ports.ts'
import type { RecoveredBatches } from './apply-request.ts'
import { keysOf } from './batch-order.ts'
import { inParts, NOTHING_SEEN, type PartsTaken } from './in-parts.ts'
import { RunBook } from './run-book.ts'
import { leftoverName, takeLeftovers, type LeftoverContent } from './steps/remove-leftovers.ts'
import { takeOrphans } from './steps/remove-orphans.ts'
import { partsToRemove, removeKeys } from './take-away.ts'

interface Ended {
  /** Of the whole batch; `gone` since it has its outcome, if it has one. */
  readonly taken: PartsTaken
  /** Rows that have let go, by the process that died. */
  readonly rows: readonly PruneCandidate[]
  /** Of old versions: of those that are gone and were not counted yet. */
  readonly bytes: number
}

/**
 * @param refusedAgain gets what open batches keep, keys and `leftoverName`s: no run has to try it once more, or to name it in another batch
 * @throws KnownError if database or storage stop working; what was not reached stays open
 */
export async function recover(
  ports: ApplyPorts,
  work: UnderLease,
  instance: string,
  options: CallOptions,
  refusedAgain: Set<string> = new Set(),
): Promise<RecoveredBatches> {
  let [batches, objects, open] = [0, 0, 0]
  for await (const batch of ports.state.runs.openBatches(instance, options)) {
    const run = await ports.state.runs.find(instance, batch.run, options)
    if (run === null) throw new Error(`batch ${batch.number} is of run ${batch.run}, which is not there`)
    const ended = await endBatch(ports, work, run, batch, options)
    const { leftAlone, refused, refusedBecause, takenNow } = ended.taken
    batches++
    objects += takenNow.length
    if (refused.length > 0) open++
    for (const name of namesIn(batch, refused)) refusedAgain.add(name)
    const outcome = { leftAlone, refused, refusedBecause }
    await ports.state.runs.closeBatch(
      run.id,
      batch.number,
      { outcome, position: null, counts: countsAfter(run, batch, ended) },
      work.lease,
    )
  }
  return { batches, objects, open }
}

function namesIn({ content }: Pick<Batch, 'content'>, refused: readonly string[]): readonly string[] {
  if (content.of === 'rows' || content.of === 'objects') return refused
  const keys = new Set(refused)
  const items: readonly (UploadRemains | ReplacedVersion)[] =
    content.of === 'uploads' ? content.uploads : content.versions
  return items.filter(({ key }) => keys.has(key)).map(leftoverName)
}

async function endBatch(
  ports: ApplyPorts,
  work: UnderLease,
  run: Run,
  batch: Batch,
  options: CallOptions,
): Promise<Ended> {
  const { content, number } = batch
  if (content.of === 'rows') return endRows(ports, work, batch, content.candidates, options)
  if (content.of !== 'objects') return endLeftovers(ports, work, batch, content)
  const items = content.objects.map(({ key }) => key)
  const before = seenBefore(batch, items.length)
  const quarantineOver = run.quarantine !== null && run.quarantine.untilMs <= ports.clock.now()
  const step = { instance: run.instance, quarantine: run.quarantine, quarantineOver }
  const taken = await takeOrphans(ports, work, step, { run: run.id, number, items, before })
  return { taken, rows: [], bytes: 0 }
}

/** A batch that has an outcome was seen to from end to end. */
function seenBefore({ outcome, part }: Batch, items: number): BatchPart {
  return part ?? (outcome === null ? NOTHING_SEEN : { ...outcome, through: items, gone: 0 })
}

async function endRows(
  ports: ApplyPorts,
  work: UnderLease,
  batch: Batch,
  candidates: readonly PruneCandidate[],
  options: CallOptions,
): Promise<Ended> {
  const files = candidates.flatMap((candidate) => candidate.files)
  const now = await recordsNow(
    ports,
    files.map(({ record }) => record),
    options,
  )
  const away = new Set<string>()
  const named = new Set<string>()
  for (const { record, keys } of files) {
    const current = now.get(`${record.kind} ${record.id}`)
    const claimed = new Set(current === undefined ? [] : claimedKeys(current).map(({ key }) => key))
    if (current?.fileName === record.fileName) named.add(record.id)
    for (const key of keys) if (!claimed.has(key) && isRemoteKey(record, current, key)) away.add(key)
  }
  const items = keysOf(candidates)
  const seen = seenBefore(batch, items.length)
  // The process that died knew which rows did not let go; where it told nobody, the rows tell.
  const before = seen === NOTHING_SEEN ? { ...seen, leftAlone: [...named] } : seen
  const taken = await inParts(
    ports,
    work,
    {
      run: batch.run,
      number: batch.number,
      items,
      keyOf: (key: string) => key,
      mayGo: (key: string) => away.has(key),
      before,
    },
    partsToRemove(ports),
    (keys) => removeKeys(ports, work, keys),
  )
  const stayed = new Set(taken.leftAlone)
  return { taken, rows: candidates.filter(({ id }) => !stayed.has(id)), bytes: 0 }
}

async function recordsNow(
  ports: Pick<ApplyPorts, 'database'>,
  records: readonly MediaRecord[],
  options: CallOptions,
): Promise<ReadonlyMap<string, MediaRecord>> {
  const now = new Map<string, MediaRecord>()
  for (const [kind, some] of Map.groupBy(records, (record) => record.kind)) {
    const current = await ports.database.reread(
      kind,
      some.map(({ id }) => id),
      options,
    )
    for (const [id, record] of current) now.set(`${kind} ${id}`, record)
  }
  return now
}

async function endLeftovers(
  ports: ApplyPorts,
  work: UnderLease,
  batch: Batch,
  content: LeftoverContent,
): Promise<Ended> {
  const items = content.of === 'uploads' ? content.uploads.length : content.versions.length
  const before = seenBefore(batch, items)
  // A store that has nothing of the sort: there is nothing to end.
  if (ports.objects.leftovers === null)
    return { taken: { ...NOTHING_SEEN, takenNow: [] }, rows: [], bytes: 0 }
  const { bytes, bytesNow, current, ...taken } = await takeLeftovers(ports, work, content, {
    ...batch,
    before,
  })
  // One name may stand for several versions: what is not refused, nor the object again, is gone.
  const gone = Math.max(0, (batch.outcome?.refused.length ?? items) - taken.refused.length - current)
  return { taken: { ...taken, gone }, rows: [], bytes: batch.outcome === null ? bytes : bytesNow }
}

/** A batch that only storage had refused was counted when it was closed; of a killed one, nothing was. */
function countsAfter(run: Run, { content, outcome }: Batch, { taken, rows, bytes }: Ended): RunCounts {
  const book = new RunBook(run.counts)
  const refused = taken.refused.length - (outcome?.refused.length ?? 0)
  if (content.of === 'uploads' || content.of === 'versions') {
    book.addObjects(taken.gone, bytes, refused)
    return book.counts()
  }
  const isNew = outcome === null
  const moved = content.of === 'objects' && run.quarantine !== null
  book.add({
    rows: isNew ? rows.length : 0,
    files: content.of === 'objects' ? goneOf(content, outcome, taken) : isNew ? filesOf(rows) : [],
    objectsRemoved: moved ? 0 : taken.gone,
    objectsMoved: moved ? taken.gone : 0,
    // What a killed process had left alone is looked at again by its run.
    changed:
      content.of === 'objects' && outcome !== null ? taken.leftAlone.length - outcome.leftAlone.length : 0,
    refused,
  })
  return book.counts()
}

function filesOf(rows: readonly PruneCandidate[]): readonly { kind: Kind; bytes: number }[] {
  return rows.flatMap(({ files }) =>
    files.map(({ record }) => ({ kind: record.kind, bytes: record.bytes ?? 0 })),
  )
}

/** Orphans that went since the batch has its outcome. */
function goneOf(
  { objects }: Extract<BatchContent, { readonly of: 'objects' }>,
  outcome: Batch['outcome'],
  { leftAlone, refused }: PartsTaken,
): readonly { kind: Kind; bytes: number }[] {
  const before = outcome === null ? null : new Set(outcome.refused)
  const stayed = new Set([...leftAlone, ...refused])
  return objects.flatMap(({ key, bytes }) => {
    const kind = parseKey(key)?.kind
    return (before?.has(key) ?? true) && !stayed.has(key) && kind !== undefined ? [{ kind, bytes }] : []
  })
}

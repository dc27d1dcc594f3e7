/**
 * What killed runs left half done, brought to an end from the journal, before anything new begins.
 *
 * Only the holder of the lease may do this: whoever opened these batches holds it no more. One rule wherever a run can die: of
 * all objects a batch names, those stay which rows claim now.
 */
import type { Kind } from '../model/media.ts'
import type { Batch, BatchContent, Run, RunCounts } from '../model/run.ts'
import type { PruneCandidate } from '../model/prune-candidate.ts'
import type { MediaRecord } from '../model/record.ts'
import { claimedKeys, parseKey } from '../model/storage-key.ts'
import type { CallOptions } from '../ports/storage.ts'
import { isRemoteKey } from '../remote-key.ts'
import type { ApplyPorts, UnderLease } from './apply-ports.ts'
import type { RecoveredBatches } from './apply-request.ts'
import { RunBook } from './run-book.ts'
import { takeOrphans } from './steps/remove-orphans.ts'
import { removeKeys, type TakenAway } from './take-away.ts'

interface Ended {
  readonly taken: TakenAway
  readonly leftAlone: readonly string[]
  /** Rows that have let go, by the process that died. */
  readonly gone: readonly PruneCandidate[]
}

/** @throws KnownError if database or storage stop working; what was not reached stays open */
export async function recover(
  ports: ApplyPorts,
  work: UnderLease,
  instance: string,
  options: CallOptions,
): Promise<RecoveredBatches> {
  let [batches, objects, open] = [0, 0, 0]
  for await (const batch of ports.state.runs.openBatches(instance, options)) {
    const run = await ports.state.runs.find(instance, batch.run, options)
    if (run === null) throw new Error(`batch ${batch.number} is of run ${batch.run}, which is not there`)
    const ended = await endBatch(ports, work, run, batch.content, options)
    batches++
    objects += ended.taken.gone.length
    if (ended.taken.refused.length > 0) open++
    await ports.state.runs.closeBatch(
      run.id,
      batch.number,
      {
        outcome: {
          leftAlone: batch.outcome?.leftAlone ?? ended.leftAlone,
          refused: ended.taken.refused,
          refusedBecause: ended.taken.because,
        },
        position: null,
        counts: countsAfter(run, batch, ended),
      },
      work.lease,
    )
  }
  return { batches, objects, open }
}

function endBatch(
  ports: ApplyPorts,
  work: UnderLease,
  run: Run,
  content: BatchContent,
  options: CallOptions,
): Promise<Ended> {
  switch (content.of) {
    case 'rows':
      return endRows(ports, work, content.candidates, options)
    case 'objects':
      return endObjects(
        ports,
        work,
        run,
        content.objects.map(({ key }) => key),
      )
    case 'uploads':
      return endLeftovers((leftovers) => leftovers.removeUploads(content.uploads))(ports)
    case 'versions':
      return endLeftovers((leftovers) => leftovers.removeVersions(content.versions))(ports)
  }
}

async function endRows(
  ports: ApplyPorts,
  work: UnderLease,
  candidates: readonly PruneCandidate[],
  options: CallOptions,
): Promise<Ended> {
  const files = candidates.flatMap((candidate) => candidate.files)
  const now = await recordsNow(
    ports,
    files.map(({ record }) => record),
    options,
  )
  const away: string[] = []
  const named = new Set<string>()
  for (const { record, keys } of files) {
    const current = now.get(`${record.kind} ${record.id}`)
    const claimed = new Set(current === undefined ? [] : claimedKeys(current).map(({ key }) => key))
    if (current?.fileName === record.fileName) named.add(record.id)
    away.push(...keys.filter((key) => !claimed.has(key) && isRemoteKey(record, current, key)))
  }
  return {
    taken: await removeKeys(ports, work, away),
    leftAlone: [...named],
    gone: candidates.filter(({ id }) => !named.has(id)),
  }
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

async function endObjects(
  ports: ApplyPorts,
  work: UnderLease,
  run: Run,
  keys: readonly string[],
): Promise<Ended> {
  const { taken, claimed } = await takeOrphans(ports, work, run.quarantine, keys)
  await ports.state.sightings.forget(run.instance, taken.gone)
  return { taken, leftAlone: claimed, gone: [] }
}

type Leftovers = NonNullable<ApplyPorts['objects']['leftovers']>
type Answers = Awaited<ReturnType<Leftovers['removeUploads'] | Leftovers['removeVersions']>>

/** Named exactly, so that doing it again removes nothing else. */
function endLeftovers(
  remove: (leftovers: Leftovers) => Promise<Answers>,
): (ports: ApplyPorts) => Promise<Ended> {
  return async ({ objects }) => {
    const answers = objects.leftovers === null ? [] : await remove(objects.leftovers)
    const gone: string[] = []
    const refused: string[] = []
    let because: string | null = null
    for (const answer of answers)
      if (answer.removed) gone.push(answer.key)
      else {
        refused.push(answer.key)
        because ??= answer.reason
      }
    return { taken: { gone, refused, because }, leftAlone: [], gone: [] }
  }
}

/** A batch that only storage had refused was counted when it was closed; of a killed one, nothing was. */
function countsAfter(run: Run, { content, outcome }: Batch, { taken, leftAlone, gone }: Ended): RunCounts {
  const book = new RunBook(run.counts)
  const moved = content.of === 'objects' && run.quarantine !== null
  const before = outcome?.refused.length ?? 0
  const isNew = outcome === null
  if (content.of === 'uploads' || content.of === 'versions') {
    book.addObjects(
      isNew ? taken.gone.length : before - taken.refused.length,
      0,
      taken.refused.length - before,
    )
    return book.counts()
  }
  const away = isNew ? taken.gone.length : before - taken.refused.length
  book.add({
    rows: isNew ? gone.length : 0,
    files: isNew ? filesOf(content, gone, taken) : [],
    objectsRemoved: moved ? 0 : away,
    objectsMoved: moved ? away : 0,
    // Rows that a killed process had not come to are looked at again by its run.
    changed: isNew && content.of === 'objects' ? leftAlone.length : 0,
    refused: taken.refused.length - before,
  })
  return book.counts()
}

function filesOf(
  content: BatchContent,
  gone: readonly PruneCandidate[],
  taken: TakenAway,
): readonly { kind: Kind; bytes: number }[] {
  if (content.of !== 'objects')
    return gone.flatMap(({ files }) =>
      files.map(({ record }) => ({ kind: record.kind, bytes: record.bytes ?? 0 })),
    )
  const away = new Set(taken.gone)
  return content.objects.flatMap(({ key, bytes }) => {
    const kind = parseKey(key)?.kind
    return away.has(key) && kind !== undefined ? [{ kind, bytes }] : []
  })
}

/**
 * The verb `undo`: a run taken back from its journal, its last batch first.
 *
 * A row names a file again only once storage has every variant of it: what is still there, waits in quarantine, or is an
 * earlier version of the bucket. What storage has no more, the origin is asked for. Rows that name something newer stay as they
 * are. It can be interrupted and gone on with: what is taken back already is found so. While storage does not answer for a file,
 * its batch is not over, nor is the undo.
 *
 * What a killed run left half done is not brought to its end before: what it has not removed yet need not be lost.
 */
import { KnownError } from '../errors.ts'
import type { HealResult } from '../heal/heal.ts'
import type { Kind } from '../model/media.ts'
import type { Batch, Run } from '../model/run.ts'
import { refuse } from '../plan/gate.ts'
import { canaryRefusal } from '../plan/gate-canary.ts'
import type { Progress } from '../ports/runtime.ts'
import type { CallOptions } from '../ports/storage.ts'
import { noSuchRun } from '../report/no-such.ts'
import type { ApplyPorts, UnderLease } from './apply-ports.ts'
import { APPLY_LEASE } from './apply-plan.ts'
import type { UndoResult } from './apply-request.ts'
import { lookAtCanary } from './canary.ts'
import { UndoBook } from './undo-book.ts'
import { undoObjects } from './steps/undo-objects.ts'
import { undoRows } from './steps/undo-rows.ts'

export interface UndoPorts extends ApplyPorts {
  /** Asks the origins for these records, ids by kind. @throws KnownError as the verb `heal` */
  heal(records: ReadonlyMap<Kind, readonly string[]>, options: CallOptions): Promise<HealResult>
}

export interface UndoRequest {
  readonly instance: string
  /** Its id, or `last`. */
  readonly run: string
  readonly maxDurationMs: number | null
}

/** @throws KnownError if there is no such run, it cannot be taken back, another process holds the lease, or the world stops */
export async function undoRun(
  ports: UndoPorts,
  request: UndoRequest,
  options: CallOptions & { readonly progress: Progress },
): Promise<UndoResult> {
  const startedAtMs = ports.clock.now()
  const { instance, maxDurationMs } = request
  await findRun(ports, request, options)
  await ports.database.prune.refuseIfReadOnly(['avatar', 'header', 'attachment', 'card'], options)
  await ports.state.setUp(options)
  const lease = await ports.state.leases.take(APPLY_LEASE, 'cornac undo', options)
  try {
    const held = { signal: lease.signal }
    const canary = canaryRefusal(await lookAtCanary(ports, instance, held))
    refuse(canary === null ? [] : [canary])
    const work: UnderLease = { lease, pace: async () => {} }
    const run = await findRun(ports, request, held)
    await ports.state.runs.end(run.id, { state: 'undoing', because: null, atMs: ports.clock.now() }, lease)
    const book = new UndoBook()
    options.progress.stage('taking back', run.counts.files.count)
    let stopped: UndoResult['stopped'] = null
    for await (const batch of ports.state.runs.batches(run.id, held)) {
      if (batch.state === 'undone') continue
      if (options.signal?.aborted === true) stopped = 'interrupted'
      else if (maxDurationMs !== null && ports.clock.now() - startedAtMs >= maxDurationMs)
        stopped = 'duration'
      if (stopped !== null) break
      const before = book.unanswered
      await undoBatch(ports, work, run, batch, book, held)
      // What storage did not answer for is not given up: the next undo comes here again.
      if (book.unanswered === before) await ports.state.runs.batchUndone(run.id, batch.number, lease)
      options.progress.advance(filesIn(batch))
    }
    options.progress.done()
    if (stopped === null && book.unanswered === 0)
      await ports.state.runs.end(run.id, { state: 'undone', because: null, atMs: ports.clock.now() }, lease)
    return {
      ...book.result(),
      run: (await ports.state.runs.find(instance, run.id)) ?? run,
      stopped,
      seconds: (ports.clock.now() - startedAtMs) / 1000,
    }
  } finally {
    await lease.release()
  }
}

function undoBatch(
  ports: UndoPorts,
  work: UnderLease,
  run: Run,
  { content, outcome }: Batch,
  book: UndoBook,
  options: CallOptions,
): Promise<void> {
  const leftAlone = new Set(outcome?.leftAlone ?? [])
  switch (content.of) {
    case 'rows':
      return undoRows(ports, work, { ...content, leftAlone }, book, options)
    case 'objects': {
      const keys = content.objects.map(({ key }) => key).filter((key) => !leftAlone.has(key))
      return undoObjects(ports, work, run, keys, book, options)
    }
    case 'uploads':
    case 'versions':
      book.lost += content.of === 'uploads' ? content.uploads.length : content.versions.length
      return Promise.resolve()
  }
}

function filesIn({ content }: Batch): number {
  switch (content.of) {
    case 'rows':
      return content.candidates.reduce((sum, { files }) => sum + files.length, 0)
    case 'objects':
      return content.objects.length
    case 'uploads':
      return content.uploads.length
    case 'versions':
      return content.versions.length
  }
}

async function findRun(
  ports: Pick<UndoPorts, 'state'>,
  { instance, run: id }: UndoRequest,
  options: CallOptions,
): Promise<Run> {
  const run = await ports.state.runs.find(instance, id, options)
  const refuseIt = (code: string, what: string, remedy: string): never => {
    throw new KnownError({ code, what, remedy, category: 'usage' })
  }
  if (run === null) throw noSuchRun(id)
  if (run.state === 'undone')
    return refuseIt(
      'run-undone',
      `${run.id} was taken back before`,
      run.verb === 'prune'
        ? 'What could not be brought back then, cornac heal goes on with'
        : 'What could not be brought back then is kept nowhere',
    )
  if (run.forgotten)
    return refuseIt(
      'run-forgotten',
      `the journal of ${run.id} is not kept any more`,
      'Bring its pictures back from their origins with cornac heal',
    )
  return run
}

/** What takes space in a bucket and is no object: unfinished uploads and old versions, away for good. */
import type { LeftoverRequest } from '../../model/plan.ts'
import type { BatchContent, ReplacedVersion, UploadRemains } from '../../model/run.ts'
import { ORPHANS_PER_BATCH } from '../../plan/safety.ts'
import type { Progress } from '../../ports/runtime.ts'
import type { RemovalOutcome } from '../../ports/storage.ts'
import { notTheObject, replacedVersions, staleUploads } from '../../choose-leftovers.ts'
import { KnownError } from '../../errors.ts'
import type { ApplyPorts, UnderLease } from '../apply-ports.ts'
import type { ApplyEnd } from '../apply-request.ts'
import type { Budgets } from '../budgets.ts'
import { inParts, NOTHING_SEEN, type PartedBatch, type PartsTaken } from '../in-parts.ts'
import type { RunBook } from '../run-book.ts'
import { partsOf, partsToRemove } from '../take-away.ts'

export interface RemoveLeftoversStep {
  readonly run: string
  readonly request: LeftoverRequest
  /** What an open batch names already, by `leftoverName`. */
  readonly refusedBefore: ReadonlySet<string>
  readonly budgets: Budgets
  readonly book: RunBook
  readonly progress: Progress
}

/** Tells it from all others of its sort: no key holds a NUL. */
export function leftoverName(item: UploadRemains | ReplacedVersion): string {
  return `${item.key}\0${'uploadId' in item ? item.uploadId : item.versionId}`
}

/**
 * Looks at the store again, and takes what is old enough and lies under `cache/`. Begins at the start each time: what is gone
 * is not listed any more.
 * @throws KnownError if the store has no such list, or stops working
 */
export function removeLeftovers(
  ports: ApplyPorts,
  work: UnderLease,
  step: RemoveLeftoversStep,
): Promise<ApplyEnd | null> {
  return step.request.what === 'unfinished-uploads'
    ? removeUploads(ports, work, step)
    : removeVersions(ports, work, step)
}

async function removeUploads(
  ports: ApplyPorts,
  work: UnderLease,
  step: RemoveLeftoversStep,
): Promise<ApplyEnd | null> {
  const store = leftoversOf(ports)
  async function* chosen(): AsyncGenerator<readonly UploadRemains[]> {
    for await (const page of staleUploads(store, step.request.beforeMs, { signal: work.lease.signal }))
      yield untried(
        page.map(({ key, uploadId }) => ({ key, uploadId })),
        step,
      )
  }
  return inBatches(ports, work, step, batchesOf(chosen()), uploadsOf(store))
}

async function removeVersions(
  ports: ApplyPorts,
  work: UnderLease,
  step: RemoveLeftoversStep,
): Promise<ApplyEnd | null> {
  const store = leftoversOf(ports)
  const sources = { leftovers: store, objects: ports.objects }
  const options = { signal: work.lease.signal }
  async function* chosen(): AsyncGenerator<readonly ReplacedVersion[]> {
    for await (const { replaced } of replacedVersions(sources, step.request.beforeMs, options))
      yield untried(
        replaced.map(({ key, versionId, bytes }) => ({ key, versionId, bytes })),
        step,
      )
  }
  return inBatches(ports, work, step, batchesOf(chosen()), versionsOf(ports, store))
}

/** A moment ago storage refused the others once more, and the next run asks for them again. */
function untried<Item extends UploadRemains | ReplacedVersion>(
  items: readonly Item[],
  { refusedBefore }: RemoveLeftoversStep,
): readonly Item[] {
  return items.filter((item) => !refusedBefore.has(leftoverName(item)))
}

function leftoversOf({ objects }: Pick<ApplyPorts, 'objects'>): Store {
  if (objects.leftovers !== null) return objects.leftovers
  throw new KnownError({
    code: 'storage-not-offered',
    what: `${objects.traits.description} has neither unfinished uploads nor old versions`,
    remedy: 'Nothing of that sort takes space there',
    category: 'usage',
  })
}

async function* batchesOf<Item>(pages: AsyncIterable<readonly Item[]>): AsyncGenerator<readonly Item[]> {
  let batch: Item[] = []
  for await (const page of pages) {
    batch.push(...page)
    while (batch.length >= ORPHANS_PER_BATCH) yield batch.splice(0, ORPHANS_PER_BATCH)
  }
  if (batch.length > 0) yield batch
}

interface Sort<Item extends { readonly key: string }> {
  sizeOf(item: Item): number
  content(items: readonly Item[]): BatchContent
  readonly split: <T>(all: readonly T[]) => readonly (readonly T[])[]
  requests(items: readonly Item[]): number
  remove(items: readonly Item[]): Promise<readonly ({ readonly key: string } & RemovalOutcome)[]>
}

type Store = NonNullable<ApplyPorts['objects']['leftovers']>

/** One request each: a note for every so many. */
const UPLOADS_PER_PART = 500

function uploadsOf(store: Store): Sort<UploadRemains> {
  return {
    sizeOf: () => 0,
    content: (uploads) => ({ of: 'uploads', uploads }),
    split: (all) => partsOf(all, 1, UPLOADS_PER_PART),
    requests: (uploads) => uploads.length,
    remove: (uploads) => store.removeUploads(uploads),
  }
}

function versionsOf(ports: Pick<ApplyPorts, 'objects'>, store: Store): Sort<ReplacedVersion> {
  return {
    sizeOf: ({ bytes }) => bytes,
    content: (versions) => ({ of: 'versions', versions }),
    split: partsToRemove(ports),
    requests: (versions) => Math.ceil(versions.length / ports.objects.traits.removeBatch),
    remove: (versions) => store.removeVersions(versions),
  }
}

export type LeftoverContent = Extract<BatchContent, { readonly of: 'uploads' | 'versions' }>

export interface LeftoversTaken extends PartsTaken {
  /** Of all of the batch that is gone. */
  readonly bytes: number
  /** Of these, what is gone by this process. */
  readonly bytesNow: number
  /** Versions that are the object again. */
  readonly current: number
}

/**
 * What a killed process left of such a batch, or storage refused, named exactly: doing it again removes nothing else. A version
 * that is the object again by now, because a run was taken back or a person did so, stays.
 * @throws KnownError if the store stops working, or the lease is lost
 */
export async function takeLeftovers(
  ports: Pick<ApplyPorts, 'objects' | 'state'>,
  work: UnderLease,
  content: LeftoverContent,
  batch: Pick<PartedBatch<unknown>, 'run' | 'number' | 'before'>,
): Promise<LeftoversTaken> {
  const store = leftoversOf(ports)
  if (content.of === 'uploads')
    return {
      ...(await take(ports, work, uploadsOf(store), { ...batch, items: content.uploads })),
      current: 0,
    }
  const { before } = batch
  const again = new Set(before.refused)
  const open = content.versions.filter(({ key }, place) => place >= before.through || again.has(key))
  const sources = { leftovers: store, objects: ports.objects }
  const free = await notTheObject(sources, open, { signal: work.lease.signal })
  const current = open.filter((version) => !free.has(version))
  const taken = await take(ports, work, versionsOf(ports, store), {
    ...batch,
    before: { ...before, leftAlone: [...before.leftAlone, ...current.map(({ key }) => key)] },
    items: content.versions,
    mayGo: (version) => free.has(version),
  })
  return { ...taken, current: current.length }
}

async function take<Item extends { readonly key: string }>(
  ports: Pick<ApplyPorts, 'state'>,
  work: UnderLease,
  sort: Sort<Item>,
  batch: Omit<PartedBatch<Item>, 'keyOf'>,
): Promise<Omit<LeftoversTaken, 'current'>> {
  const { before, items } = batch
  const again = new Set(before.refused)
  const bytesBefore = items
    .slice(0, before.through)
    .reduce((sum, item) => (again.has(item.key) ? sum : sum + sort.sizeOf(item)), 0)
  let bytes = bytesBefore
  const taken = await inParts(
    ports,
    work,
    { ...batch, keyOf: ({ key }) => key },
    sort.split,
    async (some) => {
      await work.pace(sort.requests(some))
      await work.lease.check()
      const answers = await sort.remove(some)
      for (const [i, item] of some.entries()) if (answers[i]?.removed === true) bytes += sort.sizeOf(item)
      const refused = answers.flatMap((answer) => (answer.removed ? [] : [answer]))
      return {
        gone: answers.flatMap(({ key, removed }) => (removed ? [key] : [])),
        refused: refused.map(({ key }) => key),
        because: refused[0]?.reason ?? null,
      }
    },
  )
  return { ...taken, bytes, bytesNow: bytes - bytesBefore }
}

async function inBatches<Item extends { readonly key: string }>(
  ports: ApplyPorts,
  work: UnderLease,
  { run, budgets, book, progress }: RemoveLeftoversStep,
  batches: AsyncIterable<readonly Item[]>,
  sort: Sort<Item>,
): Promise<ApplyEnd | null> {
  const { runs } = ports.state
  for await (const batch of batches) {
    const end = budgets.end()
    if (end !== null) return end
    const items = budgets.take(batch, (item) => ({ files: 1, bytes: sort.sizeOf(item) }))
    if (items.length > 0) {
      const number = await runs.openBatch(run, sort.content(items), work.lease)
      const parted = { run, number, items, before: NOTHING_SEEN }
      const { takenNow, bytes, refused, refusedBecause } = await take(ports, work, sort, parted)
      book.addObjects(takenNow.length, bytes, refused.length)
      const outcome = { leftAlone: [], refused, refusedBecause }
      await runs.closeBatch(run, number, { outcome, position: null, counts: book.counts() }, work.lease)
      progress.advance(items.length)
    }
    if (items.length < batch.length) return budgets.end() ?? 'files'
  }
  return null
}

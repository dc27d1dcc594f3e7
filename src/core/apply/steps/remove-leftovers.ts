/** What takes space in a bucket and is no object: unfinished uploads and old versions, away for good. */
import type { LeftoverRequest } from '../../model/plan.ts'
import type { ReplacedVersion, UploadRemains } from '../../model/run.ts'
import { ORPHANS_PER_BATCH } from '../../plan/safety.ts'
import type { Progress } from '../../ports/runtime.ts'
import type { RemovalOutcome } from '../../ports/storage.ts'
import { replacedVersions, staleUploads } from '../../choose-leftovers.ts'
import { KnownError } from '../../errors.ts'
import type { ApplyPorts, UnderLease } from '../apply-ports.ts'
import type { ApplyEnd } from '../apply-request.ts'
import type { Budgets } from '../budgets.ts'
import type { RunBook } from '../run-book.ts'

export interface RemoveLeftoversStep {
  readonly run: string
  readonly request: LeftoverRequest
  readonly budgets: Budgets
  readonly book: RunBook
  readonly progress: Progress
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
      yield page.map(({ key, uploadId }) => ({ key, uploadId }))
  }
  return inBatches(ports, work, step, batchesOf(chosen()), {
    sizeOf: () => 0,
    content: (uploads) => ({ of: 'uploads', uploads }),
    // One request each.
    requests: (uploads) => uploads.length,
    remove: (uploads) => store.removeUploads(uploads),
  })
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
      yield replaced.map(({ key, versionId, bytes }) => ({ key, versionId, bytes }))
  }
  return inBatches(ports, work, step, batchesOf(chosen()), {
    sizeOf: ({ bytes }) => bytes,
    content: (versions) => ({ of: 'versions', versions }),
    requests: (versions) => Math.ceil(versions.length / ports.objects.traits.removeBatch),
    remove: (versions) => store.removeVersions(versions),
  })
}

function leftoversOf({ objects }: ApplyPorts): NonNullable<ApplyPorts['objects']['leftovers']> {
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
  content(items: readonly Item[]): Parameters<ApplyPorts['state']['runs']['openBatch']>[1]
  requests(items: readonly Item[]): number
  remove(items: readonly Item[]): Promise<readonly ({ readonly key: string } & RemovalOutcome)[]>
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
    const taken = budgets.take(batch, (item) => ({ files: 1, bytes: sort.sizeOf(item) }))
    if (taken.length > 0) {
      const number = await runs.openBatch(run, sort.content(taken), work.lease)
      await work.pace(sort.requests(taken))
      await work.lease.check()
      const answers = await sort.remove(taken)
      const refused = answers.filter(({ removed }) => !removed)
      const [first] = refused
      const bytes = taken.reduce(
        (sum, item, i) => sum + (answers[i]?.removed === true ? sort.sizeOf(item) : 0),
        0,
      )
      book.addObjects(answers.length - refused.length, bytes, refused.length)
      const outcome = {
        leftAlone: [],
        refused: refused.map(({ key }) => key),
        refusedBecause: first === undefined || first.removed ? null : first.reason,
      }
      await runs.closeBatch(run, number, { outcome, position: null, counts: book.counts() }, work.lease)
      progress.advance(taken.length)
    }
    if (taken.length < batch.length) return budgets.end() ?? 'files'
  }
  return null
}

/** One batch removed in the way the store understands, with an outcome for everybody in it. */
import type { BatchAsker } from './ask-in-rounds.ts'
import type { S3Connection } from './connection.ts'
import { createBatchSize } from './batch-size.ts'
import { isCutOff, isTorn, refusalOf, tookTooLong } from './failure.ts'
import type { Pause } from './patience.ts'
import { nameOf, outcomeOf, type Outcome, type StoreTarget } from './outcome.ts'
import { fitsXml, removeBulk } from './remove-bulk.ts'
import { createSinglyAsker } from './ask-singly.ts'
import { removeObject } from './remove-singly.ts'

export interface BatchRemover extends BatchAsker {
  /** Whether the store removes in bulk; null until it was asked to. */
  bulkRemoval(): boolean | null
}

/** Bulk answers in a row that cannot be read, or name nobody who was asked for. */
const UNREADABLE_IN_A_ROW = 3
/** So many are then asked for one by one before bulk removal gets another chance. */
const DISTRUSTED_FOR = 10_000

/** For objects and versions. Remembers for its lifetime whether there is bulk removal, and which batches are answered in time. */
export function createBatchRemover(
  connection: S3Connection,
  largestBatch: number,
  pause: Pause,
): BatchRemover {
  const askSingly = createSinglyAsker((target, signal) => removeObject(connection, target, signal), pause)
  const size = createBatchSize(largestBatch)
  let bulk: boolean | null = null
  let unreadable = 0
  let distrustedFor = 0

  /** The store may have done what it was asked, and nobody knows: a store that goes on like this is asked in another way. */
  function noteUnreadable(): void {
    if (++unreadable < UNREADABLE_IN_A_ROW) return
    unreadable--
    distrustedFor = DISTRUSTED_FOR
  }

  /** Outcomes of those the answer names; of nobody where there is no bulk removal. */
  async function askBulk(
    targets: readonly StoreTarget[],
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<string, Outcome> | null> {
    try {
      const answered = await removeBulk(connection, targets, signal)
      bulk = true
      size.answered(targets.length)
      if (answered.size > 0) unreadable = 0
      else noteUnreadable()
      return answered
    } catch (error) {
      signal?.throwIfAborted()
      const refusal = refusalOf(error)
      if (tookTooLong(refusal) && size.tookTooLong(targets.length)) return null
      if (isTorn(refusal) || isCutOff(refusal) || tookTooLong(refusal)) noteUnreadable()
      const outcome = outcomeOf(error)
      if (outcome.kind === 'again' || outcome.kind === 'final' || refusal.status === 403)
        return new Map(targets.map((target) => [nameOf(target), outcome]))
      // NotImplemented, MethodNotAllowed, MalformedXML and their like: whatever it says is said of the request, not of keys.
      bulk = false
      return new Map()
    }
  }

  return {
    size: () => size.now(),
    bulkRemoval: () => bulk,
    async ask(targets, signal) {
      const isOneByOne = bulk === false || distrustedFor > 0 || targets.length === 1
      if (distrustedFor > 0) distrustedFor -= targets.length
      const together = isOneByOne ? [] : targets.filter(fitsXml)
      const answered = together.length === 0 ? new Map<string, Outcome>() : await askBulk(together, signal)
      if (answered === null) return null
      const alone = targets.filter((target) => !answered.has(nameOf(target)))
      return new Map([...answered, ...(await askSingly(alone, signal))])
    },
  }
}

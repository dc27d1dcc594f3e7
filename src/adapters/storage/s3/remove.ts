/** Removes whatever it is given, with patience for stores that are busy; every answer is read, and none is assumed. */
import type { CallOptions, RemovalOutcome } from '../../../core/ports/storage.ts'
import { keyObjection } from '../key-check.ts'
import { askInRounds, type BatchAsker } from './ask-in-rounds.ts'
import type { S3Connection } from './connection.ts'
import { nameOf, type StoreTarget } from './outcome.ts'
import type { Pause } from './patience.ts'

export interface S3Remover {
  /**
   * One outcome per target, in the order given; targets given twice are asked for once. Throws a KnownError only if nothing
   * can be removed with these settings and nothing was; otherwise every failure is an answer, so none is lost.
   */
  (targets: readonly StoreTarget[], options: CallOptions): Promise<readonly RemovalOutcome[]>
}

export function createRemover(connection: S3Connection, batches: BatchAsker, pause: Pause): S3Remover {
  return async (targets, { signal }) => {
    signal?.throwIfAborted()
    const allowed = new Map<string, StoreTarget>()
    for (const target of targets) if (keyObjection(target.key) === null) allowed.set(nameOf(target), target)
    const doing = `remove from ${connection.description}`
    const answers = await askInRounds(connection, batches, pause, doing, [...allowed.values()], signal)
    return targets.map((target) => {
      const answer = answers.get(nameOf(target)) ?? { done: false, reason: keyObjection(target.key)! }
      return answer.done ? { removed: true } : { removed: false, reason: answer.reason }
    })
  }
}

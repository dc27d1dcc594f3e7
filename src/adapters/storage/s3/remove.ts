/** Removes whatever it is given, with patience for stores that are busy; every answer is read, and none is assumed. */
import type { CallOptions, RemovalOutcome } from '../../../core/ports/storage.ts'
import { keyObjection } from '../key-check.ts'
import type { S3Connection } from './connection.ts'
import { isTimeout, isUnreachable, phraseOf, refusalOf, s3Failure } from './failure.ts'
import { TRIES, type Pause } from './patience.ts'
import { nameOf, type Outcome, type RemovalTarget } from './removal-outcome.ts'
import type { BatchRemover } from './remove-batch.ts'

export interface S3Remover {
  /**
   * One outcome per target, in the order given; targets given twice are asked for once.
   *
   * What the store is too busy for is asked for again, and nothing else is: `TRIES` times in all, after longer and longer
   * pauses. Throws a KnownError only if nothing can be removed with these settings and nothing was; otherwise every
   * failure is an answer, so none is lost.
   */
  (targets: readonly RemovalTarget[], options: CallOptions): Promise<readonly RemovalOutcome[]>
}

export function createRemover(
  connection: S3Connection,
  batches: Pick<BatchRemover, 'size' | 'ask'>,
  pause: Pause,
): S3Remover {
  return async (targets, { signal }) => {
    signal?.throwIfAborted()
    const allowed = new Map<string, RemovalTarget>()
    for (const target of targets) if (keyObjection(target.key) === null) allowed.set(nameOf(target), target)
    const answers = await removeInRounds(connection, batches, pause, [...allowed.values()], signal)
    return targets.map(
      (target) => answers.get(nameOf(target)) ?? { removed: false, reason: keyObjection(target.key)! },
    )
  }
}

/** Who is to be asked again, with what was said last. */
type Again = readonly { readonly target: RemovalTarget; readonly error: unknown }[]

/** Each round asks for what the one before was refused. */
async function removeInRounds(
  connection: S3Connection,
  batches: Pick<BatchRemover, 'size' | 'ask'>,
  pause: Pause,
  targets: readonly RemovalTarget[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, RemovalOutcome>> {
  const answers = new Map<string, RemovalOutcome>()
  /** Batches in a row of which everything was refused: a store in such trouble is left alone by the rest, too. */
  let refusedInARow = 0
  let waiting = targets
  for (let tries = 1; ; tries++) {
    const again: Again[number][] = []
    for (let at = 0; at < waiting.length;) {
      const batch = waiting.slice(at, at + batches.size())
      const outcomes = await batches.ask(batch, signal)
      if (outcomes === null) continue
      at += batch.length
      const { refused, final } = settle(batch, outcomes, answers)
      if (final !== null) return giveUp(connection, targets, answers, final.error, '')
      again.push(...refused)
      if (refused.length < batch.length) refusedInARow = 0
      else if (++refusedInARow === TRIES)
        return giveUp(connection, targets, answers, refused[0]!.error, AFTER_TRIES)
      else if (at < waiting.length) await pause(refusedInARow, signal)
    }
    if (again.length === 0) return answers
    if (tries === TRIES) return giveUp(connection, targets, answers, again[0]!.error, AFTER_TRIES)
    await pause(tries, signal)
    waiting = again.map(({ target }) => target)
  }
}

const AFTER_TRIES = `after ${TRIES} tries: `

/** Writes down what is settled and gives back what is not. */
function settle(
  batch: readonly RemovalTarget[],
  outcomes: ReadonlyMap<string, Outcome>,
  answers: Map<string, RemovalOutcome>,
): { refused: Again; final: { readonly error: unknown } | null } {
  const refused: Again[number][] = []
  let final = null
  for (const target of batch) {
    const outcome = outcomes.get(nameOf(target))!
    switch (outcome.kind) {
      case 'removed':
        answers.set(nameOf(target), { removed: true })
        break
      case 'kept':
        answers.set(nameOf(target), { removed: false, reason: outcome.reason })
        break
      case 'again':
        refused.push({ target, error: outcome.error })
        break
      case 'final':
        final = outcome
    }
  }
  return { refused, final }
}

/** Whoever has no answer yet gets this one. */
function giveUp(
  connection: S3Connection,
  targets: readonly RemovalTarget[],
  answers: Map<string, RemovalOutcome>,
  error: unknown,
  words: string,
): ReadonlyMap<string, RemovalOutcome> {
  const refusal = refusalOf(error)
  const isSettled = words === '' || (isUnreachable(refusal) && !isTimeout(refusal))
  if (isSettled && ![...answers.values()].some(({ removed }) => removed))
    throw s3Failure(connection, error, `remove from ${connection.description}`)
  const reason = words + phraseOf(refusal)
  for (const target of targets)
    if (!answers.has(nameOf(target))) answers.set(nameOf(target), { removed: false, reason })
  return answers
}

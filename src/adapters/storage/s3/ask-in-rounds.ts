/** Asks a store for many things, again and again where it is busy, until everything has its answer. */
import type { S3Connection } from './connection.ts'
import { isTimeout, isUnreachable, phraseOf, refusalOf, s3Failure } from './failure.ts'
import { nameOf, type Outcome, type StoreTarget } from './outcome.ts'
import { TRIES, type Pause } from './patience.ts'

/** The last word on one target. */
export type Settled = { readonly done: true } | { readonly done: false; readonly reason: string }

export interface BatchAsker {
  /** How many targets to ask for next. */
  size(): number
  /**
   * An outcome for every target, by `nameOf`; null if the store was too slow for so many: nothing is known of any, and they
   * are to be asked for again in batches of the new `size()`. Rejects only with the signal's reason.
   */
  ask(
    targets: readonly StoreTarget[],
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<string, Outcome> | null>
}

/** Who is to be asked again, with what was said last. */
type Again = readonly { readonly target: StoreTarget; readonly error: unknown }[]

/**
 * An answer for every target, by `nameOf`; no target may be given twice. Each round asks for what the one before was too
 * busy for, and for nothing else: `TRIES` times in all, after longer and longer pauses.
 *
 * Throws a KnownError only if nothing can be done with these settings and nothing was; otherwise every failure is an answer,
 * so none is lost. `doing` completes "could not".
 */
export async function askInRounds(
  connection: S3Connection,
  batches: BatchAsker,
  pause: Pause,
  doing: string,
  targets: readonly StoreTarget[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Settled>> {
  const answers = new Map<string, Settled>()
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
      if (final !== null) return giveUp(connection, doing, targets, answers, final.error, '')
      again.push(...refused)
      if (refused.length < batch.length) refusedInARow = 0
      else if (++refusedInARow === TRIES)
        return giveUp(connection, doing, targets, answers, refused[0]!.error, AFTER_TRIES)
      else if (at < waiting.length) await pause(refusedInARow, signal)
    }
    if (again.length === 0) return answers
    if (tries === TRIES) return giveUp(connection, doing, targets, answers, again[0]!.error, AFTER_TRIES)
    await pause(tries, signal)
    waiting = again.map(({ target }) => target)
  }
}

const AFTER_TRIES = `after ${TRIES} tries: `

/** Writes down what is settled and gives back what is not. */
function settle(
  batch: readonly StoreTarget[],
  outcomes: ReadonlyMap<string, Outcome>,
  answers: Map<string, Settled>,
): { refused: Again; final: { readonly error: unknown } | null } {
  const refused: Again[number][] = []
  let final = null
  for (const target of batch) {
    const outcome = outcomes.get(nameOf(target))!
    switch (outcome.kind) {
      case 'done':
        answers.set(nameOf(target), { done: true })
        break
      case 'refused':
        answers.set(nameOf(target), { done: false, reason: outcome.reason })
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
  doing: string,
  targets: readonly StoreTarget[],
  answers: Map<string, Settled>,
  error: unknown,
  words: string,
): ReadonlyMap<string, Settled> {
  const refusal = refusalOf(error)
  const isSettled = words === '' || (isUnreachable(refusal) && !isTimeout(refusal))
  if (isSettled && ![...answers.values()].some(({ done }) => done)) throw s3Failure(connection, error, doing)
  const reason = words + phraseOf(refusal)
  for (const target of targets)
    if (!answers.has(nameOf(target))) answers.set(nameOf(target), { done: false, reason })
  return answers
}

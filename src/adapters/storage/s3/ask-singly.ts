/** One request per removal or copy, some side by side, for whatever the store does not do in bulk. */
import { TRIES, type Pause } from './patience.ts'
import { nameOf, outcomeOf, type Outcome, type StoreTarget } from './outcome.ts'

/** Requests under way at once while the store does not mind; providers that limit allow 100 to 200 a second. */
const AT_ONCE = 16

/** An outcome for every target, by `nameOf`. Rejects only with the signal's reason, so no answer is lost. */
export type SinglyAsker = (
  targets: readonly StoreTarget[],
  signal: AbortSignal | undefined,
) => Promise<Map<string, Outcome>>

/**
 * Remembers for its lifetime how many requests at once the store bears: half as many after a pass that was refused
 * something, one more after a pass that was not. Every refusal pauses whoever met it; where all are refused the pass
 * ends, and who was not asked is to be asked again.
 */
export function createSinglyAsker(
  askOne: (target: StoreTarget, signal: AbortSignal | undefined) => Promise<void>,
  pause: Pause,
  judge: (error: unknown) => Outcome = outcomeOf,
): SinglyAsker {
  let atOnce = AT_ONCE
  return async (targets, signal) => {
    const outcomes: Outcome[] = []
    const lanes = Math.min(atOnce, targets.length)
    let next = 0
    let refusedInARow = 0
    let refused = false
    let stop: Outcome | null = null

    async function lane(): Promise<void> {
      while (next < targets.length && stop === null) {
        const at = next++
        const outcome = await ask(targets[at]!)
        outcomes[at] = outcome
        if (outcome.kind === 'final') stop = outcome
        if (outcome.kind !== 'again') {
          refusedInARow = 0
          continue
        }
        refused = true
        if (++refusedInARow >= Math.max(TRIES, 2 * lanes)) stop ??= outcome
        else if (next < targets.length) await pause(Math.ceil(refusedInARow / lanes), signal)
      }
    }
    async function ask(target: StoreTarget): Promise<Outcome> {
      try {
        await askOne(target, signal)
        return { kind: 'done' }
      } catch (error) {
        signal?.throwIfAborted()
        return judge(error)
      }
    }

    await Promise.all(Array.from({ length: lanes }, lane))
    atOnce = refused ? Math.max(1, Math.floor(atOnce / 2)) : Math.min(AT_ONCE, atOnce + 1)
    return new Map(targets.map((target, at) => [nameOf(target), outcomes[at] ?? stop!]))
  }
}

/** How long to leave a store alone that asks for it. */
import type { Clock } from '../../../core/ports/runtime.ts'

/** Times one key is asked for before this call gives it up. */
export const TRIES = 8
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 16_000

/** Waits after `refusals` in a row. Rejects with the signal's reason. */
export type Pause = (refusals: number, signal: AbortSignal | undefined) => Promise<void>

/**
 * Half a second, doubled with every refusal up to 16 s, of which chance takes away up to a half, so that several workers
 * do not come back at once. A key that is refused to the end has waited 24 to 48 s.
 */
export function createPause(clock: Clock, chance: () => number): Pause {
  return async (refusals, signal) => {
    const whole = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (refusals - 1))
    await clock.sleep(whole * (1 - chance() / 2), signal)
  }
}

/** The wall clock of this machine; the only place that reads it. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../../core/ports/runtime.ts'

/** Longer pauses than a timer can hold (2^31 ms) are slept in pieces. */
const LONGEST_TIMER_MS = 2_147_483_647

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    signal?.throwIfAborted()
    try {
      for (let left = Math.max(0, ms); ; left -= LONGEST_TIMER_MS) {
        await wait(Math.min(left, LONGEST_TIMER_MS), undefined, signal === undefined ? {} : { signal })
        if (left <= LONGEST_TIMER_MS) return
      }
    } catch (error) {
      // The timer rejects with an error of its own; the port promises the signal's reason.
      signal?.throwIfAborted()
      throw error
    }
  },
}

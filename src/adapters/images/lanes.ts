/** How many pictures are worked on at once: so many in all, and only one heavy one among them. */

export interface Lanes {
  /**
   * Waits for a place, then runs the work; the place is free again when the WORK has ended, also if the caller stopped
   * waiting before. Rejects with the signal's reason when aborted while waiting.
   */
  run<T>(heavy: boolean, work: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

/**
 * An animation takes a hundred times as long as a picture, and the largest pictures take as much memory as all others
 * together: a second one must not hold up everybody else.
 */
export function openLanes(parallel: number): Lanes {
  const all = openGate(parallel)
  const heavyOnes = openGate(1)
  return {
    async run(heavy, work, signal) {
      const leaveHeavy = heavy ? await heavyOnes(signal) : undefined
      try {
        const leave = await all(signal)
        try {
          return await work()
        } finally {
          leave()
        }
      } finally {
        leaveHeavy?.()
      }
    },
  }
}

type Gate = (signal: AbortSignal | undefined) => Promise<() => void>

function openGate(places: number): Gate {
  let free = places
  const waiting = new Set<() => void>()
  const leave = (): void => {
    const [next] = waiting
    if (next === undefined) free++
    else next()
  }
  return async (signal) => {
    signal?.throwIfAborted()
    if (free > 0) {
      free--
      return leave
    }
    await new Promise<void>((resolve, reject) => {
      const abandon = (): void => {
        waiting.delete(enter)
        reject(signal?.reason)
      }
      const enter = (): void => {
        waiting.delete(enter)
        signal?.removeEventListener('abort', abandon)
        resolve()
      }
      waiting.add(enter)
      signal?.addEventListener('abort', abandon, { once: true })
    })
    return leave
  }
}

/** Turns: at most so many at once per host, first come first served. */

export interface Turns {
  /**
   * Waits for a turn at this host and returns the function that gives it back; calling that twice is harmless.
   * Rejects with the signal's reason when aborted while waiting; then no turn was taken.
   */
  take(host: string, signal?: AbortSignal): Promise<() => void>
}

interface Queue {
  taken: number
  readonly waiting: Set<() => void>
}

/** Hosts that nobody visits are forgotten, so that memory follows the work and not the number of hosts ever seen. */
export function openTurns(perHost: number): Turns {
  const queues = new Map<string, Queue>()

  function giveBack(host: string, queue: Queue): void {
    const [next] = queue.waiting
    if (next !== undefined) {
      // The turn is handed on, so `taken` stays.
      queue.waiting.delete(next)
      next()
      return
    }
    queue.taken--
    if (queue.taken === 0) queues.delete(host)
  }

  function once(host: string, queue: Queue): () => void {
    let given = false
    return () => {
      if (given) return
      given = true
      giveBack(host, queue)
    }
  }

  return {
    async take(host, signal) {
      signal?.throwIfAborted()
      const queue = queues.get(host) ?? { taken: 0, waiting: new Set() }
      queues.set(host, queue)
      if (queue.taken < perHost) queue.taken++
      else await waitIn(queue, signal)
      return once(host, queue)
    },
  }
}

function waitIn(queue: Queue, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abandon = (): void => {
      queue.waiting.delete(proceed)
      reject(signal?.reason)
    }
    const proceed = (): void => {
      signal?.removeEventListener('abort', abandon)
      resolve()
    }
    queue.waiting.add(proceed)
    signal?.addEventListener('abort', abandon, { once: true })
  })
}

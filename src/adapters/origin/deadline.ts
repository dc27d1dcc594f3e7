/** One signal that ends when the caller gives up or the time is over, and knows which of the two it was. */

export interface Deadline {
  readonly signal: AbortSignal
  /** The time was over, and the caller had not given up before. */
  expired(): boolean
  /** Removes the timer and the listener; always call it. */
  clear(): void
}

/** Starts the clock. */
export function startDeadline(ms: number, caller: AbortSignal | undefined): Deadline {
  const controller = new AbortController()
  let expired = false
  const giveUp = (): void => controller.abort(caller?.reason)
  const timer = setTimeout(() => {
    expired = !controller.signal.aborted
    controller.abort(new Error('the time is over'))
  }, ms)
  if (caller?.aborted === true) giveUp()
  else caller?.addEventListener('abort', giveUp, { once: true })
  return {
    signal: controller.signal,
    expired: () => expired,
    clear() {
      clearTimeout(timer)
      caller?.removeEventListener('abort', giveUp)
    },
  }
}

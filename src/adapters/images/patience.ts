/** Waiting no longer than allowed for work that cannot be stopped at once. */

/**
 * The work's result, or `late` when the time is over first. Rejects with the signal's reason when aborted.
 * In both cases the work goes on until it ends by itself, and its end is nobody's error.
 */
export function waitAtMost<T, L>(
  work: Promise<T>,
  ms: number,
  late: L,
  signal: AbortSignal | undefined,
): Promise<T | L> {
  return new Promise((resolve, reject) => {
    const abandon = (): void => finish(() => reject(signal?.reason))
    const timer = setTimeout(() => finish(() => resolve(late)), ms)
    const finish = (act: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abandon)
      act()
    }
    work.then(
      (value) => finish(() => resolve(value)),
      (error: unknown) => finish(() => reject(error)),
    )
    if (signal?.aborted === true) abandon()
    else signal?.addEventListener('abort', abandon, { once: true })
  })
}

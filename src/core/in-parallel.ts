/**
 * Works through a stream of pages with a bounded number of items under way, and nothing more in memory than one page.
 *
 * The first error stops the taking of new items, waits for those under way, and is thrown. Aborting does the same with
 * the signal's reason.
 */
export async function inParallel<T>(
  pages: AsyncIterable<readonly T[]> | Iterable<readonly T[]>,
  concurrency: number,
  work: (item: T) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const underWay = new Set<Promise<void>>()
  const failures: unknown[] = []
  const begin = (item: T): void => {
    const task: Promise<void> = work(item)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => underWay.delete(task))
    underWay.add(task)
  }
  try {
    for await (const page of pages) {
      for (const item of page) {
        if (underWay.size >= concurrency) await Promise.race(underWay)
        if (failures.length > 0) throw failures[0]
        signal?.throwIfAborted()
        begin(item)
      }
    }
  } finally {
    await Promise.all(underWay)
  }
  if (failures.length > 0) throw failures[0]
}

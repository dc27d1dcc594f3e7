/** How many at once, and how many may wait. */
export interface HostTurns<T> {
  readonly concurrency: number
  readonly perHost: number
  readonly window: number
  /** Items without a host ('') are bounded by `concurrency` alone. */
  hostOf(item: T): string
}

/**
 * Works through a stream of pages with a bounded number of items under way, and of those a bounded number per host: an
 * item whose host is busy is overtaken by the next one whose host is free, so one slow host never stops the others.
 *
 * Holds at most `window` items that wait. Items of one host keep their order; of several free hosts the one that waits
 * longest is served. The first error stops the taking of new items, waits for those under way, and is thrown. Aborting
 * does the same with the signal's reason.
 */
export async function byHost<T>(
  pages: AsyncIterable<readonly T[]>,
  turns: HostTurns<T>,
  work: (item: T) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const schedule = new Schedule<T>(turns)
  const failures: unknown[] = []
  const underWay = new Set<Promise<void>>()
  const start = (): void => {
    while (failures.length === 0 && signal?.aborted !== true) {
      const next = schedule.take()
      if (next === undefined) return
      const task: Promise<void> = work(next.item)
        .catch((error: unknown) => void failures.push(error))
        .finally(() => {
          underWay.delete(task)
          schedule.giveBack(next.host)
          start()
        })
      underWay.add(task)
    }
  }
  const stopped = (): boolean => failures.length > 0 || signal?.aborted === true
  try {
    for await (const page of pages) {
      for (const item of page) {
        while (schedule.waiting >= turns.window && !stopped()) await Promise.race(underWay)
        if (stopped()) break
        schedule.add(item)
        start()
      }
      if (stopped()) break
    }
    while (underWay.size > 0 && !stopped()) await Promise.race(underWay)
  } finally {
    while (underWay.size > 0) await Promise.all(underWay)
  }
  if (failures.length > 0) throw failures[0]
  signal?.throwIfAborted()
}

interface Line<T> {
  readonly waiting: T[]
  taken: number
}

/** Who may go next. Hosts that nobody waits for or visits are forgotten. */
class Schedule<T> {
  readonly #turns: HostTurns<T>
  readonly #lines = new Map<string, Line<T>>()
  /** Hosts with a waiting item and a free turn, longest waiting first. */
  readonly #ready = new Set<string>()
  #taken = 0
  waiting = 0

  constructor(turns: HostTurns<T>) {
    this.#turns = turns
  }

  add(item: T): void {
    const host = this.#turns.hostOf(item)
    const line = this.#lines.get(host) ?? { waiting: [], taken: 0 }
    this.#lines.set(host, line)
    line.waiting.push(item)
    this.waiting++
    if (this.#free(host, line)) this.#ready.add(host)
  }

  take(): { readonly item: T; readonly host: string } | undefined {
    if (this.#taken >= this.#turns.concurrency) return undefined
    const [host] = this.#ready
    const line = host === undefined ? undefined : this.#lines.get(host)
    const item = line?.waiting.shift()
    if (host === undefined || line === undefined || item === undefined) return undefined
    this.#ready.delete(host)
    line.taken++
    this.#taken++
    this.waiting--
    // Behind the others, so that many hosts share what few turns there are.
    if (line.waiting.length > 0 && this.#free(host, line)) this.#ready.add(host)
    return { item, host }
  }

  giveBack(host: string): void {
    const line = this.#lines.get(host)
    if (line === undefined) return
    line.taken--
    this.#taken--
    if (line.waiting.length > 0) this.#ready.add(host)
    else if (line.taken === 0) this.#lines.delete(host)
  }

  #free(host: string, line: Line<T>): boolean {
    return host === '' || line.taken < this.#turns.perHost
  }
}

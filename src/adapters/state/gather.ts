/** Work that may wait a little: gathered until there is enough of it, or some time has passed, then done together. */
import type { Clock } from '../../core/ports/runtime.ts'

export interface Gatherer<Thing> {
  /** Waits only while a full batch is under way. @throws what an earlier batch ended with */
  add(thing: Thing): Promise<void>
  /** Everything added is done. @throws what a batch ended with; its things are kept for the next flush */
  flush(): Promise<void>
}

/** One batch at a time is under way. */
export function gather<Thing>(
  limits: { readonly most: number; readonly patienceMs: number; readonly clock: Clock },
  work: (things: readonly Thing[]) => Promise<void>,
): Gatherer<Thing> {
  let waiting: Thing[] = []
  let pause: AbortController | null = null
  let working = Promise.resolve()
  let failure: { readonly error: unknown } | null = null

  /** Never rejects. */
  function send(): Promise<void> {
    pause?.abort()
    pause = null
    const things = waiting
    waiting = []
    if (things.length === 0) return working
    working = working
      .then(() => work(things))
      .catch((error: unknown) => {
        waiting = [...things, ...waiting]
        failure = { error }
      })
    return working
  }

  /** Never rejects. */
  async function sendLater(): Promise<void> {
    const mine = (pause = new AbortController())
    try {
      await limits.clock.sleep(limits.patienceMs, mine.signal)
    } catch {
      return // it was sent meanwhile
    }
    await send()
  }

  function throwFailure(): void {
    const failed = failure
    failure = null
    if (failed !== null) throw failed.error
  }

  return {
    async add(thing) {
      throwFailure()
      waiting.push(thing)
      if (waiting.length >= limits.most) await send()
      else if (pause === null) void sendLater()
      throwFailure()
    },
    async flush() {
      await send()
      throwFailure()
    },
  }
}

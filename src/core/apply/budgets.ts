/** How far one process may go: files, bytes, time, the hours of Mastodon's own vacuum, a person's wish, and how fast. */
import { isVacuumHour } from '../plan/safety.ts'
import type { Clock, OtherWork } from '../ports/runtime.ts'
import type { CallOptions } from '../ports/storage.ts'
import type { ApplyBudget, ApplyEnd } from './apply-request.ts'

/** Asked before each batch; what a batch takes is taken off at once, and given back where it did not take effect. */
export class Budgets {
  readonly #budget: ApplyBudget
  readonly #clock: Clock
  readonly #otherWork: Pick<OtherWork, 'localHour'>
  readonly #duringVacuum: boolean
  readonly #interrupted: AbortSignal | undefined
  readonly #startedAtMs: number
  #files = 0
  #bytes = 0
  /** What the clock said last, and by how much it was set back since the beginning. */
  #clockMs: number
  #setBackMs = 0
  /** When the next request may be made. */
  #nextRequestMs = 0
  readonly #requestsMade: () => number
  /** Requests that time was taken for, and those made before any. */
  #requestsPaced: number

  constructor(
    budget: ApplyBudget,
    ports: { readonly clock: Clock; readonly otherWork: Pick<OtherWork, 'localHour'> },
    options: {
      readonly duringVacuum: boolean
      readonly interrupted: AbortSignal | undefined
      /** All that the store was asked so far, by its own count. */
      readonly requestsMade?: () => number
    },
  ) {
    this.#requestsMade = options.requestsMade ?? (() => 0)
    this.#requestsPaced = this.#requestsMade()
    this.#budget = budget
    this.#clock = ports.clock
    this.#otherWork = ports.otherWork
    this.#duringVacuum = options.duringVacuum
    this.#interrupted = options.interrupted
    this.#startedAtMs = ports.clock.now()
    this.#clockMs = this.#startedAtMs
  }

  /** Why no further batch may begin; null if one may. */
  end(): ApplyEnd | null {
    const { maxFiles, maxBytes, maxDurationMs } = this.#budget
    if (this.#interrupted?.aborted === true) return 'interrupted'
    if (maxDurationMs !== null && this.#steadyMs() - this.#startedAtMs >= maxDurationMs) return 'duration'
    if (!this.#duringVacuum && isVacuumHour(this.#otherWork.localHour(this.#clock.now()))) return 'vacuum'
    if (maxFiles !== null && this.#files >= maxFiles) return 'files'
    return maxBytes !== null && this.#bytes >= maxBytes ? 'bytes' : null
  }

  /**
   * The beginning of a batch that fits into what is left, and takes it from there. Never cuts an item; the first always fits
   * while anything is left of the bytes.
   */
  take<Item>(
    items: readonly Item[],
    sizeOf: (item: Item) => { readonly files: number; readonly bytes: number },
  ): readonly Item[] {
    const { maxFiles, maxBytes } = this.#budget
    let count = 0
    for (const item of items) {
      const { files, bytes } = sizeOf(item)
      if (maxFiles !== null && this.#files + files > maxFiles) break
      if (maxBytes !== null && this.#bytes >= maxBytes) break
      this.#files += files
      this.#bytes += bytes
      count++
    }
    return count === items.length ? items : items.slice(0, count)
  }

  /** Why an item that `take` left, with so many files, was left. */
  endBefore(files: number): ApplyEnd {
    const { maxFiles } = this.#budget
    // What ended it was given back since.
    if (maxFiles === null) return this.end() ?? 'bytes'
    return this.end() ?? (files > maxFiles ? 'row' : 'files')
  }

  /** Taken, and then left alone after all. */
  giveBack(files: number, bytes: number): void {
    this.#files -= files
    this.#bytes -= bytes
  }

  /**
   * Waits until so many requests more may be made, at the least: what a store without bulk removal, listings and further
   * attempts took beyond what was said before is waited for now.
   */
  async pace(requests: number, options: CallOptions): Promise<void> {
    const { requestsPerSecond } = this.#budget
    if (requestsPerSecond === null || requests === 0) return
    const now = this.#steadyMs()
    const unforeseen = Math.max(0, this.#requestsMade() - this.#requestsPaced)
    this.#requestsPaced += unforeseen + requests
    if (unforeseen > 0) this.#nextRequestMs += (unforeseen / requestsPerSecond) * 1000
    const waitMs = this.#nextRequestMs - now
    this.#nextRequestMs = Math.max(now, this.#nextRequestMs) + (requests / requestsPerSecond) * 1000
    if (waitMs > 0) await this.#clock.sleep(waitMs, options.signal)
  }

  /** The time of a clock that nobody sets back. */
  #steadyMs(): number {
    const now = this.#clock.now()
    this.#setBackMs += Math.max(0, this.#clockMs - now)
    this.#clockMs = now
    return now + this.#setBackMs
  }
}

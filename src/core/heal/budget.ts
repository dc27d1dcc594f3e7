/** How much a run may do: pictures tried, time, bytes fetched. */
import type { Clock } from '../ports/runtime.ts'

export interface HealBudget {
  /** Pictures to try; those that are fine or left alone cost nothing. */
  readonly limit: number | null
  readonly maxDurationMs: number | null
  /** Bytes fetched from origins; the pictures under way when it is reached are finished. */
  readonly maxBytes: number | null
}

export type BudgetEnd = 'limit' | 'duration' | 'bytes'

/** Asked before each try. */
export class Budget {
  readonly #budget: HealBudget
  readonly #clock: Clock
  readonly #startedAtMs: number
  #tried = 0
  #bytes = 0

  constructor(budget: HealBudget, clock: Clock) {
    this.#budget = budget
    this.#clock = clock
    this.#startedAtMs = clock.now()
  }

  /** Takes one try out of the budget; says what is used up if there is none left. */
  take(): BudgetEnd | null {
    const end = this.end()
    if (end !== null) return end
    if (this.#budget.limit !== null && this.#tried >= this.#budget.limit) return 'limit'
    this.#tried++
    return null
  }

  fetched(bytes: number): void {
    this.#bytes += bytes
  }

  get bytesFetched(): number {
    return this.#bytes
  }

  /** Of the time allowed; null if there is no limit. */
  leftMs(): number | null {
    const { maxDurationMs } = this.#budget
    return maxDurationMs === null ? null : Math.max(0, this.#startedAtMs + maxDurationMs - this.#clock.now())
  }

  /** What time and bytes say; the number of tries is `take`'s. */
  end(): BudgetEnd | null {
    const { maxDurationMs, maxBytes } = this.#budget
    if (maxDurationMs !== null && this.#clock.now() - this.#startedAtMs >= maxDurationMs) return 'duration'
    return maxBytes !== null && this.#bytes >= maxBytes ? 'bytes' : null
  }
}

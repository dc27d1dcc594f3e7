/** How many keys one bulk removal asks for: as many as the store answers in time. */

/** A batch is not cut below this: a store that is too slow for so few is not helped by fewer. */
const SMALLEST_BATCH = 50
/** Whole batches answered in time before a larger one is dared: a time-out costs minutes, a small batch little. */
const ANSWERED_BEFORE_GROWTH = 10

export interface BatchSize {
  now(): number
  /** True if the batch was cut: its keys are to be asked for again in smaller parts. */
  tookTooLong(keys: number): boolean
  answered(keys: number): void
}

/** Halves with every time-out, grows by a tenth after ten whole batches; never above `largest`. */
export function createBatchSize(largest: number): BatchSize {
  const smallest = Math.min(SMALLEST_BATCH, largest)
  let size = largest
  let answeredInARow = 0
  return {
    now: () => size,
    tookTooLong(keys) {
      answeredInARow = 0
      if (keys <= smallest) return false
      size = Math.max(smallest, Math.floor(Math.min(size, keys) / 2))
      return true
    },
    answered(keys) {
      if (keys < size || size === largest) return
      if (++answeredInARow < ANSWERED_BEFORE_GROWTH) return
      answeredInARow = 0
      size = Math.min(largest, Math.ceil(size * 1.1))
    },
  }
}

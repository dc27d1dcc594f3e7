/** Reads a stream of batches item by item without a promise per item. */
export class Cursor<T> {
  readonly #batches: AsyncIterator<readonly T[]>
  #batch: readonly T[] = []
  #at = 0
  #ended = false

  constructor(batches: AsyncIterable<readonly T[]>) {
    this.#batches = batches[Symbol.asyncIterator]()
  }

  /** The item under the cursor; undefined when a new batch is needed or the stream has ended. */
  get item(): T | undefined {
    return this.#batch[this.#at]
  }

  /** A new batch is due. */
  get wanting(): boolean {
    return !this.#ended && this.#at >= this.#batch.length
  }

  /** Moves to the next item of the batch; then `item` may be undefined and `load` is due. */
  step(): void {
    this.#at++
  }

  /** Fetches batches until one has an item. False when the stream has ended. */
  async load(): Promise<boolean> {
    while (!this.#ended && this.#at >= this.#batch.length) {
      const next = await this.#batches.next()
      if (next.done === true) {
        this.#ended = true
        this.#batch = []
      } else {
        this.#batch = next.value
      }
      this.#at = 0
    }
    return !this.#ended
  }

  /** Ends the stream early, so that its source can let go of what it holds. */
  async close(): Promise<void> {
    this.#ended = true
    this.#batch = []
    await this.#batches.return?.()
  }
}

/** Some items of a stream of unknown length, at equal distances: twice the number wanted is held, and half let go when full. */
export class EvenSample<Item> {
  readonly #count: number
  #kept: Item[] = []
  #every = 1
  #offered = 0

  /** @param count at most so many are given in the end */
  constructor(count: number) {
    this.#count = count
  }

  offer(item: Item): void {
    if (this.#offered++ % this.#every !== 0) return
    this.#kept.push(item)
    if (this.#kept.length < this.#count * 2) return
    this.#kept = this.#kept.filter((_, i) => i % 2 === 0)
    this.#every *= 2
  }

  /** In the order of the stream. */
  items(): readonly Item[] {
    return spread(this.#kept, this.#count)
  }
}

/** At most `count` of the items, at equal distances, so that they stand for the whole; all if they are no more. */
export function spread<Item>(items: readonly Item[], count: number): readonly Item[] {
  if (items.length <= count) return items
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!)
}

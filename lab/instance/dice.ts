/**
 * Chance that can be asked for at any place: the same seed, subject and number always give the same row,
 * so an instance of any size is a function and need not be kept in memory.
 */

/** A short stream of random numbers (splitmix32); make one per row. */
export class Dice {
  #state: number

  constructor(seed: number, subject: number, index: number) {
    this.#state = mixed(mixed(seed ^ subject) + Math.imul(index + 1, 0x9e3779b1))
  }

  /** 0 to 2^32 - 1. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    return mixed(this.#state) >>> 0
  }

  /** At least 0, below 1. */
  fraction(): number {
    return this.next() / 0x1_0000_0000
  }

  /** A whole number below `bound`. */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound)
  }

  /** True in about `share` of all cases. */
  chance(share: number): boolean {
    return this.fraction() < share
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new Error('Nothing to pick from')
    return item
  }

  /** Sixteen lower-case hex digits, as `SecureRandom.hex(8)` gives them. */
  hex16(): string {
    return hex8(this.next()) + hex8(this.next())
  }

  /** Between the two, small values as likely as large ones: half of the results lie below the geometric mean. */
  spread(from: number, to: number): number {
    return from * (to / from) ** this.fraction()
  }
}

/** A number for a word, to keep the streams of different subjects apart (FNV-1a). */
export function subjectOf(word: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193)
  return hash >>> 0
}

function mixed(value: number): number {
  let word = value | 0
  word = Math.imul(word ^ (word >>> 16), 0x21f0aaad)
  word = Math.imul(word ^ (word >>> 15), 0x735a2d97)
  return word ^ (word >>> 15)
}

function hex8(value: number): string {
  return value.toString(16).padStart(8, '0')
}

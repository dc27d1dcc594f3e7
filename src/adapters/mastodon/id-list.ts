/** Account ids in numbers too large for arrays of strings: eight bytes each. */

/** Ids below this are none: where a walk upwards begins. */
export const BEFORE_ALL_IDS = '-9223372036854775808'
/** Ids above this are none: where a walk downwards begins. */
export const AFTER_ALL_IDS = '9223372036854775807'

/** Collects ids in any order, any of them more than once. */
export class IdList {
  #ids = new BigInt64Array(1_024)
  #length = 0
  /** Above this it is worth looking for repetitions before taking more room. */
  #settleAt = 1 << 16

  /** How many were added, repetitions that were not found yet included. */
  get length(): number {
    return this.#length
  }

  add(id: string): void {
    if (this.#length === this.#settleAt) {
      this.#settle()
      this.#settleAt = Math.max(this.#settleAt, this.#length * 2)
    }
    if (this.#length === this.#ids.length) {
      const larger = new BigInt64Array(this.#length * 2)
      larger.set(this.#ids)
      this.#ids = larger
    }
    this.#ids[this.#length++] = BigInt(id)
  }

  /** Every id once, ascending. */
  sorted(): BigInt64Array {
    this.#settle()
    return this.#ids.slice(0, this.#length)
  }

  #settle(): void {
    const ids = this.#ids.subarray(0, this.#length).sort()
    let kept = 0
    for (let at = 0; at < ids.length; at++) {
      if (at > 0 && ids[at] === ids[kept - 1]) continue
      ids[kept++] = ids[at] as bigint
    }
    this.#length = kept
  }
}

/** Is the id in the ascending list? */
export function holds(sorted: BigInt64Array, id: bigint): boolean {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as bigint) < id) low = middle + 1
    else high = middle
  }
  return low < sorted.length && sorted[low] === id
}

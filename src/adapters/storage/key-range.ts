/** Which keys, and which whole prefixes, a range of a listing holds. */
import { compareKeys } from '../../core/model/key-order.ts'
import type { KeyRange } from '../../core/ports/storage.ts'

/** In byte order, `after` excluded, `through` included. */
export function rangeHolds(range: KeyRange, key: string): boolean {
  return (
    (range.after === '' || compareKeys(key, range.after) > 0) &&
    (range.through === null || compareKeys(key, range.through) <= 0)
  )
}

/**
 * False if no key that starts with `prefix` can lie in the range. Every such key is longer than the prefix, so a
 * prefix equal to `through` lies behind it.
 */
export function rangeTouches(range: KeyRange, prefix: string): boolean {
  if (range.through !== null && compareKeys(prefix, range.through) >= 0) return false
  return range.after === '' || range.after.startsWith(prefix) || compareKeys(prefix, range.after) > 0
}

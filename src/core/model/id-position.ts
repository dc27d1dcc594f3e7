/**
 * Where an id lies among the folders of a kind, as one number: its first three groups of three digits (0 to 999,999,999).
 *
 * Every folder of three or more groups has such a position, and folders sort by it, so a range of positions is a range
 * of keys *and* a few ranges of ids, one per id length. That is what lets rows and listing be cut at the same places.
 */
import { idPartition, type IdRange } from './storage-key.ts'

export const LAST_POSITION = 999_999_999

/** Negative ids have two groups (`000/000/original/…`) and sort after everything in `000/000/ddd/`. */
export function idPosition(id: string): number {
  const groups = idPartition(id).split('/')
  return Number(groups.length < 3 ? `${groups.join('')}999` : groups.slice(0, 3).join(''))
}

/** A position as folders: `109/876/543`. */
export function positionFolders(position: number): string {
  const digits = String(position).padStart(9, '0')
  return `${digits.slice(0, 3)}/${digits.slice(3, 6)}/${digits.slice(6)}`
}

const MAX_ID = 2n ** 63n - 1n

/**
 * The ids whose folders lie in the positions from `from` through `to`, one range per way of cutting an id into groups.
 * Within one range, ids ascend as their folders do (negative ids: their absolute values ascend).
 */
export function idRangesOf(from: number, to: number): readonly IdRange[] {
  const [first, last] = [BigInt(from), BigInt(to)]
  const ranges: IdRange[] = [
    negativeRange(from, to),
    { from: first, to: last },
    overlap({ from: first * 1000n, to: last * 1000n + 999n }, 10n ** 9n, 10n ** 12n - 1n),
  ]
  for (let digits = 13; digits <= 19; digits++) {
    const unit = 10n ** BigInt(digits - 9)
    const largest = 10n ** BigInt(digits) - 1n
    ranges.push(
      overlap(
        { from: first * unit, to: (last + 1n) * unit - 1n },
        10n ** BigInt(digits - 1),
        largest < MAX_ID ? largest : MAX_ID,
      ),
    )
  }
  return ranges.filter((range) => range.from <= range.to)
}

function overlap(range: IdRange, least: bigint, most: bigint): IdRange {
  return { from: range.from > least ? range.from : least, to: range.to < most ? range.to : most }
}

/** -99 is padded to `-00000099`: two groups, and two digits that belong to no folder. */
function negativeRange(from: number, to: number): IdRange {
  const firstGroup = BigInt(Math.max(0, Math.ceil((from - 999) / 1000)))
  const lastGroup = BigInt(Math.floor((to - 999) / 1000))
  const most = lastGroup * 100n + 99n
  const least = firstGroup === 0n ? 1n : firstGroup * 100n
  return { from: -most, to: -least }
}

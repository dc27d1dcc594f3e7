/** Every sort of picture, cut off at many places. */
import type { HostilePicture } from './hostile-picture.ts'
import { SORTS, wholePicture } from './whole-pictures.ts'
import type { Sort } from './whole-pictures.ts'

/** What is left of it, of its length. */
const SHARES = [0.05, 0.2, 0.5, 0.8, 0.95, 0.99]

export function cutOff(seed: number): readonly HostilePicture[] {
  const cut = (sort: Sort, name: string, left: (length: number) => number): HostilePicture => ({
    name: `${sort} cut off ${name}`,
    bytes: async () => {
      const bytes = await wholePicture(seed, sort)
      return bytes.subarray(0, Math.max(16, Math.floor(left(bytes.length))))
    },
    expect: ['broken'],
  })
  return SORTS.flatMap((sort) => [
    cut(sort, 'after its signature', () => 16),
    ...SHARES.map((share) => cut(sort, `at ${share * 100} %`, (length) => length * share)),
    cut(sort, 'three bytes before its end', (length) => length - 3),
  ])
}

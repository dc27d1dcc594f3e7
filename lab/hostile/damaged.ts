/** Every sort of picture with bits turned over by chance: in its header, its middle, its end, and everywhere. */
import { Dice, subjectOf } from '../instance/dice.ts'
import { ANY_END } from './hostile-picture.ts'
import type { HostilePicture } from './hostile-picture.ts'
import { SORTS, wholePicture } from './whole-pictures.ts'

/** Which part of it is hit, of its length, and by how many bits. */
const REGIONS = [
  { name: 'its first bytes', from: 0, to: 0.02, bits: 2 },
  { name: 'its header', from: 0.002, to: 0.06, bits: 4 },
  { name: 'its tables', from: 0.01, to: 0.15, bits: 8 },
  { name: 'its middle', from: 0.3, to: 0.7, bits: 3 },
  { name: 'its end', from: 0.9, to: 1, bits: 3 },
  { name: 'all places', from: 0, to: 1, bits: 40 },
] as const

export function damaged(seed: number): readonly HostilePicture[] {
  return SORTS.flatMap((sort) =>
    REGIONS.map(({ name, from, to, bits }) => ({
      name: `${sort} with bits turned over in ${name}`,
      bytes: async () => {
        const bytes = await wholePicture(seed, sort)
        const dice = new Dice(seed, subjectOf(`${sort} ${name}`), 0)
        const start = Math.floor(bytes.length * from)
        const length = Math.max(1, Math.floor(bytes.length * to) - start)
        for (let hit = 0; hit < bits; hit++) {
          const at = start + dice.below(length)
          bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8))
        }
        return bytes
      },
      expect: ANY_END,
    })),
  )
}

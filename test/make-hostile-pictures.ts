/**
 * A process of its own that makes every hostile picture by the recipes of avatars, attachments and emoji, and tells how each
 * ended. Argument: the seed. On stdout one JSON object a line, the last one with the peak of memory.
 */
import { argv, stdout } from 'node:process'
import { peakMemory } from '../bench/measure/peak-memory.ts'
import { hostilePictures } from '../lab/hostile/hostile-pictures.ts'
import { openImageMaker } from '../src/adapters/images/open-image-maker.ts'
import { recipeOf } from '../src/core/heal/mend/recipes.ts'
import type { ImageOutcome } from '../src/core/ports/images.ts'

/** Pictures underway at once; more than the maker works on, so that some wait. */
const UNDERWAY = 3

export const HOSTILE_KINDS = ['avatar', 'attachment', 'emoji'] as const

export interface HostileEnding {
  readonly name: string
  readonly kind: (typeof HOSTILE_KINDS)[number]
  /** The first three bytes, as Latin-1: enough to know a GIF and a JPEG by. */
  readonly start: string
  readonly outcome: ImageOutcome['kind'] | 'threw'
  readonly detail: string
  /** From asking until the outcome, waiting included. */
  readonly ms: number
}

if (import.meta.main) {
  const maker = openImageMaker({ parallel: 2 })
  const waiting = hostilePictures(Number(argv[2])).values()
  const tell = (line: object): boolean => stdout.write(`${JSON.stringify(line)}\n`)
  const work = async (): Promise<void> => {
    for (const { name, bytes } of waiting) {
      const built = await bytes()
      const start = Buffer.from(built.subarray(0, 3)).toString('latin1')
      for (const kind of HOSTILE_KINDS) {
        const started = performance.now()
        const [outcome, detail] = await maker.make(built, recipeOf(kind)).then(
          (made): [ImageOutcome['kind'], string] => [made.kind, made.kind === 'broken' ? made.reason : ''],
          (error: unknown): ['threw', string] => ['threw', String(error)],
        )
        tell({ name, kind, start, outcome, detail, ms: performance.now() - started } satisfies HostileEnding)
      }
    }
  }
  await Promise.all(Array.from({ length: UNDERWAY }, work))
  tell({ peakBytes: peakMemory() })
}

import type { Figure } from '../measure/figure.ts'
import type { Stage } from '../stage/stage.ts'

/** One benchmark: builds what it needs on the stage, measures, and says what it saw. */
export interface Benchmark {
  /** `npm run bench -- NAME`. */
  readonly name: string
  /** What is promised, in one line. */
  readonly title: string
  run(stage: Stage): Promise<Outcome>
}

export interface Outcome {
  readonly figures: readonly Figure[]
  /** What the figures came from, for people: one line each. */
  readonly details: readonly string[]
}

import { KnownError } from '../core/errors.ts'
import { maskUrls } from './secret.ts'

/** One thing that is wrong with the configuration. Sentences carry no full stop and never a secret. */
export interface Problem {
  /** The variable, `section.setting` of cornac.yaml or option concerned; null if it is about a file as a whole. */
  readonly setting: string | null
  /** Where a person can change it: `/home/mastodon/live/.env.production:12`, `cornac.yaml:3:5`, `the environment`. */
  readonly place: string
  readonly what: string
  readonly remedy: string
}

/** Everything that is wrong with the configuration, at once. Exit category `usage`; code `configuration`. */
export class ConfigError extends KnownError {
  readonly problems: readonly Problem[]

  constructor(found: readonly Problem[]) {
    const problems = found.map(masked)
    const [first] = problems
    super(
      first !== undefined && problems.length === 1
        ? { ...KIND, what: `${first.place}: ${first.what}`, remedy: first.remedy }
        : {
            ...KIND,
            what: `The configuration has ${problems.length} problems`,
            remedy: problems
              .map((problem, i) => `(${i + 1}) ${problem.place}: ${problem.what}. ${problem.remedy}`)
              .join('. '),
          },
    )
    this.name = 'ConfigError'
    this.problems = problems
  }
}

const KIND = { code: 'configuration', category: 'usage' } as const

function masked(problem: Problem): Problem {
  return {
    setting: problem.setting === null ? null : maskUrls(problem.setting),
    place: problem.place,
    what: maskUrls(problem.what),
    remedy: maskUrls(problem.remedy),
  }
}

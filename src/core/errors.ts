/**
 * Errors that stop the work. Each says what happened, to which thing, and what to do next; each keeps its cause.
 * Expected outcomes (an origin's 410, a row that changed) are values, not errors.
 */

/**
 * Who has to act decides the exit code: the command line and settings, the world, nobody but who holds the lease, or whoever may
 * say that a cap does not hold.
 */
export type ErrorCategory = 'usage' | 'failure' | 'leased' | 'capped'

export interface KnownErrorParts {
  /** Stable name for scripts: `database-unreachable`. */
  readonly code: string
  /** What happened, to which thing. One sentence without a full stop at the end. */
  readonly what: string
  /** What to do next. One sentence without a full stop at the end. */
  readonly remedy: string
  readonly category?: ErrorCategory
  readonly cause?: unknown
}

/** An error a person can act on: printed as a sentence, without a stack. Everything else is a defect and prints one. */
export class KnownError extends Error {
  readonly code: string
  readonly what: string
  readonly remedy: string
  readonly category: ErrorCategory

  constructor(parts: KnownErrorParts) {
    super(`${parts.what}. ${parts.remedy}.`, { cause: parts.cause })
    this.name = 'KnownError'
    this.code = parts.code
    this.what = parts.what
    this.remedy = parts.remedy
    this.category = parts.category ?? 'failure'
  }
}

/** The two sources of a scan contradict what they promised (order, range, page size): nothing after this can be trusted. */
export class SourceDisagreement extends KnownError {
  constructor(parts: Omit<KnownErrorParts, 'category'>) {
    super(parts)
    this.name = 'SourceDisagreement'
  }
}

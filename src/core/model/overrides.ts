/** What one run may set aside of the guards, and who has looked at its plan. Typed for this run, never read from a file. */
import type { Kind } from './media.ts'

export interface Overrides {
  readonly duringVacuum: boolean
  readonly besideTootctl: boolean
  /** Shares of a kind (0 to 1) that this run may let go of. */
  readonly shares: Readonly<Partial<Record<Kind, number>>>
}

/** Every guard stands. */
export const NO_OVERRIDES: Overrides = { duringVacuum: false, besideTootctl: false, shares: {} }

/**
 * `person`: somebody has seen the stored plan and named it. `at-once`: the command that made the plan applies it, as from
 * cron; then caps stop what nobody has looked at.
 */
export type Confirmation = 'person' | 'at-once'

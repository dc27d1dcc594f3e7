/** What the gate is asked with, and what it answers. */
import type { ErrorCategory } from '../errors.ts'
import type { CanaryLook } from '../model/canary.ts'
import type { Kind } from '../model/media.ts'
import type { Confirmation, Overrides } from '../model/overrides.ts'
import type { PruneTotals } from '../model/prune-candidate.ts'

/** How things are at this moment. */
export interface GateFacts {
  /** Which server and storage this is, as in the plan. */
  readonly instance: string
  readonly nowMs: number
  /** 0 up to 24, with its fraction. */
  readonly localHour: number
  /** Command lines of tootctl at work. */
  readonly tootctl: readonly string[]
  readonly schemaVersion: string
  readonly readOnlyBecause: string | null
  readonly canary: CanaryLook
  /** What the plan would let go of now, besides what its run has let go of; null if that is not counted anew. */
  readonly totals: Pick<PruneTotals, 'files' | 'byKind'> | null
  /** Files of each kind that remote rows name now; a kind that is absent was not counted. */
  readonly named: Readonly<Partial<Record<Kind, number>>>
  /** What the plan's run has let go of so far, kind by kind; null if it has not begun. */
  readonly begun: PruneTotals['byKind'] | null
}

export interface GateRequest {
  readonly overrides: Overrides
  readonly confirmed: Confirmation
}

/** Why not, in the parts of a KnownError. */
export interface Refusal {
  readonly code: string
  readonly what: string
  readonly remedy: string
  readonly category: ErrorCategory
}

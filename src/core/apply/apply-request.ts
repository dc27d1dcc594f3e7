/** What an apply is asked, and what it answers: the words between the doors and the engine. */
import type { Confirmation, Overrides } from '../model/overrides.ts'
import type { Plan } from '../model/plan.ts'
import type { Run } from '../model/run.ts'
import type { QuarantinesEmptied } from './empty-quarantine.ts'

/** How much one process may do; null for no limit. The batch under way when one is reached is finished. */
export interface ApplyBudget {
  readonly maxFiles: number | null
  /** Stated bytes of originals; for orphans, bytes of objects. */
  readonly maxBytes: number | null
  readonly maxDurationMs: number | null
  /** Requests to the store that remove, copy or list. */
  readonly requestsPerSecond: number | null
}

export interface ApplyRequest {
  /** Names database and storage, without secrets; must be the plan's. */
  readonly instance: string
  readonly plan: Plan
  readonly budget: ApplyBudget
  readonly overrides: Overrides
  readonly confirmed: Confirmation
}

/** Why a run ended before its plan did; `row`: the next row alone has more files than one process may let go of. */
export type ApplyEnd = 'files' | 'row' | 'bytes' | 'duration' | 'vacuum' | 'refused' | 'interrupted'

/** What killed runs had left half done. */
export interface RecoveredBatches {
  readonly batches: number
  /** Objects of them that were removed or moved now. */
  readonly objects: number
  /** Batches that stay open because storage refuses. */
  readonly open: number
}

/** A look at some of what was done: rows and storage say so too. */
export interface Verified {
  /** Keys of which storage said whether they are there. */
  readonly looked: number
  /** Keys still there although storage said they are gone. */
  readonly stillThere: readonly string[]
}

export interface ApplyResult {
  /** With its counts over all its processes. */
  readonly run: Run
  /** Null if everything of the plan was seen. */
  readonly stopped: ApplyEnd | null
  readonly recovered: RecoveredBatches
  readonly verified: Verified
  /** Of earlier runs whose quarantine was over. */
  readonly quarantine: QuarantinesEmptied
  /** Of this process. */
  readonly files: number
  readonly seconds: number
  /** Requests to the store by this process. */
  readonly requests: number
}

/** What came of taking a run back. */
export interface UndoResult {
  readonly run: Run
  /** Files whose rows name them again: their objects were there, in quarantine, or an earlier version of the bucket. */
  readonly restored: {
    readonly inPlace: number
    readonly fromQuarantine: number
    readonly fromVersion: number
  }
  /** Files brought back from their origins. */
  readonly healed: number
  /** Files that needed nothing: an undo before this one had brought them back, or the run had not come to them. */
  readonly already: number
  /** Files whose rows name something newer, or are gone: left alone. */
  readonly changed: number
  /** Files that could not be brought back now; `cornac heal` goes on with them. */
  readonly lost: number
  /**
   * Files that storage would neither confirm nor deny, or not give back, or whose rows somebody held all the time: the run stays
   * `undoing`, and the next undo asks again.
   */
  readonly unanswered: number
  /** Null if everything of the run was seen. */
  readonly stopped: 'duration' | 'interrupted' | null
  readonly seconds: number
}

export type { Confirmation, Overrides }

/** A run: one plan being applied, over as many processes as it takes, and what its journal holds. */
import type { Kind } from './media.ts'
import type { Quarantine } from './own-keys.ts'
import type { PlanVerb } from './plan.ts'
import type { PruneCandidate } from './prune-candidate.ts'
import type { Tally } from './tally.ts'

/**
 * `running`: a process works on it, or one died over it. `stopped`: it can go on. `done`: everything of its plan was seen.
 * `undoing`: an undo began and has not come to its end. `undone`: taken back as far as that was possible.
 */
export type RunState = 'running' | 'stopped' | 'done' | 'undoing' | 'undone'

/** What a run has done so far, over all its processes. */
export interface RunCounts {
  /** Rows that name less than before. */
  readonly rows: number
  /** Files let go, and the stated bytes of their originals; for orphans, objects and their bytes. */
  readonly files: Readonly<Tally>
  readonly byKind: Readonly<Partial<Record<Kind, Readonly<Tally>>>>
  /** Objects that storage says are gone. */
  readonly objectsRemoved: number
  /** Objects moved to quarantine. */
  readonly objectsMoved: number
  /** Items that had become live, or were being changed, when their turn came: left alone. */
  readonly changed: number
  /** Objects that storage would not remove or move; the journal knows them. */
  readonly refused: number
}

/** Of a run that has just begun. */
export const NOTHING_DONE: RunCounts = {
  rows: 0,
  files: { count: 0, bytes: 0 },
  byKind: {},
  objectsRemoved: 0,
  objectsMoved: 0,
  changed: 0,
  refused: 0,
}

/** The id of the run of a plan: one plan has one run. */
export function runOf(planId: string): string {
  return `run-${planId}`
}

export interface Run {
  /** As `runOf` makes it of its plan's. */
  readonly id: string
  readonly planId: string
  readonly verb: PlanVerb
  readonly instance: string
  readonly state: RunState
  readonly startedAtMs: number
  readonly endedAtMs: number | null
  /** Processes that worked on it. */
  readonly attempts: number
  /** Where the next batch begins; null from the start. Only the step that wrote it reads it. */
  readonly position: string | null
  readonly counts: RunCounts
  /** Why it stopped; null if it did not. One sentence. */
  readonly stoppedBecause: string | null
  readonly quarantine: Quarantine | null
  /** Files in quarantine were removed for good: nothing of them can be brought back. */
  readonly quarantineEmptied: boolean
  /** Its batches are kept no longer: it cannot be undone. */
  readonly forgotten: boolean
}

/** An object that no row claims. */
export interface OrphanObject {
  readonly key: string
  readonly bytes: number
}

export interface UploadRemains {
  readonly key: string
  readonly uploadId: string
}

export interface ReplacedVersion {
  readonly key: string
  readonly versionId: string
  readonly bytes: number
}

/** What a batch is about to do, with what is needed to end it, and to take it back. Plain data. */
export type BatchContent =
  /** `touchedAtMs`: the `updated_at` the rows get; null leaves it. */
  | {
      readonly of: 'rows'
      readonly candidates: readonly PruneCandidate[]
      readonly touchedAtMs: number | null
    }
  | { readonly of: 'objects'; readonly objects: readonly OrphanObject[] }
  | { readonly of: 'uploads'; readonly uploads: readonly UploadRemains[] }
  | { readonly of: 'versions'; readonly versions: readonly ReplacedVersion[] }

/** What came of a batch. */
export interface BatchOutcome {
  /** Ids of rows, or keys of objects, that were left alone. */
  readonly leftAlone: readonly string[]
  /** Keys that storage would not remove or move, with its reason for the first of them. */
  readonly refused: readonly string[]
  readonly refusedBecause: string | null
}

/**
 * What came of the beginning of a batch, noted while it is open: a death repeats what comes after it, and what was refused.
 * Of `rows`, `leftAlone` has the ids of the whole batch.
 */
export interface BatchPart extends BatchOutcome {
  /** So many of the first in the batch's own order (core/apply/batch-order.ts) were seen to. */
  readonly through: number
  /** Of them storage says that they are gone; in a batch that has an outcome, since then. */
  readonly gone: number
}

export interface Batch {
  readonly run: string
  /** From 1, in the order of their beginning. */
  readonly number: number
  readonly state: 'open' | 'done' | 'undone'
  readonly content: BatchContent
  /** Null until it was closed; one that storage refused a part of has an outcome and is open. */
  readonly outcome: BatchOutcome | null
  /** What came of its beginning since it was opened, or since it has its outcome; null if nothing was noted. */
  readonly part: BatchPart | null
}

/** What is kept of destructive work: plans, runs with their journal, orphans seen before, and the mark that binds storage. */
import type { Kind } from '../model/media.ts'
import type { Quarantine } from '../model/own-keys.ts'
import type { Plan, PlanVerb } from '../model/plan.ts'
import type {
  Batch,
  BatchContent,
  BatchOutcome,
  BatchPart,
  OrphanObject,
  Run,
  RunCounts,
  RunState,
} from '../model/run.ts'
import type { Tally } from '../model/tally.ts'
import type { Lease } from './state.ts'
import type { CallOptions } from './storage.ts'

/** A plan in a list. */
export interface PlanLine {
  readonly id: string
  readonly verb: PlanVerb
  readonly madeAtMs: number
  readonly files: Readonly<Tally>
  /** State of the run that applied it; null if nobody did. */
  readonly run: RunState | null
}

export interface PlanStore {
  keep(plan: Plan, options?: CallOptions): Promise<void>
  /** By id, or the newest with `last`; null if it is not kept. Reads as none while our tables do not exist. */
  find(instance: string, id: string, options?: CallOptions): Promise<Plan | null>
  /** Newest first. */
  list(instance: string, limit: number, options?: CallOptions): Promise<readonly PlanLine[]>
  /** Removes plans made before that nobody applied; gives how many. */
  forget(instance: string, madeBeforeMs: number, options?: CallOptions): Promise<number>
}

/** What runs of another instance than this one have left to do in our tables. */
export interface WaitingElsewhere {
  readonly instance: string
  /** Under way, taken back in part, or with a batch that is not ended. */
  readonly open: number
  /** With a quarantine that was not emptied. */
  readonly quarantines: number
}

/** What a finished batch adds to its run. */
export interface BatchClosing {
  readonly outcome: BatchOutcome
  /** Where the next batch begins; null keeps what the run has. */
  readonly position: string | null
  /** Of the whole run so far. */
  readonly counts: RunCounts
}

export interface RunJournal {
  /**
   * Begins the run of a plan, or goes on with it: `attempts` grows, the state is `running`. Under the lease.
   * @throws KnownError `lease-lost`
   */
  begin(
    start: Pick<Run, 'id' | 'planId' | 'verb' | 'instance' | 'startedAtMs' | 'quarantine'>,
    lease: Lease,
  ): Promise<Run>
  /** By id, or the one begun last with `last`; null if there is none. Reads as none while our tables do not exist. */
  find(instance: string, id: string, options?: CallOptions): Promise<Run | null>
  /** The run that applied this plan. */
  ofPlan(planId: string, options?: CallOptions): Promise<Run | null>
  /** Begun last first. */
  list(instance: string, limit: number, options?: CallOptions): Promise<readonly Run[]>
  /**
   * Durable when it resolves, whatever the server's `synchronous_commit` says: whatever dies after it, the next holder of the
   * lease finds it. Gives the batch's number. @throws KnownError `lease-lost`
   */
  openBatch(run: string, content: BatchContent, lease: Lease): Promise<number>
  /**
   * What came of the beginning of an open batch, in place of what was noted before. One statement; if it is lost, its part of
   * the work is done again. @throws KnownError `lease-lost`
   */
  notePart(run: string, number: number, part: BatchPart, lease: Lease): Promise<void>
  /**
   * One transaction with the run's position and counts; what was noted of a part is forgotten. If the outcome tells of refused
   * objects the batch stays open, with its outcome: a later run tries again. @throws KnownError `lease-lost`
   */
  closeBatch(run: string, number: number, closing: BatchClosing, lease: Lease): Promise<void>
  /** Sets the run's state. @throws KnownError `lease-lost` */
  end(
    run: string,
    end: { readonly state: RunState; readonly because: string | null; readonly atMs: number },
    lease: Lease,
  ): Promise<void>
  /**
   * Open batches of every run of the instance, in the order of their beginning: what died half-way (no outcome), or what
   * storage refused a part of. Not those of a run that is being taken back: what they have not removed is what its undo
   * needs. Closing one of them while reading does no harm.
   */
  openBatches(instance: string, options?: CallOptions): AsyncIterable<Batch>
  /** A run's batches, the last first; one in memory at a time. */
  batches(run: string, options?: CallOptions): AsyncIterable<Batch>
  /** This batch was taken back. @throws KnownError `lease-lost` */
  batchUndone(run: string, number: number, lease: Lease): Promise<void>
  /**
   * Runs whose files in quarantine may be removed for good by now, and were not. Not those that are being taken back, nor those
   * with an open batch: a file of it that a row names by now may not be back yet.
   */
  quarantinesOver(instance: string, nowMs: number, options?: CallOptions): Promise<readonly Run[]>
  quarantineEmptied(run: string, lease: Lease): Promise<void>
  /** By the names of the instances. Reads as none while our tables do not exist. */
  waitingElsewhere(instance: string, options?: CallOptions): Promise<readonly WaitingElsewhere[]>
  /** Forgets the batches of runs that ended before: they cannot be undone any more. Gives how many runs that concerned. */
  forget(instance: string, endedBeforeMs: number, options?: CallOptions): Promise<number>
}

/** The scan that sees orphans. */
export interface SightingScan {
  readonly id: string
  readonly startedAtMs: number
}

/** Orphans by how often they were seen. */
export interface SightingTotals {
  /** Seen by this scan and by one that began long enough before it. */
  readonly ripe: Readonly<Partial<Record<Kind, Readonly<Tally>>>>
  /** Seen by this scan, and not long enough ago by another. */
  readonly waiting: Readonly<Partial<Record<Kind, Readonly<Tally>>>>
  /** When the first of those that wait will have waited long enough; null if none waits. */
  readonly nextAtMs: number | null
}

export interface SeenOrphan extends OrphanObject {
  readonly kind: Kind
  /** Last modification by the storage's clock. */
  readonly modifiedAtMs: number
}

export interface SightingStore {
  /**
   * This scan saw these, each not told before by the same scan. An object that has another size or time than when it was seen
   * last counts as seen for the first time. Atomic per call.
   */
  record(
    instance: string,
    scan: SightingScan,
    objects: readonly SeenOrphan[],
    options?: CallOptions,
  ): Promise<void>
  /** The scan saw everything there is: what it did not see is no orphan any more. Gives how many were forgotten. */
  complete(instance: string, scan: SightingScan, options?: CallOptions): Promise<number>
  /** @param graceMs between the beginnings of the first scan that saw it and of this one */
  totals(
    instance: string,
    scan: SightingScan,
    graceMs: number,
    options?: CallOptions,
  ): Promise<SightingTotals>
  /**
   * Those seen by this scan, or by a later one, and, at least `graceMs` before this one, by another: in key order after
   * `after`, in pages of `size`.
   */
  ripe(
    instance: string,
    scan: SightingScan,
    graceMs: number,
    page: { readonly after: string; readonly size: number },
    options?: CallOptions,
  ): AsyncIterable<readonly SeenOrphan[]>
  /** Gone, or claimed by a row. */
  forget(instance: string, keys: readonly string[], options?: CallOptions): Promise<void>
}

/** The mark by which storage and our tables know each other. */
export interface CanaryStore {
  /** Null if none was ever laid. Reads as none while our tables do not exist. */
  mark(instance: string, options?: CallOptions): Promise<string | null>
  /** Adds the mark, or replaces it. */
  lay(instance: string, mark: string, options?: CallOptions): Promise<void>
}

export type { Quarantine }

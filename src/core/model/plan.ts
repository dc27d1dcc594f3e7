/**
 * A plan: what a destructive verb would do, as a document that outlives the process. Nothing of it is done until somebody
 * applies it, and every item is looked at again then.
 */
import type { Kind } from './media.ts'
import type { PruneTotals } from './prune-candidate.ts'
import type { PrunePolicy } from './prune-policy.ts'

/** Rows let go of the files that the policy keeps no more. */
export interface PruneRequest {
  readonly verb: 'prune'
  readonly policy: PrunePolicy
}

/** Objects that no row claims, seen by two scans. */
export interface OrphanRequest {
  readonly verb: 'orphans'
  readonly what: 'objects'
  /** The scan that saw them last. */
  readonly scanId: string
  readonly scanStartedAtMs: number
  /** Between the beginnings of the scans that saw them first and last, at least. */
  readonly graceMs: number
  /** How long they wait in quarantine; null removes them at once. */
  readonly quarantineMs: number | null
}

/** What takes space in a bucket and is no object: remains of uploads, and versions that something newer replaced. */
export interface LeftoverRequest {
  readonly verb: 'orphans'
  readonly what: 'unfinished-uploads' | 'old-versions'
  /** Only those begun, or replaced, before; milliseconds since the epoch. */
  readonly beforeMs: number
}

export type PlanRequest = PruneRequest | OrphanRequest | LeftoverRequest
export type PlanVerb = PlanRequest['verb']

/** One of the things that would go, to look at. */
export interface PlanSample {
  readonly kind: Kind | null
  /** Of the row, in decimal digits; null where no row is concerned. */
  readonly id: string | null
  readonly key: string
  readonly domain: string | null
  readonly bytes: number | null
  /** When it was last used, as far as is known, or written; milliseconds since the epoch. */
  readonly quietSinceMs: number | null
}

/** What applying it takes. */
export interface PlanCost {
  /** Requests to the store by sort; all zero on a file system. Estimates. */
  readonly requests: { readonly list: number; readonly copy: number; readonly remove: number }
  /** US dollars, once for the requests and each month for what is not stored any more; null if prices are not known. */
  readonly money: { readonly once: number; readonly savedMonthly: number } | null
}

/** A share of a kind that is more than a run may take unasked. */
export interface CapMet {
  readonly kind: Kind
  /** From 0 to 1. */
  readonly share: number
  readonly files: number
  readonly of: number
  /** `stop`: a person has to apply the plan. `refuse`: the run has to name the kind and the share as well. */
  readonly level: 'stop' | 'refuse'
}

/** A plan before its hash. */
export interface PlanDraft {
  readonly format: 1
  /** `prune-20261121T141952-3fa9` */
  readonly id: string
  /** Names database and storage, without secrets. */
  readonly instance: string
  /** Milliseconds since the epoch. */
  readonly madeAtMs: number
  /** Mastodon's schema at that time: another one may mean other rules. */
  readonly schemaVersion: string
  readonly request: PlanRequest
  /** For orphans, rows are 0 and `files` are objects. */
  readonly totals: PruneTotals
  /** Files of each kind there are, remote ones that rows name: what shares are of. */
  readonly named: Readonly<Partial<Record<Kind, number>>>
  /** At most twenty. */
  readonly samples: readonly PlanSample[]
  readonly cost: PlanCost
  readonly caps: readonly CapMet[]
}

export interface Plan extends PlanDraft {
  /** SHA-256 over everything else, hexadecimal: a plan that was changed by hand is not applied. */
  readonly hash: string
}

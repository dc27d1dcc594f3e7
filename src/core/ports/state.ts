/** Our own memory between runs: scans under way, who works, what is half done, and who said no. */
import type { Finding } from '../model/finding.ts'
import type { FailReason } from '../model/heal-outcome.ts'
import type { Kind } from '../model/media.ts'
import type { Shard, ShardTotals } from '../model/shard.ts'
import type { CanaryStore, PlanStore, RunJournal, SightingStore } from './plans.ts'
import type { CallOptions } from './storage.ts'

/** What identifies a scan: two runs with the same scope over the same instance may share shards. */
export interface ScanScope {
  /** Database and storage, without secrets. */
  readonly instance: string
  readonly kinds: readonly string[]
  readonly minAgeMs: number
}

export interface ScanStart {
  readonly id: string
  readonly scope: ScanScope
  /** Milliseconds since the epoch; every guard of the scan counts from here, also after a resume. */
  readonly startedAtMs: number
  readonly shards: readonly Shard[]
}

/** One shard being written. Nothing of it counts until `finish`. */
export interface ShardRecorder {
  add(findings: readonly Finding[]): Promise<void>
  finish(totals: ShardTotals): Promise<void>
  /** Forgets what was added: the shard will be done again. */
  discard(): Promise<void>
}

/** One scan being written. Shards may finish in any order; a shard is there whole or not at all. */
export interface ScanRecorder {
  readonly start: ScanStart
  /** Totals of shards that an earlier, interrupted run finished, by shard number. */
  readonly finished: ReadonlyMap<number, ShardTotals>
  openShard(shard: number): Promise<ShardRecorder>
  /** Findings of all finished shards, in shard order. */
  findings(options?: CallOptions): AsyncIterable<readonly Finding[]>
  /** The scan is complete. */
  complete(): Promise<void>
}

export interface ScanStore {
  /** Why scans kept here cannot be resumed by a later process; null if they can. One sentence. */
  readonly forgetfulBecause: string | null
  /** A new scan; keeps only the latest few of the same scope. */
  begin(start: ScanStart): Promise<ScanRecorder>
  /**
   * The interrupted scan of this scope that began last, at or after `notBeforeMs`; null if there is none, or if a later one
   * was completed: then nothing is left to go on with.
   */
  unfinished(scope: ScanScope, notBeforeMs: number): Promise<ScanRecorder | null>
  /**
   * A completed scan of this instance by its id, or the one that began last with `last`; null if it is not kept here.
   * @param instance as in the scan's scope
   */
  completed(instance: string, id: string): Promise<CompletedScan | null>
}

/** A scan that came to its end, to be read again. */
export interface CompletedScan {
  readonly start: ScanStart
  findings(options?: CallOptions): AsyncIterable<readonly Finding[]>
}

/** One writer at a time: what a heal or an apply holds while it works. */
export interface Lease {
  readonly name: string
  /** Grows with every holder; decimal digits. */
  readonly token: string
  /** Aborted with a KnownError when the lease is lost: work under it must stop. */
  readonly signal: AbortSignal
  /**
   * Lets a statement on Mastodon's tables take effect only while this lease is held; null if our tables lie in another
   * database, where only time guards it.
   */
  readonly fence: Fence | null
  /** Rejects with a KnownError if the lease is no longer ours. */
  check(): Promise<void>
  /** Gives it back; harmless if it was lost or given back before. */
  release(): Promise<void>
}

/**
 * A row of `cornac.leases`. A statement joins it `FOR SHARE` on name and token, so that it neither starts after nor
 * commits beside a takeover.
 */
export interface Fence {
  readonly name: string
  /** Grows with every holder; decimal digits. */
  readonly token: string
}

export interface LeaseHolder {
  readonly name: string
  /** `cornac heal on host, process 4711` */
  readonly holder: string
  readonly takenAtMs: number
  readonly lastBeatAtMs: number
}

export interface Leases {
  /**
   * Takes the lease, beats while it is held. A holder that died on this machine, or has not beaten for the term, is taken
   * over. @throws KnownError `lease-held` (category `leased`) that names the holder
   */
  take(name: string, purpose: string, options?: CallOptions): Promise<Lease>
  holders(options?: CallOptions): Promise<readonly LeaseHolder[]>
}

/** What a heal is about to do to storage, written down before it does it. */
export interface HealIntent {
  readonly kind: Kind
  readonly id: string
  /** The name the row will get; null if it will name nothing. */
  readonly fileName: string | null
  /** New objects, which nobody names until the row is switched: to be removed if it never is. */
  readonly writes: readonly string[]
  /** Old objects, to be removed once the row no longer names them. */
  readonly leftovers: readonly string[]
}

export interface KnownIntent extends HealIntent {
  readonly number: string
}

export interface HealJournal {
  /** Durable when it resolves: whatever dies after it, the next holder of the lease finds it. Gives the intent's number. */
  open(intent: HealIntent, lease: Lease): Promise<string>
  /** Everything of it is done or taken back. May take effect a little later: an intent done twice does no harm. */
  close(number: string): Promise<void>
  /** Waits until every `close` has taken effect. */
  flush(): Promise<void>
  /** What earlier holders of the lease left open, oldest first, in bounded pages. */
  unfinished(lease: Lease, options?: CallOptions): AsyncIterable<readonly KnownIntent[]>
}

/** A record that could not be healed: what was tried, what came of it, and when it may be tried again. */
export interface LedgerEntry {
  readonly kind: Kind
  readonly id: string
  readonly label: string
  /** The address tried; an entry counts only as long as the row still says this. */
  readonly url: string | null
  /** Host of the origin that said no; '' if there was none to ask. */
  readonly host: string
  readonly outcome: FailReason
  readonly detail: string
  /** Tries in a row that failed. */
  readonly tries: number
  readonly firstTriedAtMs: number
  readonly lastTriedAtMs: number
  readonly nextTryAtMs: number
}

/** A host that does not answer as it should, over all its records. */
export interface HostEntry {
  readonly host: string
  readonly outcome: FailReason
  readonly detail: string
  /** Failures in a row that were the host's. */
  readonly failures: number
  readonly lastTriedAtMs: number
  /** Until then nobody asks it; null while it is only being watched. */
  readonly restsUntilMs: number | null
}

export interface LedgerFilter {
  readonly host?: string | undefined
  readonly outcome?: FailReason | undefined
  readonly kind?: Kind | undefined
  readonly id?: string | undefined
  /** As in the entries: `user@domain`. */
  readonly label?: string | undefined
}

export interface Ledger {
  /** False while our tables do not exist: then everything reads as empty. */
  readonly exists: () => Promise<boolean>
  recall(kind: Kind, ids: readonly string[], options?: CallOptions): Promise<ReadonlyMap<string, LedgerEntry>>
  /** Adds or replaces; atomic per call. */
  remember(entries: readonly LedgerEntry[], options?: CallOptions): Promise<void>
  /** Healed: nothing to remember any more. */
  clear(kind: Kind, ids: readonly string[], options?: CallOptions): Promise<void>
  /** Every host entry: hosts in trouble are few. */
  hosts(options?: CallOptions): Promise<readonly HostEntry[]>
  rememberHosts(entries: readonly HostEntry[], options?: CallOptions): Promise<void>
  clearHosts(hosts: readonly string[], options?: CallOptions): Promise<void>
  /** Next to be tried first, in bounded pages. */
  list(filter: LedgerFilter, options?: CallOptions): AsyncIterable<readonly LedgerEntry[]>
  counts(
    options?: CallOptions,
  ): Promise<readonly { readonly outcome: FailReason; readonly records: number; readonly due: number }[]>
  /** Removes entries (and, with `host` or without any filter, host entries); gives how many of each. */
  forget(
    filter: LedgerFilter,
    options?: CallOptions,
  ): Promise<{ readonly records: number; readonly hosts: number }>
}

/** Cornac's own tables. */
export interface OwnState {
  readonly ledger: Ledger
  readonly leases: Leases
  readonly journal: HealJournal
  readonly plans: PlanStore
  readonly runs: RunJournal
  readonly sightings: SightingStore
  readonly canaries: CanaryStore
  /** `cornac schema in database mastodon_production on localhost`: for people, without secrets. */
  readonly description: string
  /** The newest migration applied, and the newest this program knows; 0 if the schema does not exist. */
  version(options?: CallOptions): Promise<{ readonly applied: number; readonly known: number }>
  /**
   * Creates the schema or brings it up to date; says which migrations it applied. Called before the first write too.
   * Two at once do no harm. @throws KnownError if the database user may not, or a newer Cornac has been here
   */
  setUp(options?: CallOptions): Promise<readonly string[]>
  close(): Promise<void>
}

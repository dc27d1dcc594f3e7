/** The read model of `ledger`: who said no, and when to ask again. */
import type { FailReason } from '../model/heal-outcome.ts'
import type { HostEntry, Ledger, LedgerEntry, LedgerFilter } from '../ports/state.ts'
import type { CallOptions } from '../ports/storage.ts'

export interface LedgerReport {
  /** False while our tables do not exist: no heal has run yet. */
  readonly exists: boolean
  /** Hosts in trouble, the longest rest first; with a host asked for, that one. */
  readonly hosts: readonly HostEntry[]
  /** Records by how their last try ended, most first; null if only some were asked for. */
  readonly outcomes: readonly LedgerOutcome[] | null
  /** Those due next, first. */
  readonly records: readonly LedgerEntry[]
  /** There are more records than were asked for. */
  readonly more: boolean
}

export interface LedgerOutcome {
  readonly outcome: FailReason
  readonly records: number
  /** Of these, those that the next heal may try. */
  readonly due: number
}

/** Holds no more than `limit` records, and a page. */
export async function reportLedger(
  ledger: Pick<Ledger, 'exists' | 'hosts' | 'counts' | 'list'>,
  { filter, limit }: { readonly filter: LedgerFilter; readonly limit: number },
  options?: CallOptions,
): Promise<LedgerReport> {
  const { host, ...narrower } = filter
  const isNarrow = Object.values(narrower).some((value) => value !== undefined)
  const hosts = isNarrow ? [] : await ledger.hosts(options)
  const records: LedgerEntry[] = []
  for await (const page of ledger.list(filter, options)) {
    records.push(...page.slice(0, limit + 1 - records.length))
    if (records.length > limit) break
  }
  return {
    exists: await ledger.exists(),
    hosts: hosts.filter((entry) => host === undefined || entry.host === host),
    outcomes: isNarrow || host !== undefined ? null : await ledger.counts(options),
    records: records.slice(0, limit),
    more: records.length > limit,
  }
}

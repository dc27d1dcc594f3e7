/** What the ledger knows, for people and scripts. Works without our tables: then nothing is known of anything. */
import { nextTryMs } from '../heal/memory/verdict.ts'
import type { FailReason } from '../model/heal-outcome.ts'
import type { HostEntry, Ledger, LedgerEntry, LedgerFilter } from '../ports/state.ts'
import type { CallOptions } from '../ports/storage.ts'

export interface LedgerReport {
  /** Hosts in trouble: all of them, or the one of the filter. Who rests longest comes first. */
  readonly hosts: readonly HostEntry[]
  /** Of the whole ledger, whatever the filter says. */
  readonly outcomes: readonly {
    readonly outcome: FailReason
    readonly records: number
    readonly due: number
  }[]
  /** Those of the filter that are due next, at most as many as asked for. */
  readonly records: readonly LedgerEntry[]
  /** There are more of them. */
  readonly more: boolean
}

/** Reads a bounded part of the ledger: its counts, the hosts in trouble, and the records that come next. */
export async function readLedger(
  ledger: Ledger,
  filter: LedgerFilter,
  limit: number,
  options: CallOptions,
): Promise<LedgerReport> {
  const hosts = await ledger.hosts(options)
  return {
    hosts: filter.host === undefined ? hosts : hosts.filter(({ host }) => host === filter.host),
    outcomes: await ledger.counts(options),
    ...(await firstRecords(ledger, filter, limit, options)),
  }
}

/** What somebody asks about. */
export type LedgerThing =
  /** An account, an emoji of a domain, or the page of a card */
  | { readonly by: 'label'; readonly label: string }
  | { readonly by: 'host'; readonly host: string }
  | { readonly by: 'record'; readonly kind: LedgerEntry['kind']; readonly id: string }

export interface ExplainedRecord {
  readonly entry: LedgerEntry
  readonly wait: Wait
  /** Its host's entry, if that is in trouble. */
  readonly host: HostEntry | null
}

export interface LedgerExplanation {
  /** The host asked about, if it is in trouble. */
  readonly host: HostEntry | null
  readonly records: readonly ExplainedRecord[]
  readonly more: boolean
}

/** Everything known of one account, host or record. */
export async function explainLedger(
  ledger: Ledger,
  thing: LedgerThing,
  limit: number,
  options: CallOptions,
): Promise<LedgerExplanation> {
  const hosts = new Map((await ledger.hosts(options)).map((entry) => [entry.host, entry]))
  const { by: _, ...filter } = thing
  const { records, more } = await firstRecords(ledger, filter, limit, options)
  return {
    host: thing.by === 'host' ? (hosts.get(thing.host) ?? null) : null,
    records: records.map((entry) => {
      return { entry, wait: waitOf(entry), host: hosts.get(entry.host) ?? null }
    }),
    more,
  }
}

/** Why a record waits as long as it does. */
export interface Wait {
  /** From the last try to the next. */
  readonly ms: number
  /** What the first failure of this reason waits, and what no failure waits longer than; chance adds or takes a fifth. */
  readonly firstMs: number
  readonly limitMs: number
  /** Longer than the rules say: the origin asked for it (Retry-After), or a host that was needed rests. */
  readonly asked: boolean
}

const NO_CHANCE = 0.5
const MOST_CHANCE = 1
/** Enough for every reason to reach its limit. */
const MANY_TRIES = 30

function waitOf({ outcome, tries, lastTriedAtMs, nextTryAtMs }: LedgerEntry): Wait {
  const ms = nextTryAtMs - lastTriedAtMs
  return {
    ms,
    firstMs: nextTryMs(outcome, 1, null, 0, NO_CHANCE),
    limitMs: nextTryMs(outcome, MANY_TRIES, null, 0, NO_CHANCE),
    // Times are kept in whole milliseconds.
    asked: ms > nextTryMs(outcome, tries, null, 0, MOST_CHANCE) + 1,
  }
}

async function firstRecords(
  ledger: Ledger,
  filter: LedgerFilter,
  limit: number,
  options: CallOptions,
): Promise<{ readonly records: readonly LedgerEntry[]; readonly more: boolean }> {
  const records: LedgerEntry[] = []
  for await (const page of ledger.list(filter, options)) {
    records.push(...page.slice(0, limit + 1 - records.length))
    if (records.length > limit) break
  }
  return { records: records.slice(0, limit), more: records.length > limit }
}

/**
 * The verb `heal`: what is broken among the chosen records, back in place.
 *
 * One route for every record: chosen in the order in which people see them, assessed, looked up in the ledger, queued by
 * host, mended, counted. One heal at a time: the lease is taken first, and what an earlier heal left half done is brought to
 * an end before anything new begins.
 */
import type { HealKind } from '../model/heal-target.ts'
import type { MastodonDatabase } from '../ports/mastodon.ts'
import type { Progress } from '../ports/runtime.ts'
import type { HealJournal, OwnState } from '../ports/state.ts'
import type { CallOptions } from '../ports/storage.ts'
import type { AttachmentCare } from './find/assess-target.ts'
import { Budget, type BudgetEnd, type HealBudget } from './budget.ts'
import type { PresencePorts } from './find/choose-presence.ts'
import type { Choice } from './find/choose-targets.ts'
import type { MendPorts, MendRun } from './mend/mend-ports.ts'
import { HealTally, type HealCounts } from './heal-tally.ts'
import { openHostBook } from './memory/host-book.ts'
import { RecordBook } from './memory/record-book.ts'
import { healTargets } from './heal-targets.ts'
import { recover, type Recovered } from './recover.ts'
import type { SidekiqDriver } from './sidekiq/via-sidekiq.ts'

export interface HealPorts extends MendPorts {
  readonly database: MastodonDatabase
  readonly presence: PresencePorts
  readonly state: Pick<OwnState, 'setUp' | 'leases' | 'ledger'> & { readonly journal: HealJournal }
  readonly journal: HealJournal
  /** Mastodon's own workers, where they are to do the fetching; null to do it here. */
  readonly sidekiq: SidekiqDriver | null
  /** From 0 up to 1: spreads next tries. */
  readonly chance: () => number
}

export interface HealRequest {
  /** Names database and storage for the scan store, without secrets. */
  readonly instance: string
  readonly choice: Choice
  readonly kinds: readonly HealKind[]
  readonly care: AttachmentCare
  readonly budget: HealBudget
  readonly limitedFederation: boolean
  /** Which image library Mastodon was told to use, which decides how large a picture it takes; null for its default. */
  readonly useLibvips: boolean | null
  /** For one file, redirects included. */
  readonly timeoutMs: number
  /** Records under way at once, over all origins. */
  readonly concurrency: number
  /** Records under way at once of one origin. */
  readonly perHost: number
}

export interface HealResult extends HealCounts {
  /** Which part of the budget ended the run before its end; null if everything was seen. */
  readonly stopped: BudgetEnd | null
  readonly bytesFetched: number
  /** Objects that storage would not remove; the journal keeps them for the next run. */
  readonly leftBehind: number
  /** What an earlier heal had left half done. */
  readonly recovered: Recovered
  readonly seconds: number
}

/**
 * @throws KnownError if another heal holds the lease, the database may only be read, or storage or database stop working;
 *   the signal's reason if aborted
 */
export async function heal(
  ports: HealPorts,
  request: HealRequest,
  options: CallOptions & { readonly progress: Progress },
): Promise<HealResult> {
  const startedAtMs = ports.clock.now()
  // Before the first fetch: a row that cannot be changed would leave new files that nothing names.
  await ports.database.refuseIfReadOnly(request.kinds, options)
  await ports.state.setUp(options)
  const lease = await ports.state.leases.take('heal', 'cornac heal', options)
  const signal = options.signal === undefined ? lease.signal : AbortSignal.any([options.signal, lease.signal])
  try {
    const recovered = await recover(ports, lease, { signal })
    const budget = new Budget(request.budget, ports.clock)
    const tally = new HealTally()
    const hosts = await openHostBook(ports.state.ledger, ports.clock, ports.chance, { signal })
    const records = new RecordBook(ports.state.ledger, ports.clock, ports.chance)
    let leftBehind = 0
    const run: MendRun = {
      lease,
      hosts,
      timeoutMs: request.timeoutMs,
      version: ports.database.schema.version,
      useLibvips: request.useLibvips,
      fetched: (bytes) => budget.fetched(bytes),
      leftBehind: (count) => {
        leftBehind += count
      },
    }
    let stopped: BudgetEnd | null
    try {
      stopped = await healTargets(ports, request, run, { budget, tally, records }, { ...options, signal })
    } finally {
      // Whatever ends the run, what origins said is not asked for again.
      await records.save()
      await hosts.save()
      await ports.journal.flush()
    }
    return {
      ...tally.result(),
      stopped,
      bytesFetched: budget.bytesFetched,
      leftBehind,
      recovered,
      seconds: (ports.clock.now() - startedAtMs) / 1000,
    }
  } finally {
    await lease.release()
  }
}

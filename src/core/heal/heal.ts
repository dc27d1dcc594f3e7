/**
 * The verb `heal`: what is broken among the chosen records, back in place.
 *
 * One route for every record: chosen in the order in which people see them, assessed, looked up in the ledger, queued by
 * host, mended, counted. One heal at a time: the lease is taken first, and what an earlier heal left half done is brought to
 * an end before anything new begins.
 */
import { byHost } from '../by-host.ts'
import type { HealKind, HealTarget } from '../model/heal-target.ts'
import type { MastodonDatabase } from '../ports/mastodon.ts'
import type { Progress } from '../ports/runtime.ts'
import type { HealJournal, LedgerEntry, OwnState } from '../ports/state.ts'
import type { CallOptions } from '../ports/storage.ts'
import type { AttachmentCare, FetchRules } from './assess-target.ts'
import { Budget, type BudgetEnd, type HealBudget } from './budget.ts'
import { choosePresence, type PresencePorts } from './choose-presence.ts'
import { chooseTargets, type Choice } from './choose-targets.ts'
import { findBroken, type BrokenTask } from './find-broken.ts'
import type { MendPorts, MendRun } from './heal-ports.ts'
import { HealTally, type HealCounts } from './heal-tally.ts'
import { openHostBook } from './host-book.ts'
import { mendViaSidekiq } from './mend-via-sidekiq.ts'
import { mend, type Mended } from './mend.ts'
import { RecordBook } from './record-book.ts'
import { recover, type Recovered } from './recover.ts'
import { hostOf } from './try-address.ts'
import type { SidekiqDriver } from './via-sidekiq.ts'

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

/** Broken records that wait for their host's turn: some seconds of work, and a megabyte or two. */
const WINDOW = 1_000

/** A shorter pause that a host asks for is waited out; for a longer one its records are left for the next run. */
const LONGEST_WAIT_MS = 15_000

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
      stopped = await healAll(ports, request, run, { budget, tally, records }, { ...options, signal })
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

interface Books {
  readonly budget: Budget
  readonly tally: HealTally
  readonly records: RecordBook
}

async function healAll(
  ports: HealPorts,
  request: HealRequest,
  run: MendRun,
  books: Books,
  options: CallOptions & { readonly progress: Progress },
): Promise<BudgetEnd | null> {
  const { progress, signal } = options
  const rules: FetchRules = {
    ...(await ports.database.domainRules(options)),
    limitedFederation: request.limitedFederation,
  }
  const expected =
    request.choice.by === 'scope'
      ? await ports.database.countTargets(request.choice.scope, request.kinds, options)
      : null
  const presence = await choosePresence(ports.presence, { ...request, expected: expected ?? 0 }, options)
  progress.stage('healing', expected)
  let stopped: BudgetEnd | null = null
  const tasks = findBroken(
    chooseTargets(ports.database, request.choice, request.kinds, options),
    { rules, care: request.care, presence, ...books, hosts: run.hosts, clock: ports.clock },
    options,
  )
  await byHost(
    untilBudgetEnds(tasks, books.budget, (end) => {
      stopped = end
    }),
    {
      concurrency: request.concurrency,
      perHost: request.perHost,
      window: WINDOW,
      hostOf: ({ broken }) => hostOf(broken.target.record.remoteUrl ?? broken.target.page),
    },
    async (task) => {
      // Time or bytes may have run out while it waited.
      const end = books.budget.end()
      if (end !== null) {
        stopped = end
        return
      }
      await healOne(ports, request, run, books, task, { signal })
      progress.advance(1)
    },
    signal,
  )
  progress.done()
  return stopped
}

async function* untilBudgetEnds(
  pages: AsyncIterable<readonly BrokenTask[]>,
  budget: Budget,
  ended: (end: BudgetEnd) => void,
): AsyncGenerator<readonly BrokenTask[]> {
  for await (const page of pages) {
    const granted: BrokenTask[] = []
    for (const task of page) {
      const end = budget.take()
      if (end !== null) {
        ended(end)
        yield granted
        return
      }
      granted.push(task)
    }
    yield granted
  }
}

async function healOne(
  ports: HealPorts,
  request: HealRequest,
  run: MendRun,
  { tally, records }: Books,
  { broken, known }: BrokenTask,
  options: CallOptions,
): Promise<void> {
  const { target, damage } = broken
  const host = hostOf(target.record.remoteUrl)
  const pauseMs = (run.hosts.restsUntilMs(host) ?? 0) - ports.clock.now()
  if (pauseMs > LONGEST_WAIT_MS) {
    tally.count(target, { kind: 'skipped', reason: 'host-resting', damage })
    return
  }
  if (pauseMs > 0) await ports.clock.sleep(pauseMs, options.signal)
  const mended =
    ports.sidekiq === null
      ? await mend(ports, run, request.care, broken, options)
      : await mendViaSidekiq(ports, ports.sidekiq, run, broken, options)
  tally.count(target, mended.outcome, mended.failure?.host)
  await note(records, target, known, mended)
}

async function note(
  records: RecordBook,
  target: HealTarget,
  known: LedgerEntry | undefined,
  { outcome, failure }: Mended,
): Promise<void> {
  if (failure !== null) await records.failed(target, known, failure)
  else if (outcome.kind === 'healed') await records.healed(target, known)
}

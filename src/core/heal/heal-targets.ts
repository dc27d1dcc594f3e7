/** The records of a heal on their way: chosen, assessed, queued by host, mended, counted, noted. */
import { byHost } from './by-host.ts'
import type { LedgerEntry } from '../ports/state.ts'
import type { Progress } from '../ports/runtime.ts'
import type { CallOptions } from '../ports/storage.ts'
import type { HealTarget } from '../model/heal-target.ts'
import type { Broken, FetchRules } from './find/assess-target.ts'
import type { Budget, BudgetEnd } from './budget.ts'
import { choosePresence } from './find/choose-presence.ts'
import { chooseTargets } from './find/choose-targets.ts'
import { asksOrigin, findBroken, hostAsked, type Asks, type BrokenTask } from './find/find-broken.ts'
import type { HealPorts, HealRequest } from './heal.ts'
import type { MendRun } from './mend/mend-ports.ts'
import type { HealTally } from './heal-tally.ts'
import { mendViaSidekiq } from './sidekiq/mend-via-sidekiq.ts'
import { mend, type Mended } from './mend/mend.ts'
import type { RecordBook } from './memory/record-book.ts'

/** Broken records that wait for their host's turn: some seconds of work, and a megabyte or two. */
const WINDOW = 1_000

/** A shorter pause that a host asks for is waited out; for a longer one its records are left for the next run. */
const LONGEST_WAIT_MS = 15_000

export interface Books {
  readonly budget: Budget
  readonly tally: HealTally
  readonly records: RecordBook
}

/**
 * Looks, queues and mends until everything is seen or the budget ends it; says which part of the budget did.
 * @throws KnownError if storage or database stop working; the signal's reason if aborted
 */
export async function healTargets(
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
  const ended = (end: BudgetEnd): void => {
    stopped ??= end
  }
  // Mastodon's workers make nothing from what is left.
  const asks = (broken: Broken): Asks =>
    ports.sidekiq === null ? asksOrigin(broken, request.care) : 'always'
  const tasks = findBroken(
    chooseTargets(ports.database, request.choice, request.kinds, options),
    { rules, care: request.care, presence, ...books, hosts: run.hosts, clock: ports.clock, asks },
    options,
  )
  await byHost(
    untilBudgetEnds(tasks, books.budget, ended),
    {
      concurrency: request.concurrency,
      perHost: request.perHost,
      window: WINDOW,
      hostOf: ({ broken }) => hostAsked(broken.target),
    },
    async (task) => {
      // Time or bytes may have run out while it waited.
      const end = books.budget.end()
      if (end !== null) ended(end)
      else
        await whileTimeLasts(ports, books.budget, ended, signal, (until) =>
          healOne(ports, request, run, books, task, asks(task.broken), until),
        )
      progress.advance(1)
    },
    signal,
  )
  progress.done()
  return stopped
}

/**
 * Mastodon's queue may be long for hours, so waiting for it ends with the time allowed. A picture made here is finished: that
 * takes no longer than its own limits.
 */
async function whileTimeLasts(
  ports: HealPorts,
  budget: Budget,
  ended: (end: BudgetEnd) => void,
  signal: AbortSignal | undefined,
  work: (options: CallOptions) => Promise<void>,
): Promise<void> {
  const leftMs = budget.leftMs()
  if (ports.sidekiq === null || leftMs === null) return work({ signal })
  const timeIsUp = new AbortController()
  const done = new AbortController()
  const waiting = ports.clock.sleep(leftMs, done.signal).then(
    () => timeIsUp.abort(new Error('the time is up')),
    () => {},
  )
  try {
    await work({
      signal: signal === undefined ? timeIsUp.signal : AbortSignal.any([signal, timeIsUp.signal]),
    })
  } catch (error) {
    if (!timeIsUp.signal.aborted || signal?.aborted === true) throw error
    ended('duration')
  } finally {
    done.abort(new Error('done'))
    await waiting
  }
}

async function* untilBudgetEnds(
  pages: AsyncIterable<readonly BrokenTask[]>,
  budget: Budget,
  ended: (end: BudgetEnd) => void,
): AsyncGenerator<readonly BrokenTask[]> {
  for await (const page of pages) {
    const over = budget.end()
    if (over !== null) return ended(over)
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
  asks: Asks,
  options: CallOptions,
): Promise<void> {
  const { target, damage } = broken
  const restsUntilMs = asks === 'always' ? run.hosts.restsUntilMs(hostAsked(target)) : null
  const pauseMs = (restsUntilMs ?? 0) - ports.clock.now()
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

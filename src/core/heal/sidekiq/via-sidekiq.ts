/**
 * Broken records mended by Mastodon itself: its own Redownload workers, through Sidekiq (docs/mastodon.md#sidekiq).
 *
 * A bounded number of jobs is outstanding, and none is pushed while the queue is long or slow: it carries other work. A job
 * that would do nothing is not pushed. Done is what the row and storage say; that a job was queued, or ended, heals nothing.
 */
import type { Damage, HealOutcome } from '../../model/heal-outcome.ts'
import type { HealTarget } from '../../model/heal-target.ts'
import type { FileEditor, HealSource } from '../../ports/mastodon.ts'
import type { Clock } from '../../ports/runtime.ts'
import type { Fence } from '../../ports/state.ts'
import type { CallOptions, ObjectReader, ObjectRemover, SparingStorage } from '../../ports/storage.ts'
import type { RedownloadJob, RedownloadQueue } from '../../ports/vitals.ts'
import { JobWatch, type JobEnd } from './job-watch.ts'
import { lookAtFiles } from './look-at-files.ts'
import { PushGate } from './push-gate.ts'
import { jobName, mustBeClearedFirst, redownloadJobFor } from './redownload-job.ts'
import { Slots } from './slots.ts'
import { WaitingJobs } from './waiting-jobs.ts'

export interface SidekiqPorts {
  readonly queue: RedownloadQueue
  readonly database: Pick<FileEditor, 'clearFile'> & Pick<HealSource, 'targetsById'>
  readonly objects: ObjectReader & ObjectRemover & Pick<SparingStorage, 'vouchFor'>
  readonly clock: Clock
}

export interface SidekiqLimits {
  /** Jobs pushed and not yet ended. */
  readonly maxOutstanding: number
  /** Jobs waiting in the queue, whoever pushed them; Mastodon's own scheduler calls more than 50 busy. */
  readonly maxDepth: number
  /** Age of the oldest waiting job. */
  readonly maxLatencyMs: number
  /** From one question to the database to the next. */
  readonly pollMs: number
  /** How long one job may take, tries included. The second try comes after about 20 s, the fourth after some minutes. */
  readonly patienceMs: number
}

export const SIDEKIQ_LIMITS: SidekiqLimits = {
  maxOutstanding: 20,
  maxDepth: 50,
  maxLatencyMs: 60_000,
  pollMs: 2_000,
  patienceMs: 5 * 60_000,
}

export interface SidekiqHealOptions extends CallOptions {
  /** Told of objects that storage would not remove; the journal keeps them for the next run. */
  readonly leftBehind?: ((count: number) => void) | undefined
}

export interface SidekiqDriver {
  /**
   * Hands one broken record to Mastodon and waits for what comes of it. May be called for any number of records at once; the
   * caller has judged that it may be fetched, and has written `leftovers` (keys that storage still holds of the old file)
   * into its journal. `changed` is also what a lost fence looks like.
   *
   * Kinds that no worker fetches are skipped as `needs-mastodon`.
   * @throws KnownError `sidekiq-not-running`, or if Redis, database or storage stop working; the signal's reason if aborted
   *   before anybody began: then nothing of it is left in Sidekiq
   */
  heal(
    target: HealTarget,
    damage: Damage,
    leftovers: readonly string[],
    fence: Fence | null,
    options: SidekiqHealOptions,
  ): Promise<HealOutcome>
}

/** Opens nothing; the first heal reads what waits in Sidekiq. */
export function openSidekiqDriver(ports: SidekiqPorts, limits: Partial<SidekiqLimits> = {}): SidekiqDriver {
  const all = { ...SIDEKIQ_LIMITS, ...limits }
  const { queue, clock } = ports
  const slots = new Slots(all.maxOutstanding)
  const gate = new PushGate(queue, clock, all)
  const waiting = new WaitingJobs(queue, clock)
  const watch = new JobWatch(ports, all)
  /** By job: the attachment and the thumbnail of a row are one job's work. */
  const underWay = new Map<string, Promise<HealOutcome>>()

  async function handOver(
    job: RedownloadJob,
    target: HealTarget,
    damage: Damage,
    leftovers: readonly string[],
    fence: Fence | null,
    options: SidekiqHealOptions,
  ): Promise<HealOutcome> {
    const { signal } = options
    const { record } = target
    if (await waiting.has(job)) return { kind: 'skipped', reason: 'already-queued', damage }
    const free = await slots.take(signal)
    try {
      await gate.pass(signal)
      let seen = record
      if (mustBeClearedFirst(record)) {
        // Row first, objects after: dying in between leaves objects that the journal knows, and a row that can be healed.
        if (!(await ports.database.clearFile(record, fence))) return { kind: 'changed', damage }
        await removeLeftovers(ports, leftovers, options)
        seen = { ...record, fileName: null }
      }
      signal?.throwIfAborted()
      const [jid] = await queue.push([job])
      if (jid === undefined) throw new Error('a pushed job has no id')
      return outcomeOf(job, jid, damage, await watch.end(jid, seen, signal))
    } finally {
      free()
    }
  }

  /** The other file of a row whose job somebody else is waiting for. */
  async function ride(first: HealOutcome, { record }: HealTarget, damage: Damage): Promise<HealOutcome> {
    if (first.kind !== 'healed') return first.kind === 'fine' ? first : { ...first, damage }
    const [now] = await ports.database.targetsById(record.kind, [record.id])
    if (now === undefined) return { kind: 'changed', damage }
    const look = await lookAtFiles(ports.objects, now.record)
    if (look.state === 'whole')
      return { kind: 'healed', damage, from: 'sidekiq', bytes: look.bytes, verified: true }
    return {
      kind: 'failed',
      reason: 'worker-gave-up',
      damage,
      detail: 'the worker brought another file of the row',
    }
  }

  return {
    async heal(target, damage, leftovers, fence, options) {
      options.signal?.throwIfAborted()
      const job = redownloadJobFor(target.record)
      if (job === null) return { kind: 'skipped', reason: 'needs-mastodon', damage }
      const name = jobName(job)
      const other = underWay.get(name)
      if (other !== undefined) return ride(await other, target, damage)
      const outcome = handOver(job, target, damage, leftovers, fence, options)
      underWay.set(name, outcome)
      try {
        return await outcome
      } finally {
        underWay.delete(name)
      }
    },
  }
}

async function removeLeftovers(
  { objects }: SidekiqPorts,
  keys: readonly string[],
  { leftBehind }: SidekiqHealOptions,
): Promise<void> {
  if (keys.length === 0) return
  const withdraw = objects.vouchFor(keys)
  try {
    const refused = (await objects.remove(keys)).filter(({ removed }) => !removed)
    if (refused.length > 0) leftBehind?.(refused.length)
  } finally {
    withdraw()
  }
}

function outcomeOf({ worker }: RedownloadJob, jid: string, damage: Damage, end: JobEnd): HealOutcome {
  switch (end.kind) {
    case 'healed':
      return { kind: 'healed', damage, from: 'sidekiq', bytes: end.bytes, verified: end.verified }
    case 'changed':
      return { kind: 'changed', damage }
    case 'gave-up':
    case 'pending':
      return {
        kind: 'failed',
        reason: end.kind === 'gave-up' ? 'worker-gave-up' : 'worker-pending',
        damage,
        detail: `${worker} job ${jid} is ${end.place}`,
      }
  }
}

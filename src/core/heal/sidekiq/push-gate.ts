/** When Mastodon's `pull` queue may be given another job: it carries other work too (docs/mastodon.md#sidekiq). */
import { KnownError } from '../../errors.ts'
import type { Clock } from '../../ports/runtime.ts'
import type { QueueLoad, RedownloadQueue } from '../../ports/vitals.ts'

export interface GateLimits {
  /** Jobs waiting, ours included. */
  readonly maxDepth: number
  /** Age of the oldest waiting job. */
  readonly maxLatencyMs: number
  /** How long Sidekiq may be away, once it has been seen, before the work is given up. */
  readonly patienceMs: number
}

interface Look {
  readonly load: QueueLoad
  readonly atMs: number
  /** Let through since, so that a look counts for a while. */
  pushed: number
}

const LOOK_EVERY_MS = 1_000

export class PushGate {
  readonly #queue: Pick<RedownloadQueue, 'load'>
  readonly #clock: Clock
  readonly #limits: GateLimits
  #look: Look | undefined
  #looking: Promise<Look> | undefined
  #lastRunningMs: number | undefined

  constructor(queue: Pick<RedownloadQueue, 'load'>, clock: Clock, limits: GateLimits) {
    this.#queue = queue
    this.#clock = clock
    this.#limits = limits
  }

  /**
   * Resolves when one more job may be pushed, which then counts as pushed.
   * @throws KnownError `sidekiq-not-running` if nobody takes from the queue, at once or after having been away for too long
   */
  async pass(signal?: AbortSignal): Promise<void> {
    for (;;) {
      signal?.throwIfAborted()
      const look = await this.#recentLook()
      if (this.#isOpen(look)) {
        look.pushed++
        return
      }
      await this.#clock.sleep(LOOK_EVERY_MS, signal)
    }
  }

  #isOpen({ load, atMs, pushed }: Look): boolean {
    if (load.processes === 0) {
      // A restart takes some seconds.
      if (this.#lastRunningMs === undefined || atMs - this.#lastRunningMs > this.#limits.patienceMs)
        throw notRunning()
      return false
    }
    this.#lastRunningMs = atMs
    return load.depth + pushed <= this.#limits.maxDepth && (load.latencyMs ?? 0) <= this.#limits.maxLatencyMs
  }

  async #recentLook(): Promise<Look> {
    if (this.#look !== undefined && this.#clock.now() - this.#look.atMs < LOOK_EVERY_MS) return this.#look
    this.#looking ??= this.#queue
      .load()
      .then((load) => (this.#look = { load, atMs: this.#clock.now(), pushed: 0 }))
      .finally(() => {
        this.#looking = undefined
      })
    return this.#looking
  }
}

function notRunning(): KnownError {
  return new KnownError({
    code: 'sidekiq-not-running',
    what: 'no Sidekiq process takes jobs from Mastodon’s pull queue',
    remedy: 'Start mastodon-sidekiq (with the pull queue among its queues), or heal without Sidekiq',
  })
}

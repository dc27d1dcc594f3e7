/** Jobs that wait in Sidekiq already, whoever pushed them: nothing locks them (docs/mastodon.md#redownload-workers). */
import type { Clock } from '../../ports/runtime.ts'
import type { RedownloadJob, RedownloadQueue } from '../../ports/vitals.ts'
import { jobName } from './redownload-job.ts'

/** Reading everything that waits costs Redis a little; a job too many costs Mastodon one look at a row. */
const REREAD_AFTER_MS = 10 * 60_000

/** Holds a short text for each Redownload job that waits. */
export class WaitingJobs {
  readonly #queue: Pick<RedownloadQueue, 'waiting'>
  readonly #clock: Clock
  #read: { readonly atMs: number; readonly names: Promise<ReadonlySet<string>> } | undefined

  constructor(queue: Pick<RedownloadQueue, 'waiting'>, clock: Clock) {
    this.#queue = queue
    this.#clock = clock
  }

  /** As of the last reading, which is at most some minutes old. */
  async has(job: RedownloadJob): Promise<boolean> {
    const nowMs = this.#clock.now()
    if (this.#read === undefined || nowMs - this.#read.atMs >= REREAD_AFTER_MS)
      this.#read = { atMs: nowMs, names: this.#readAll() }
    const { names } = this.#read
    try {
      return (await names).has(jobName(job))
    } catch (error) {
      if (this.#read?.names === names) this.#read = undefined
      throw error
    }
  }

  async #readAll(): Promise<ReadonlySet<string>> {
    const names = new Set<string>()
    for await (const page of this.#queue.waiting()) for (const job of page) names.add(jobName(job))
    return names
  }
}

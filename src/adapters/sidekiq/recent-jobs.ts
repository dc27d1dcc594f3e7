/** The jobs that were pushed or met lately: what was pushed, and when each was last seen. */

interface Recent {
  /** Null for a job that somebody else pushed. */
  readonly payload: string | null
  readonly seenAtMs: number
}

/** Jobs remembered; a few megabytes. */
const CAPACITY = 10_000

export class RecentJobs {
  /** Longest unseen first. */
  readonly #jobs = new Map<string, Recent>()

  pushed(jid: string, payload: string, nowMs: number): void {
    this.#put(jid, { payload, seenAtMs: nowMs })
  }

  seen(jid: string, nowMs: number): void {
    this.#put(jid, { payload: this.#jobs.get(jid)?.payload ?? null, seenAtMs: nowMs })
  }

  /** It will not be seen again. */
  withdrawn(jid: string): void {
    this.#put(jid, { payload: null, seenAtMs: -Infinity })
  }

  /** Since when a job that is nowhere has not been seen; from now on if it was never heard of. */
  unseenSince(jid: string, nowMs: number): number {
    const known = this.#jobs.get(jid)
    if (known !== undefined) return known.seenAtMs
    this.seen(jid, nowMs)
    return nowMs
  }

  payloadOf(jid: string): string | null {
    return this.#jobs.get(jid)?.payload ?? null
  }

  #put(jid: string, job: Recent): void {
    this.#jobs.delete(jid)
    this.#jobs.set(jid, job)
    if (this.#jobs.size <= CAPACITY) return
    const [oldest] = this.#jobs.keys()
    if (oldest !== undefined) this.#jobs.delete(oldest)
  }
}

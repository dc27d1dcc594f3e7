/**
 * Pushed jobs until each has ended: by a row that names a file which storage holds, and by nothing else, is a picture
 * healed. One question to the database per kind and round for all jobs under way; where jobs are is asked less often, since
 * it means reading Sidekiq's lists.
 */
import type { HealTarget } from '../../model/heal-target.ts'
import type { Kind } from '../../model/media.ts'
import type { MediaRecord } from '../../model/record.ts'
import type { HealSource } from '../../ports/mastodon.ts'
import type { Clock } from '../../ports/runtime.ts'
import type { ObjectReader } from '../../ports/storage.ts'
import type { JobPlace, RedownloadQueue } from '../../ports/vitals.ts'
import { lookAtFiles } from './look-at-files.ts'

export interface WatchPorts {
  readonly queue: Pick<RedownloadQueue, 'places' | 'withdraw'>
  readonly database: Pick<HealSource, 'targetsById'>
  readonly objects: Pick<ObjectReader, 'stat'>
  readonly clock: Clock
}

export interface WatchLimits {
  readonly pollMs: number
  /** How long a job may take from its push on, tries included. */
  readonly patienceMs: number
}

/** `place` says where the job was when it was last looked for. */
export type JobEnd =
  | { readonly kind: 'healed'; readonly bytes: number; readonly verified: boolean }
  | { readonly kind: 'gave-up' | 'pending'; readonly place: JobPlace }
  /** The row is gone. */
  | { readonly kind: 'changed' }

interface Watched {
  readonly jid: string
  /** The row as it was when the job was pushed. */
  readonly seen: MediaRecord
  readonly pushedAtMs: number
  readonly settle: (end: JobEnd) => void
  readonly fail: (reason: unknown) => void
}

/** Rounds from one look at Sidekiq's lists to the next. */
const PLACES_EVERY = 3

export class JobWatch {
  readonly #ports: WatchPorts
  readonly #limits: WatchLimits
  readonly #watched = new Map<string, Watched>()
  #nap = new AbortController()
  #running = false
  #rounds = 0

  constructor(ports: WatchPorts, limits: WatchLimits) {
    this.#ports = ports
    this.#limits = limits
  }

  /**
   * How a job ends that was just pushed. If aborted, it is taken out of the queue and this rejects with the signal's reason,
   * or, if it has begun, ends as pending.
   */
  end(jid: string, seen: MediaRecord, signal?: AbortSignal): Promise<JobEnd> {
    return new Promise<JobEnd>((resolve, reject) => {
      const onAbort = (): void => void this.#withdraw(jid, signal?.reason)
      const done = (): void => {
        signal?.removeEventListener('abort', onAbort)
        this.#watched.delete(jid)
        if (this.#watched.size === 0) this.#nap.abort()
      }
      this.#watched.set(jid, {
        jid,
        seen,
        pushedAtMs: this.#ports.clock.now(),
        settle: (end) => {
          done()
          resolve(end)
        },
        fail: (reason) => {
          done()
          reject(reason)
        },
      })
      signal?.addEventListener('abort', onAbort, { once: true })
      if (signal?.aborted === true) onAbort()
      if (!this.#running) void this.#run()
    })
  }

  async #withdraw(jid: string, reason: unknown): Promise<void> {
    let withdrawn: number
    try {
      withdrawn = await this.#ports.queue.withdraw([jid])
    } catch {
      // Redis does not answer; whether the job runs one day cannot be known, which is what pending means.
      withdrawn = 0
    }
    if (withdrawn > 0) this.#watched.get(jid)?.fail(reason)
    else this.#watched.get(jid)?.settle({ kind: 'pending', place: 'running' })
  }

  async #run(): Promise<void> {
    this.#running = true
    try {
      while (this.#watched.size > 0) {
        this.#nap = new AbortController()
        await this.#ports.clock.sleep(this.#limits.pollMs, this.#nap.signal).catch(() => {})
        if (this.#watched.size > 0) await this.#round()
      }
    } catch (error) {
      for (const watched of this.#watched.values()) watched.fail(error)
    } finally {
      this.#running = false
    }
  }

  async #round(): Promise<void> {
    const rows = await this.#rows([...this.#watched.values()])
    for (const watched of [...this.#watched.values()]) {
      const row = rows.get(nameOf(watched.seen))
      // Every download gets a new name, so an old one cannot have been healed (docs/mastodon.md#file-names).
      if (row === undefined || row.fileName === null || row.fileName === watched.seen.fileName) continue
      const look = await lookAtFiles(this.#ports.objects, row)
      if (look.state === 'whole') watched.settle({ kind: 'healed', bytes: look.bytes, verified: true })
    }
    if (this.#rounds++ % PLACES_EVERY === 0) await this.#lookForJobs()
  }

  async #lookForJobs(): Promise<void> {
    const { queue, clock } = this.#ports
    const places = await queue.places([...this.#watched.keys()])
    const ended = [...this.#watched.values()].flatMap((watched) => {
      const place = places.get(watched.jid)
      // Pushed while we were looking.
      if (place === undefined) return []
      const isOver = place === 'gone' || place === 'dead'
      const isLate = clock.now() - watched.pushedAtMs >= this.#limits.patienceMs
      return isOver || isLate
        ? [{ watched, place, kind: isOver ? ('gave-up' as const) : ('pending' as const) }]
        : []
    })
    if (ended.length === 0) return
    // Once more: it may have ended well between the look at the row and the look at the lists.
    const rows = await this.#rows(ended.map(({ watched }) => watched))
    for (const { watched, place, kind } of ended)
      watched.settle((await this.#lastLook(watched, rows.get(nameOf(watched.seen)))) ?? { kind, place })
  }

  /** Null if the row says nothing good. */
  async #lastLook({ seen }: Watched, row: MediaRecord | undefined): Promise<JobEnd | null> {
    if (row === undefined) return { kind: 'changed' }
    const look = await lookAtFiles(this.#ports.objects, row)
    if (look.state === 'whole') return { kind: 'healed', bytes: look.bytes, verified: true }
    const isNew = row.fileName !== null && row.fileName !== seen.fileName
    return look.state === 'uncertain' && isNew
      ? { kind: 'healed', bytes: row.bytes ?? 0, verified: false }
      : null
  }

  /** The rows as they are now, one statement a kind. */
  async #rows(watched: readonly Watched[]): Promise<ReadonlyMap<string, MediaRecord>> {
    const ids = new Map<Kind, string[]>()
    for (const { seen } of watched) ids.set(seen.kind, [...(ids.get(seen.kind) ?? []), seen.id])
    const targets: HealTarget[] = []
    for (const [kind, some] of ids) targets.push(...(await this.#ports.database.targetsById(kind, some)))
    return new Map(targets.map(({ record }) => [nameOf(record), record]))
  }
}

function nameOf({ kind, id }: MediaRecord): string {
  return `${kind} ${id}`
}

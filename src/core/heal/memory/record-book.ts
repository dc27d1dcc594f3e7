/** What the ledger knows of records, page by page, and what this run adds to it, in batches. */
import type { FailReason } from '../../model/heal-outcome.ts'
import type { HealTarget } from '../../model/heal-target.ts'
import type { Kind } from '../../model/media.ts'
import type { Clock } from '../../ports/runtime.ts'
import type { Ledger, LedgerEntry } from '../../ports/state.ts'
import type { CallOptions } from '../../ports/storage.ts'
import { nextTryMs } from './verdict.ts'

export interface Failure {
  readonly reason: FailReason
  readonly detail: string
  /** The host that said no; '' if none was asked. */
  readonly host: string
  readonly retryAfterMs: number | null
}

/** Entries kept before they are written: what a killed run may ask once more. */
const BATCH = 100

/** The address a target is known by: what the row says, or a card's page. */
export function addressOf({ record, page, owner }: HealTarget): string | null {
  return record.remoteUrl ?? page ?? owner?.uri ?? null
}

export class RecordBook {
  readonly #ledger: Pick<Ledger, 'recall' | 'remember' | 'clear'>
  readonly #clock: Clock
  readonly #chance: () => number
  readonly #toRemember = new Map<string, LedgerEntry>()
  readonly #toClear = new Map<Kind, string[]>()
  /** Whose entry is of an address that the row no longer says. */
  readonly #outdated = new WeakSet<HealTarget>()
  #clearing = 0

  constructor(ledger: Pick<Ledger, 'recall' | 'remember' | 'clear'>, clock: Clock, chance: () => number) {
    this.#ledger = ledger
    this.#clock = clock
    this.#chance = chance
  }

  /** What is known of each target; an entry for another address than the row's counts no more. */
  async recall(
    targets: readonly HealTarget[],
    options: CallOptions,
  ): Promise<ReadonlyMap<HealTarget, LedgerEntry>> {
    const found = new Map<HealTarget, LedgerEntry>()
    for (const [kind, some] of Map.groupBy(targets, ({ record }) => record.kind)) {
      const entries = await this.#ledger.recall(
        kind,
        some.map(({ record }) => record.id),
        options,
      )
      for (const target of some) {
        const entry = entries.get(target.record.id)
        if (entry === undefined) continue
        if (entry.url === addressOf(target)) found.set(target, entry)
        else this.#outdated.add(target)
      }
    }
    return found
  }

  /** `before` is what `recall` gave. */
  async failed(target: HealTarget, before: LedgerEntry | undefined, failure: Failure): Promise<void> {
    const nowMs = this.#clock.now()
    const tries = (before?.tries ?? 0) + 1
    const { kind, id } = target.record
    this.#toRemember.set(`${kind} ${id}`, {
      kind,
      id,
      label: target.label,
      url: addressOf(target),
      host: failure.host,
      outcome: failure.reason,
      detail: failure.detail,
      tries,
      firstTriedAtMs: before?.firstTriedAtMs ?? nowMs,
      lastTriedAtMs: nowMs,
      nextTryAtMs: nextTryMs(failure.reason, tries, failure.retryAfterMs, nowMs, this.#chance()),
    })
    if (this.#toRemember.size >= BATCH) await this.save()
  }

  /** Nothing to remember any more. */
  async healed(target: HealTarget, before: LedgerEntry | undefined): Promise<void> {
    if (before === undefined && !this.#outdated.has(target)) return
    const { kind, id } = target.record
    this.#toClear.set(kind, [...(this.#toClear.get(kind) ?? []), id])
    if (++this.#clearing >= BATCH) await this.save()
  }

  async save(options?: CallOptions): Promise<void> {
    const entries = [...this.#toRemember.values()]
    const cleared = [...this.#toClear]
    this.#toRemember.clear()
    this.#toClear.clear()
    this.#clearing = 0
    if (entries.length > 0) await this.#ledger.remember(entries, options)
    for (const [kind, ids] of cleared) await this.#ledger.clear(kind, ids, options)
  }
}

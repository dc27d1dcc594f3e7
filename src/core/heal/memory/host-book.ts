/** Which hosts are in trouble: what the ledger knows, and what this run learns. One circuit per host. */
import type { FailReason } from '../../model/heal-outcome.ts'
import type { Clock } from '../../ports/runtime.ts'
import type { HostEntry, Ledger } from '../../ports/state.ts'
import type { CallOptions } from '../../ports/storage.ts'
import { blamesHost, hostRestMs } from './verdict.ts'

export interface HostFailure {
  readonly reason: FailReason
  readonly detail: string
  /** The pause it asks for; null if it asks for none. */
  readonly retryAfterMs: number | null
  /** Nobody could connect to it. */
  readonly down: boolean
}

export interface HostBook {
  /** Milliseconds since the epoch. */
  nowMs(): number
  /** Until when nobody may ask this host; null if it may be asked now. */
  restsUntilMs(host: string): number | null
  /** It answered as it should, or said no to one file in order. */
  answered(host: string): void
  /** Counts only what speaks of the host as a whole. */
  failed(host: string, failure: HostFailure): void
  /** Writes down what changed since the last time. */
  save(options?: CallOptions): Promise<void>
}

export async function openHostBook(
  ledger: Pick<Ledger, 'hosts' | 'rememberHosts' | 'clearHosts'>,
  clock: Clock,
  chance: () => number,
  options?: CallOptions,
): Promise<HostBook> {
  const entries = new Map((await ledger.hosts(options)).map((entry) => [entry.host, entry]))
  const changed = new Set<string>()
  return {
    nowMs: () => clock.now(),
    restsUntilMs(host) {
      const until = entries.get(host)?.restsUntilMs ?? null
      return until !== null && until > clock.now() ? until : null
    },
    answered(host) {
      if (entries.delete(host)) changed.add(host)
    },
    failed(host, { reason, detail, retryAfterMs, down }) {
      if (host === '' || !blamesHost(reason)) return
      const before = entries.get(host)
      const nowMs = clock.now()
      const failures = (before?.failures ?? 0) + 1
      // Answers of requests that were under way when the rest began do not lengthen it.
      const resting = before?.restsUntilMs != null && before.restsUntilMs > nowMs
      const restsUntilMs = resting
        ? Math.max(before.restsUntilMs ?? 0, nowMs + (retryAfterMs ?? 0))
        : hostRestMs(reason, down, failures, retryAfterMs, nowMs, chance())
      entries.set(host, {
        host,
        outcome: reason,
        detail,
        failures: resting ? before.failures : failures,
        lastTriedAtMs: nowMs,
        restsUntilMs,
      })
      changed.add(host)
    },
    async save(saveOptions) {
      const hosts = [...changed]
      changed.clear()
      const known = hosts.map((host) => entries.get(host)).filter((entry): entry is HostEntry => !!entry)
      if (known.length > 0) await ledger.rememberHosts(known, saveOptions)
      const cleared = hosts.filter((host) => !entries.has(host))
      if (cleared.length > 0) await ledger.clearHosts(cleared, saveOptions)
    },
  }
}

/** The sum of a heal run. */
import type { AccountPicture } from '../model/account-picture.ts'
import {
  HOPELESS,
  type Damage,
  type FailReason,
  type HealOutcome,
  type SkipReason,
} from '../model/heal-outcome.ts'

/** One thing that went wrong, for the list a person reads. */
export interface HealFailure {
  readonly handle: string
  readonly which: AccountPicture['which']
  readonly reason: FailReason
  readonly detail: string
  readonly host: string
}

/** What came of all pictures, added up. */
export interface HealCounts {
  /** Pictures looked at: two for each account. */
  readonly examined: number
  readonly fine: number
  readonly broken: Readonly<Record<Damage, number>>
  readonly healed: number
  /** Broken, and the origin has nothing to give. */
  readonly hopeless: number
  /** Broken still, for a reason that may pass. */
  readonly unhealed: number
  /** The row changed while we worked; its newer state stands. */
  readonly changed: number
  readonly failed: Readonly<Partial<Record<FailReason, number>>>
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>
  /** Failures by origin host, most first, at most twenty. */
  readonly hosts: readonly { readonly host: string; readonly failures: number }[]
  /** The first hundred failures. */
  readonly failures: readonly HealFailure[]
  /** Healed, but storage would not confirm it afterwards. */
  readonly unverified: number
  readonly bytesStored: number
}

const LISTED_FAILURES = 100
const LISTED_HOSTS = 20

/** Adds outcomes up; keeps the first hundred failures and the worst hosts, never every one. */
export class HealTally {
  #examined = 0
  #fine = 0
  #healed = 0
  #changed = 0
  #bytes = 0
  #unverified = 0
  readonly #broken: Record<Damage, number> = { pruned: 0, missing: 0 }
  readonly #failed: Partial<Record<FailReason, number>> = {}
  readonly #skipped: Partial<Record<SkipReason, number>> = {}
  readonly #hosts = new Map<string, number>()
  readonly #failures: HealFailure[] = []

  count(picture: AccountPicture, outcome: HealOutcome): void {
    this.#examined++
    if (outcome.kind !== 'fine' && outcome.damage !== null) this.#broken[outcome.damage]++
    switch (outcome.kind) {
      case 'fine':
        this.#fine++
        break
      case 'healed':
        this.#healed++
        this.#bytes += outcome.bytes
        if (!outcome.verified) this.#unverified++
        break
      case 'changed':
        this.#changed++
        break
      case 'skipped':
        this.#skipped[outcome.reason] = (this.#skipped[outcome.reason] ?? 0) + 1
        break
      case 'failed':
        this.#countFailure(picture, outcome)
        break
    }
  }

  #countFailure(picture: AccountPicture, outcome: Extract<HealOutcome, { kind: 'failed' }>): void {
    const { reason, detail } = outcome
    const host = hostOf(picture.record.remoteUrl)
    this.#failed[reason] = (this.#failed[reason] ?? 0) + 1
    this.#hosts.set(host, (this.#hosts.get(host) ?? 0) + 1)
    if (this.#failures.length < LISTED_FAILURES)
      this.#failures.push({ handle: picture.handle, which: picture.which, reason, detail, host })
  }

  result(): HealCounts {
    const failures = Object.values(this.#failed).reduce((a, b) => a + b, 0)
    const hopeless = HOPELESS.reduce((sum, reason) => sum + (this.#failed[reason] ?? 0), 0)
    return {
      examined: this.#examined,
      fine: this.#fine,
      broken: this.#broken,
      healed: this.#healed,
      hopeless,
      unhealed: failures - hopeless,
      changed: this.#changed,
      failed: this.#failed,
      skipped: this.#skipped,
      hosts: [...this.#hosts]
        .map(([host, count]) => ({ host, failures: count }))
        .sort((a, b) => b.failures - a.failures || (a.host < b.host ? -1 : 1))
        .slice(0, LISTED_HOSTS),
      failures: this.#failures,
      unverified: this.#unverified,
      bytesStored: this.#bytes,
    }
  }
}

function hostOf(url: string | null): string {
  return url !== null && URL.canParse(url) ? new URL(url).host : '(no host)'
}

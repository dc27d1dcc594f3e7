/** The sum of a heal run. */
import {
  HOPELESS,
  type Damage,
  type FailReason,
  type HealedFrom,
  type HealOutcome,
  type SkipReason,
} from '../model/heal-outcome.ts'
import type { HealTarget } from '../model/heal-target.ts'
import { KINDS, type Kind } from '../model/media.ts'

/** One thing that went wrong, for the list a person reads. */
export interface HealFailure {
  readonly handle: string
  readonly which: Kind
  readonly reason: FailReason
  readonly detail: string
  readonly host: string
}

/** What came of all records, added up. */
export interface HealCounts {
  /** Records looked at: those that name a file or know where one is. */
  readonly examined: number
  readonly fine: number
  readonly broken: Readonly<Record<Damage, number>>
  readonly healed: number
  /** Healed by kind, under the plural. */
  readonly kinds: Readonly<Record<string, number>>
  /** Healed by where they came from. */
  readonly from: Readonly<Partial<Record<HealedFrom, number>>>
  /** Attachments that name nothing now, so that they come back when somebody looks. */
  readonly cleared: number
  /** Broken, and the origin has nothing to give: tried now, or known from before. */
  readonly hopeless: number
  /** Tried in this run and broken still, for a reason that may pass. */
  readonly unhealed: number
  /** The row changed while we worked; its newer state stands. */
  readonly changed: number
  readonly failed: Readonly<Partial<Record<FailReason, number>>>
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>
  /** Not asked again yet, by how the last try ended. */
  readonly waiting: Readonly<Partial<Record<FailReason, number>>>
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
/** Hosts counted by name; those that come later are counted together, so that memory has an end. */
const COUNTED_HOSTS = 10_000
const OTHER_HOSTS = '(other hosts)'

/** Adds outcomes up; keeps the first hundred failures and a bounded number of hosts, never every one. */
export class HealTally {
  #examined = 0
  #fine = 0
  #healed = 0
  #cleared = 0
  #changed = 0
  #bytes = 0
  #unverified = 0
  #knownHopeless = 0
  readonly #broken: Record<Damage, number> = { pruned: 0, missing: 0 }
  readonly #kinds: Record<string, number> = {}
  readonly #from: Partial<Record<HealedFrom, number>> = {}
  readonly #failed: Partial<Record<FailReason, number>> = {}
  readonly #skipped: Partial<Record<SkipReason, number>> = {}
  readonly #waiting: Partial<Record<FailReason, number>> = {}
  readonly #hosts = new Map<string, number>()
  readonly #failures: HealFailure[] = []

  /** @param host the host that said no; '' for none */
  count(target: HealTarget, outcome: HealOutcome, host = ''): void {
    this.#examined++
    if (outcome.kind !== 'fine' && outcome.damage !== null) this.#broken[outcome.damage]++
    switch (outcome.kind) {
      case 'fine':
        this.#fine++
        break
      case 'healed':
        this.#healed++
        add(this.#kinds, KINDS[target.record.kind].plural)
        add(this.#from, outcome.from)
        this.#bytes += outcome.bytes
        if (!outcome.verified) this.#unverified++
        break
      case 'cleared':
        this.#cleared++
        break
      case 'changed':
        this.#changed++
        break
      case 'skipped':
        add(this.#skipped, outcome.reason)
        break
      case 'failed':
        this.#countFailure(target, outcome, host)
        break
    }
  }

  /** Broken, and not asked again yet: `last` is how the last try ended. */
  countWaiting(damage: Damage, last: FailReason): void {
    this.#examined++
    this.#broken[damage]++
    add(this.#skipped, 'not-yet')
    add(this.#waiting, last)
    if (HOPELESS.includes(last)) this.#knownHopeless++
  }

  /** Broken, and worth a try: what a plan counts instead of trying. */
  countFixable(damage: Damage): void {
    this.#examined++
    this.#broken[damage]++
  }

  #countFailure(target: HealTarget, outcome: Extract<HealOutcome, { kind: 'failed' }>, host: string): void {
    const { reason, detail } = outcome
    add(this.#failed, reason)
    const counted = this.#hosts.has(host) || this.#hosts.size < COUNTED_HOSTS ? host : OTHER_HOSTS
    this.#hosts.set(counted, (this.#hosts.get(counted) ?? 0) + 1)
    if (this.#failures.length < LISTED_FAILURES)
      this.#failures.push({ handle: target.label, which: target.record.kind, reason, detail, host })
  }

  result(): HealCounts {
    const failures = Object.values(this.#failed).reduce((a, b) => a + b, 0)
    const hopeless = HOPELESS.reduce((sum, reason) => sum + (this.#failed[reason] ?? 0), 0)
    return {
      examined: this.#examined,
      fine: this.#fine,
      broken: this.#broken,
      healed: this.#healed,
      kinds: this.#kinds,
      from: this.#from,
      cleared: this.#cleared,
      hopeless: hopeless + this.#knownHopeless,
      unhealed: failures - hopeless,
      changed: this.#changed,
      failed: this.#failed,
      skipped: this.#skipped,
      waiting: this.#waiting,
      hosts: [...this.#hosts]
        .filter(([host]) => host !== '')
        .map(([host, count]) => ({ host, failures: count }))
        .sort((a, b) => b.failures - a.failures || (a.host < b.host ? -1 : 1))
        .slice(0, LISTED_HOSTS),
      failures: this.#failures,
      unverified: this.#unverified,
      bytesStored: this.#bytes,
    }
  }
}

function add<Key extends string>(counts: Partial<Record<Key, number>>, key: Key): void {
  counts[key] = (counts[key] ?? 0) + 1
}

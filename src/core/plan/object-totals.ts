/** Objects added up as a plan's totals: no rows, no domains, ages by their last modification. */
import type { Kind } from '../model/media.ts'
import { AGE_ENDS_DAYS, type AgeTally, type PruneTotals } from '../model/prune-candidate.ts'
import { addTo, emptyTally, tallyOf, type Tally } from '../model/tally.ts'

export interface CountedObject {
  /** Null for what is of no kind: counted in the sum only. */
  readonly kind: Kind | null
  readonly bytes: number
  readonly modifiedAtMs: number
}

const DAY_MS = 86_400_000

export class ObjectTotals {
  readonly #nowMs: number
  readonly #files = emptyTally()
  readonly #byKind: Partial<Record<Kind, Tally>> = {}
  readonly #byAge: readonly (AgeTally & Tally)[]

  constructor(nowMs: number) {
    this.#nowMs = nowMs
    const ends = [...AGE_ENDS_DAYS, null]
    this.#byAge = ends.map((toDays, i) => ({ fromDays: ends[i - 1] ?? 0, toDays, ...emptyTally() }))
  }

  add({ kind, bytes, modifiedAtMs }: CountedObject): void {
    addTo(this.#files, bytes)
    if (kind !== null) addTo(tallyOf(this.#byKind, kind), bytes)
    const days = (this.#nowMs - modifiedAtMs) / DAY_MS
    const bucket = this.#byAge.find(({ toDays }) => toDays === null || days < toDays)
    if (bucket !== undefined) addTo(bucket, bytes)
  }

  totals(): PruneTotals {
    return {
      rows: 0,
      files: { ...this.#files },
      byKind: structuredClone(this.#byKind),
      topDomains: [],
      byAge: this.#byAge.map((bucket) => ({ ...bucket })),
    }
  }
}

/** What a run has done, added up batch by batch: over all its processes, and by this one. */
import type { Kind } from '../model/media.ts'
import type { RunCounts } from '../model/run.ts'
import { addTo, tallyOf, type Tally } from '../model/tally.ts'

/** What one batch came to. */
export interface BatchCounts {
  readonly rows: number
  readonly files: readonly { readonly kind: Kind; readonly bytes: number }[]
  readonly objectsRemoved: number
  readonly objectsMoved: number
  readonly changed: number
  readonly refused: number
}

export class RunBook {
  #rows: number
  readonly #files: Tally
  readonly #byKind: Partial<Record<Kind, Tally>> = {}
  #objectsRemoved: number
  #objectsMoved: number
  #changed: number
  #refused: number
  #filesHere = 0
  #objectsHere = 0
  #refusedHere = 0

  /** @param before what earlier processes of the run did */
  constructor(before: RunCounts) {
    this.#rows = before.rows
    this.#files = { ...before.files }
    for (const [kind, tally] of Object.entries(before.byKind) as [Kind, Tally][])
      this.#byKind[kind] = { ...tally }
    this.#objectsRemoved = before.objectsRemoved
    this.#objectsMoved = before.objectsMoved
    this.#changed = before.changed
    this.#refused = before.refused
  }

  add(batch: BatchCounts): void {
    this.#rows += batch.rows
    for (const { kind, bytes } of batch.files) {
      addTo(this.#files, bytes)
      addTo(tallyOf(this.#byKind, kind), bytes)
    }
    this.#filesHere += batch.files.length
    this.#objectsRemoved += batch.objectsRemoved
    this.#objectsMoved += batch.objectsMoved
    this.#changed += batch.changed
    this.#refused += batch.refused
    this.#objectsHere += batch.objectsRemoved + batch.objectsMoved
    this.#refusedHere += batch.refused
  }

  /** What is of no kind: remains of uploads, old versions. */
  addObjects(count: number, bytes: number, refused: number): void {
    addTo(this.#files, bytes, count)
    this.#filesHere += count
    this.#objectsRemoved += count
    this.#refused += refused
  }

  /** Of the run. */
  counts(): RunCounts {
    return {
      rows: this.#rows,
      files: { ...this.#files },
      byKind: Object.fromEntries(
        Object.entries(this.#byKind).map(([kind, tally]) => [kind, { ...(tally as Tally) }]),
      ),
      objectsRemoved: this.#objectsRemoved,
      objectsMoved: this.#objectsMoved,
      changed: this.#changed,
      refused: this.#refused,
    }
  }

  /** What storage did of what this process asked for, as rows were let go. */
  get storageHere(): { readonly done: number; readonly refused: number } {
    return { done: this.#objectsHere, refused: this.#refusedHere }
  }

  /** Files let go by this process. */
  get filesHere(): number {
    return this.#filesHere
  }
}

/**
 * What a batch names, taken away part by part. All parts but the last are noted in the journal, the last is told by the closing
 * of the batch: whoever dies in between leaves less than the batch to be asked for again.
 */
import type { BatchOutcome, BatchPart } from '../model/run.ts'
import type { ApplyPorts, UnderLease } from './apply-ports.ts'
import type { TakenAway } from './take-away.ts'

/** Nothing of the batch was seen to. */
export const NOTHING_SEEN: BatchPart = {
  through: 0,
  gone: 0,
  leftAlone: [],
  refused: [],
  refusedBecause: null,
}

export interface PartedBatch<Item> {
  readonly run: string
  readonly number: number
  /** Everything it names, in its own order. */
  readonly items: readonly Item[]
  readonly keyOf: (item: Item) => string
  /** False for what must not go; nothing is concluded from it. Default all. */
  readonly mayGo?: (item: Item) => boolean
  /** Goes on behind it, and tries again what was refused. */
  readonly before: BatchPart
}

export interface PartsTaken extends Omit<BatchPart, 'through'> {
  /** By this process. */
  readonly takenNow: readonly string[]
}

/**
 * @param split into parts, in order; each is done when `take` resolves
 * @throws KnownError as `take`, or `lease-lost`: what was noted stays noted
 */
export async function inParts<Item>(
  { state: { runs } }: Pick<ApplyPorts, 'state'>,
  { lease }: UnderLease,
  { run, number, items, keyOf, mayGo = () => true, before }: PartedBatch<Item>,
  split: (places: readonly number[]) => readonly (readonly number[])[],
  take: (some: readonly Item[]) => Promise<TakenAway & { readonly leftAlone?: readonly string[] }>,
): Promise<PartsTaken> {
  const again = new Set(before.refused)
  const places = [...items.keys()].filter((place) => {
    const item = items[place]!
    return (place >= before.through || again.has(keyOf(item))) && mayGo(item)
  })
  const takenNow: string[] = []
  const refused: string[] = []
  const leftAlone = new Set(before.leftAlone)
  let because: string | null = null
  const parts = split(places)
  for (const [i, part] of parts.entries()) {
    const taken = await take(part.map((place) => items[place]!))
    takenNow.push(...taken.gone)
    refused.push(...taken.refused)
    because ??= taken.because
    for (const one of taken.leftAlone ?? []) leftAlone.add(one)
    const next = parts[i + 1]?.[0]
    if (next !== undefined) await runs.notePart(run, number, soFar(next), lease)
  }
  return { ...soFar(items.length), takenNow }

  function soFar(next: number): BatchPart {
    const untried = places.filter((place) => place >= next && place < before.through)
    const still: BatchOutcome = {
      leftAlone: [...leftAlone],
      refused: [...refused, ...untried.map((place) => keyOf(items[place]!))],
      refusedBecause: because ?? (untried.length > 0 ? before.refusedBecause : null),
    }
    return { ...still, through: Math.max(before.through, next), gone: before.gone + takenNow.length }
  }
}

import { SourceDisagreement } from '../errors.ts'
import { Cursor } from './cursor.ts'

/**
 * Several sorted runs of batches into one, still in batches. Equal keys of different runs come in the runs' order.
 *
 * Usually one run holds nearly everything (18-digit ids), so the smallest run is emptied up to the head of the second
 * smallest before the heads are compared again. A run that is not sorted ends the merge with an error.
 */
export async function* mergeRuns<T>(
  runs: readonly AsyncIterable<readonly T[]>[],
  keyOf: (item: T) => string,
  compare: (a: string, b: string) => number,
): AsyncGenerator<readonly T[]> {
  const cursors = runs.map((run) => new Cursor(run))
  try {
    const live: Cursor<T>[] = []
    for (const cursor of cursors) if (await cursor.load()) live.push(cursor)
    let previous: string | undefined
    while (live.length > 0) {
      const [first, limit] = smallest(live, keyOf, compare)
      const batch: T[] = []
      for (let item = first.item; item !== undefined; item = first.item) {
        const key = keyOf(item)
        if (limit !== undefined && compare(key, limit) > 0) break
        if (previous !== undefined && compare(previous, key) > 0) throw unsorted(previous, key)
        previous = key
        batch.push(item)
        first.step()
      }
      if (batch.length > 0) yield batch
      if (first.item === undefined && !(await first.load())) live.splice(live.indexOf(first), 1)
    }
  } finally {
    for (const cursor of cursors) await cursor.close()
  }
}

/** The cursor with the smallest head, and the smallest head among the others. */
function smallest<T>(
  live: readonly Cursor<T>[],
  keyOf: (item: T) => string,
  compare: (a: string, b: string) => number,
): [Cursor<T>, string | undefined] {
  let first: Cursor<T> | undefined
  let firstKey = ''
  let second: string | undefined
  for (const cursor of live) {
    const key = keyOf(cursor.item as T)
    if (first === undefined || compare(key, firstKey) < 0) {
      if (first !== undefined) second = firstKey
      first = cursor
      firstKey = key
    } else if (second === undefined || compare(key, second) < 0) {
      second = key
    }
  }
  return [first as Cursor<T>, second]
}

function unsorted(before: string, after: string): SourceDisagreement {
  return new SourceDisagreement({
    code: 'records-out-of-order',
    what: `the database gave ${after} after ${before}, which is not key order`,
    remedy: 'nothing was decided from this scan; please report it with the output of cornac doctor --json',
  })
}

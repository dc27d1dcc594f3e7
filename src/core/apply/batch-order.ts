/** The order in which the objects of a batch go: told by its content alone, so that every process counts alike. */
import type { PruneCandidate } from '../model/prune-candidate.ts'

/**
 * Every key of these rows, also of those that turn out to be left alone. One kind after the other: in the order of the ids,
 * neighbours share folders. Objects, uploads and versions go in the order in which their batch names them.
 */
export function keysOf(candidates: readonly PruneCandidate[]): readonly string[] {
  const kinds = new Map<string, string[]>()
  for (const { files } of candidates)
    for (const { record, keys } of files) {
      const some = kinds.get(record.kind)
      if (some === undefined) kinds.set(record.kind, [...keys])
      else some.push(...keys)
    }
  return [...kinds.values()].flat()
}

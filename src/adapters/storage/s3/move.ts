/** Gives objects other keys: a copy within the store, then the removal of the old object. */
import type { CallOptions, Moved, MoveAccess, MovePair, ObjectStat } from '../../../core/ports/storage.ts'
import { moveObjection } from '../move-check.ts'
import { askInRounds, type Settled } from './ask-in-rounds.ts'
import { createSinglyAsker, type SinglyAsker } from './ask-singly.ts'
import type { S3Connection } from './connection.ts'
import { copyObject, copyOutcomeOf, LARGEST_COPY_BYTES, NOTHING_THERE } from './copy-object.ts'
import { nameOf, type StoreTarget } from './outcome.ts'
import type { Pause } from './patience.ts'
import type { S3Remover } from './remove.ts'

export type S3Mover = (
  pairs: readonly MovePair[],
  access: MoveAccess,
  options: CallOptions,
) => Promise<readonly Moved[]>

/** Copies between two looks at who was refused. */
const COPIES_IN_A_ROUND = 1000
/** How stores refuse a copy of what is too large, among other things. */
const MAYBE_TOO_LARGE = /^(?:InvalidRequest|InvalidArgument|EntityTooLarge)\b/
/** Looks at single objects under way at once. */
const LOOKS_AT_ONCE = 16

/**
 * See the port. Copies go side by side and with the patience of removals; only a source whose copy the store confirmed is
 * removed, in bulk, and every answer is read. One that cannot be removed is refused: then both objects are there.
 */
export function createMover(
  connection: S3Connection,
  look: (key: string, options: CallOptions) => Promise<ObjectStat>,
  remove: S3Remover,
  pause: Pause,
): S3Mover {
  const copiersOf = (access: MoveAccess): SinglyAsker =>
    createSinglyAsker(
      ({ key, id }, signal) => copyObject(connection, key, id!, access, signal),
      pause,
      (error) => copyOutcomeOf(connection, error),
    )
  const copiers = { private: copiersOf('private'), 'as-stored': copiersOf('as-stored') }

  return async (pairs, access, options) => {
    const { signal } = options
    signal?.throwIfAborted()
    const allowed = new Map<string, StoreTarget>()
    for (const pair of pairs)
      if (moveObjection(pair, access) === null) allowed.set(nameOf(copyOf(pair)), copyOf(pair))
    const asker = { size: () => COPIES_IN_A_ROUND, ask: copiers[access] }
    const doing = `copy within ${connection.description}`
    const copies = await askInRounds(connection, asker, pause, doing, [...allowed.values()], signal)

    const copied = [...allowed.values()].filter((target) => copies.get(nameOf(target))!.done)
    const sources = copied.map(({ key }) => ({ key, id: null }))
    const removals = sources.length === 0 ? [] : await remove(sources, options)
    const removed = new Map(copied.map((target, at) => [nameOf(target), removals[at]!]))

    const answers: Moved[] = []
    let next = 0
    async function lane(): Promise<void> {
      while (next < pairs.length) {
        const at = next++
        answers[at] = await answerOf(pairs[at]!)
      }
    }
    async function answerOf({ from, to }: MovePair): Promise<Moved> {
      const objection = moveObjection({ from, to }, access)
      if (objection !== null) return { from, to, state: 'refused', reason: objection }
      const name = nameOf(copyOf({ from, to }))
      const removal = removed.get(name)
      if (removal?.removed === true) return { from, to, state: 'moved' }
      if (removal !== undefined)
        return { from, to, state: 'refused', reason: `copied, but the old object stays: ${removal.reason}` }
      return { from, to, ...(await explain({ from, to }, copies.get(name)!, look, options)) }
    }
    await Promise.all(Array.from({ length: Math.min(LOOKS_AT_ONCE, pairs.length) }, lane))
    return answers
  }
}

/** A copy is told from others by both its ends. */
function copyOf({ from, to }: MovePair): StoreTarget {
  return { key: from, id: to }
}

/** Why there is no copy: nothing was there, perhaps because it was moved before; or it is too large; or what the store said. */
async function explain(
  { from, to }: MovePair,
  copy: Settled,
  look: (key: string, options: CallOptions) => Promise<ObjectStat>,
  options: CallOptions,
): Promise<{ state: 'moved' | 'absent' } | { state: 'refused'; reason: string }> {
  const reason = copy.done ? '' : copy.reason
  if (reason === NOTHING_THERE) {
    const there = await look(to, options)
    if (there.state === 'unknown') return { state: 'refused', reason: there.reason }
    return { state: there.state === 'present' ? 'moved' : 'absent' }
  }
  if (!MAYBE_TOO_LARGE.test(reason)) return { state: 'refused', reason }
  const source = await look(from, options)
  if (source.state === 'present' && source.bytes > LARGEST_COPY_BYTES)
    return { state: 'refused', reason: 'larger than 5 GB, which S3 does not copy in one piece' }
  return { state: 'refused', reason }
}

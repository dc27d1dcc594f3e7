/**
 * Objects that no row names, taken out of storage: removed, or moved to quarantine. Every answer is read.
 *
 * The lease is asked for before each call, and its loss ends the call: a process that stood still, and whose run somebody else
 * has taken back meanwhile, must not take away what rows name again.
 */
import { inParallel } from '../in-parallel.ts'
import { quarantineKey, type Quarantine } from '../model/own-keys.ts'
import type { MovePair } from '../ports/storage.ts'
import type { ApplyPorts, UnderLease } from './apply-ports.ts'

/** Calls that remove, at once at most: a store works on one while the next is on its way. */
const CALLS_AT_ONCE = 8

export interface TakenAway {
  /** Keys that are not where they were: gone before counts too. */
  readonly gone: readonly string[]
  readonly refused: readonly string[]
  /** What the store said of the first that it refused; null if it refused none. */
  readonly because: string | null
}

/**
 * @param keys of remote records' files: the caller has seen the rows, and vouches for those outside `cache/`
 * @throws KnownError if storage as a whole is out of reach, or the lease is lost: some may be gone without an answer
 */
export async function removeKeys(
  ports: Pick<ApplyPorts, 'objects'>,
  work: UnderLease,
  keys: readonly string[],
): Promise<TakenAway> {
  const gone: string[] = []
  const refused: string[] = []
  let because: string | null = null
  const withdraw = ports.objects.vouchFor(keys.filter((key) => !key.startsWith('cache/')))
  try {
    const calls = evenSlices(keys, keysPerCall(ports))
    // As many in each round: a last one alone would leave the store idle.
    const rounds = Math.max(1, Math.ceil(calls.length / CALLS_AT_ONCE))
    await inParallel([calls], Math.ceil(calls.length / rounds), async (some) => {
      await work.pace(requestsFor(ports, some.length))
      await work.lease.check()
      for (const answer of await ports.objects.remove(some, { signal: work.lease.signal }))
        if (answer.removed) gone.push(answer.key)
        else {
          refused.push(answer.key)
          because ??= answer.reason
        }
    })
  } finally {
    withdraw()
  }
  return { gone, refused, because }
}

/** Moves objects under `cache/` to quarantine; what is not there any more counts as gone. Again does no harm. */
export async function quarantineKeys(
  ports: Pick<ApplyPorts, 'objects'>,
  work: UnderLease,
  quarantine: Quarantine,
  keys: readonly string[],
): Promise<TakenAway> {
  return move(ports, work, keys, (key) => ({ from: key, to: quarantineKey(quarantine, key) }), 'private')
}

/** Moves objects back out of quarantine. Those that are not in it are not `gone`. */
export async function bringBackKeys(
  ports: Pick<ApplyPorts, 'objects'>,
  work: UnderLease,
  quarantine: Quarantine,
  keys: readonly string[],
): Promise<TakenAway> {
  return move(ports, work, keys, (key) => ({ from: quarantineKey(quarantine, key), to: key }), 'as-stored')
}

async function move(
  ports: Pick<ApplyPorts, 'objects'>,
  work: UnderLease,
  keys: readonly string[],
  pairOf: (key: string) => MovePair,
  access: 'private' | 'as-stored',
): Promise<TakenAway> {
  const gone: string[] = []
  const refused: string[] = []
  let because: string | null = null
  // One call after the other: each copies many objects at once.
  await inParallel([evenSlices(keys, keysPerCall(ports))], 1, async (some) => {
    // A copy for each, and their removal together.
    await work.pace(some.length + requestsFor(ports, some.length))
    await work.lease.check()
    const answers = await ports.objects.move(some.map(pairOf), access, { signal: work.lease.signal })
    for (const [i, answer] of answers.entries()) {
      const key = some[i]!
      if (answer.state === 'refused') {
        refused.push(key)
        because ??= answer.reason
      } else if (answer.state === 'moved' || access === 'private') gone.push(key)
    }
  })
  return { gone, refused, because }
}

/** Requests that removing so many keys takes, at least. */
function requestsFor({ objects }: Pick<ApplyPorts, 'objects'>, keys: number): number {
  return objects.traits.listPage === null ? 0 : Math.ceil(keys / objects.traits.removeBatch)
}

/** A file system has no requests, and works best on many files at once. */
function keysPerCall({ objects }: Pick<ApplyPorts, 'objects'>): number {
  return objects.traits.listPage === null ? 20_000 : objects.traits.removeBatch
}

/**
 * What goes between two notes in the journal: whole calls, so that no part costs a request. As many as run at once, but two
 * parts wherever there are two calls: the last part is what a death repeats.
 */
export function partsToRemove(
  ports: Pick<ApplyPorts, 'objects'>,
): <T>(all: readonly T[]) => readonly (readonly T[])[] {
  return (all) => partsOf(all, keysPerPartedCall(ports, all.length), CALLS_AT_ONCE)
}

/** As `partsToRemove`; of moves one call follows the other. */
export function partsToMove(
  ports: Pick<ApplyPorts, 'objects'>,
): <T>(all: readonly T[]) => readonly (readonly T[])[] {
  return (all) => partsOf(all, keysPerPartedCall(ports, all.length), 1)
}

/** @param mostCalls of `perCall` each in a part */
export function partsOf<T>(all: readonly T[], perCall: number, mostCalls: number): readonly (readonly T[])[] {
  const calls = evenSlices(all, perCall)
  const parts = Math.max(Math.min(2, calls.length), Math.ceil(calls.length / mostCalls))
  return parts === 0
    ? []
    : evenSlices(calls, Math.ceil(calls.length / parts)).map((some) => some.flatMap((call) => call))
}

/** On a disk a call more costs no request: there are two of them always. */
function keysPerPartedCall(ports: Pick<ApplyPorts, 'objects'>, keys: number): number {
  const most = keysPerCall(ports)
  return ports.objects.traits.listPage === null ? Math.min(most, Math.ceil(keys / 2)) : most
}

/** As few parts as possible, of almost the same size. */
function evenSlices<T>(all: readonly T[], most: number): readonly (readonly T[])[] {
  const count = Math.ceil(all.length / most)
  return Array.from({ length: count }, (_, i) =>
    all.slice(Math.floor((i * all.length) / count), Math.floor(((i + 1) * all.length) / count)),
  )
}

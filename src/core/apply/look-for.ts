/** Which of some objects are there: one look each. */
import { inParallel } from '../in-parallel.ts'
import type { CallOptions, ObjectReader } from '../ports/storage.ts'

const LOOKS_AT_ONCE = 32

/** What came of the looks; storage says of all others that they are not there. */
export interface Looked {
  /** Storage says that they are there. */
  readonly there: ReadonlySet<string>
  /** Storage says neither that they are there nor that they are not. */
  readonly unsure: ReadonlySet<string>
}

/** @throws KnownError if storage stops working */
export async function lookFor(
  { objects }: { readonly objects: Pick<ObjectReader, 'stat'> },
  keys: readonly string[],
  options: CallOptions,
): Promise<Looked> {
  const there = new Set<string>()
  const unsure = new Set<string>()
  await inParallel(
    [keys],
    LOOKS_AT_ONCE,
    async (key) => {
      const { state } = await objects.stat(key, options)
      if (state === 'present') there.add(key)
      if (state === 'unknown') unsure.add(key)
    },
    options.signal,
  )
  return { there, unsure }
}

/** Which of some objects are there: one look each. */
import { inParallel } from '../in-parallel.ts'
import type { CallOptions, ObjectReader } from '../ports/storage.ts'

const LOOKS_AT_ONCE = 32

/** The keys that storage says are there. @throws KnownError if it stops working */
export async function present(
  { objects }: { readonly objects: Pick<ObjectReader, 'stat'> },
  keys: readonly string[],
  options: CallOptions,
): Promise<ReadonlySet<string>> {
  const there = new Set<string>()
  await inParallel(
    [keys],
    LOOKS_AT_ONCE,
    async (key) => {
      if ((await objects.stat(key, options)).state === 'present') there.add(key)
    },
    options.signal,
  )
  return there
}

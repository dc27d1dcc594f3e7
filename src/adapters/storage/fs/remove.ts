/** Removes files and the folders that become empty. */
import type { CallOptions, Removal } from '../../../core/ports/storage.ts'
import type { RootGuard } from './confirm-root.ts'
import type { RemoveJob, RemoveResult } from './remove-batch.ts'
import { removeFew } from './remove-few.ts'
import type { ThreadPool } from './thread-pool.ts'

/** So many are worth a thread's start, some 40 ms and 30 MB. */
const WORTH_A_THREAD = 64
/** Keys of a job: some 30 ms of work, so that an abort is soon heard. */
const BATCH = 1000

/**
 * One answer per key, in the order given. With each file its empty parents go too, never the media folder itself
 * (docs/mastodon.md#clearing). On abort, and if the media folder itself is gone or another, it throws; then nothing goes on, and
 * files whose turn had come are gone.
 */
export async function removeObjects(
  root: string,
  guard: RootGuard,
  keys: readonly string[],
  pool: ThreadPool<RemoveJob, RemoveResult>,
  { signal }: CallOptions,
): Promise<readonly Removal[]> {
  signal?.throwIfAborted()
  await guard.remember()
  if (keys.length < WORTH_A_THREAD) return await removeFew(root, guard, keys, { signal })
  const reasons = new Map<string, string>()
  const sorted = neighbourly(keys.filter((key) => !holdsNul(key)))
  for (const key of keys) if (holdsNul(key)) reasons.set(key, 'the key holds a NUL')
  let absent = false
  let next = 0
  async function lane(): Promise<void> {
    while (next < sorted.length && signal?.aborted !== true) {
      const from = next
      next += BATCH
      const result = await pool.run({ root, keys: sorted.slice(from, next).join('\0') })
      for (const { key, reason } of result.refused) reasons.set(key, reason)
      absent ||= result.absent
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: pool.appetite }, lane))
  signal?.throwIfAborted()
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  if (absent) await guard.confirm()
  return keys.map((key) => {
    const reason = reasons.get(key)
    return reason === undefined ? { key, removed: true } : { key, removed: false, reason }
  })
}

/** Files of one folder beside each other. Callers mostly ask in key order: then nothing is copied. */
function neighbourly(keys: readonly string[]): readonly string[] {
  for (let i = 1; i < keys.length; i++) if (keys[i - 1]! > keys[i]!) return keys.toSorted()
  return keys
}

function holdsNul(key: string): boolean {
  return key.includes('\0')
}

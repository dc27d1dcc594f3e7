/** Removes a few files and the folders that become empty, without a thread. */
import { rmdir, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CallOptions, Removal } from '../../../core/ports/storage.ts'
import { keyObjection } from '../key-check.ts'
import type { RootGuard } from './confirm-root.ts'
import { isAbsent, phraseOf } from './failure.ts'

/** Files being removed at once. */
const AT_ONCE = 16

/** As `removeObjects` promises, one file after the other in a few lanes. */
export async function removeFew(
  root: string,
  guard: RootGuard,
  keys: readonly string[],
  { signal }: CallOptions,
): Promise<readonly Removal[]> {
  const answers: Removal[] = []
  let next = 0
  async function work(): Promise<void> {
    while (next < keys.length) {
      signal?.throwIfAborted()
      const at = next++
      answers[at] = await removeOne(root, guard, keys[at]!)
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, keys.length) }, work))
  return answers
}

async function removeOne(root: string, guard: RootGuard, key: string): Promise<Removal> {
  const objection = keyObjection(key)
  if (objection !== null) return { key, removed: false, reason: objection }
  const path = `${root}/${key}`
  try {
    await unlink(path)
  } catch (error) {
    if (!isAbsent(error)) return { key, removed: false, reason: phraseOf(error) }
    await guard.confirm()
  }
  await removeEmptyAbove(root, path)
  return { key, removed: true }
}

/**
 * Where a killed removal went on to, folders are missing below one that is empty. Any other refusal ends it: the folder is in
 * use, a link, not ours to change. The wish was to remove the file; an empty folder that stays is harmless.
 */
export async function removeEmptyAbove(root: string, path: string): Promise<void> {
  for (let folder = dirname(path); folder.length > root.length; folder = dirname(folder)) {
    try {
      await rmdir(folder)
    } catch (error) {
      if (!isAbsent(error)) return
    }
  }
}

/** Removes files and the folders that become empty. */
import { rmdir, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CallOptions, Removal } from '../../../core/ports/storage.ts'
import { keyObjection } from '../key-check.ts'
import { phraseOf } from './failure.ts'
import { isAbsent, refuseLostRoot } from './read.ts'

/**
 * One answer per key, in the order given. After each file its empty parents go too, never the media folder itself
 * (facts 3.5, trap 32). On abort, and if the
 * media folder itself is gone, it throws; files whose turn had come are gone.
 */
export async function removeObjects(
  root: string,
  keys: readonly string[],
  atOnce: number,
  { signal }: CallOptions,
): Promise<readonly Removal[]> {
  const answers: Removal[] = []
  let next = 0
  async function work(): Promise<void> {
    while (next < keys.length) {
      signal?.throwIfAborted()
      const at = next++
      answers[at] = await removeOne(root, keys[at]!)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, keys.length) }, work))
  return answers
}

async function removeOne(root: string, key: string): Promise<Removal> {
  const objection = keyObjection(key)
  if (objection !== null) return { key, removed: false, reason: objection }
  const path = `${root}/${key}`
  try {
    await unlink(path)
  } catch (error) {
    if (!isAbsent(error)) return { key, removed: false, reason: phraseOf(error) }
    await refuseLostRoot(root)
  }
  await removeEmptyAbove(root, path)
  return { key, removed: true }
}

/** Any refusal ends it: the folder is in use, a link, not ours to change, or somebody else took it away just now. */
export async function removeEmptyAbove(root: string, path: string): Promise<void> {
  try {
    for (let folder = dirname(path); folder.length > root.length; folder = dirname(folder))
      await rmdir(folder)
  } catch {
    // The wish was to remove the file; an empty folder that stays is harmless.
  }
}

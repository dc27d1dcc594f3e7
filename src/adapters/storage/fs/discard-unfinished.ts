/** What killed writes left: temporary files beside their targets. */
import { readdir, unlink } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { CallOptions } from '../../../core/ports/storage.ts'
import { refuseUnsafeKey } from '../key-check.ts'
import { isAbsent } from './failure.ts'
import { isTemporaryOf } from './temporary-name.ts'

/** One look into each key's folder. Gives how many files stayed; a folder that cannot be read counts as one. */
export async function discardUnfinished(
  root: string,
  keys: readonly string[],
  { signal }: CallOptions,
): Promise<number> {
  let stayed = 0
  for (const key of keys) {
    signal?.throwIfAborted()
    refuseUnsafeKey(key)
    const path = `${root}/${key}`
    stayed += await discardTemporary(dirname(path), basename(path))
  }
  return stayed
}

/** The same for one file of one folder. */
export async function discardTemporary(folder: string, fileName: string): Promise<number> {
  let stayed = 0
  try {
    for (const name of await readdir(folder))
      if (isTemporaryOf(name, fileName))
        await unlink(`${folder}/${name}`).catch((error: unknown) => {
          if (!isAbsent(error)) stayed++
        })
  } catch (error) {
    if (!isAbsent(error)) stayed++
  }
  return stayed
}

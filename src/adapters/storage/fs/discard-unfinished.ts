/** What killed writes left: temporary files beside their targets. */
import { readdir, unlink } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { CallOptions } from '../../../core/ports/storage.ts'
import { refuseUnsafeKey } from '../key-check.ts'
import { isTemporaryOf } from './temporary-name.ts'

/** One look into each key's folder. Never throws for what a folder is or forbids. */
export async function discardUnfinished(
  root: string,
  keys: readonly string[],
  { signal }: CallOptions,
): Promise<void> {
  for (const key of keys) {
    signal?.throwIfAborted()
    refuseUnsafeKey(key)
    const folder = dirname(`${root}/${key}`)
    const names = await readdir(folder).catch((): string[] => [])
    for (const name of names.filter((one) => isTemporaryOf(one, basename(key))))
      await unlink(`${folder}/${name}`).catch(() => {})
  }
}

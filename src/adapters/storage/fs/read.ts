/** Looks at and reads single files. */
import { readFile, stat } from 'node:fs/promises'
import { KnownError } from '../../../core/errors.ts'
import type { CallOptions, ObjectStat } from '../../../core/ports/storage.ts'
import { keyObjection, refuseUnsafeKey } from '../key-check.ts'
import { fileSystemFailure, isAbsent, phraseOf } from './failure.ts'

/** Links are followed, as the web server does. Throws a KnownError only if the media folder itself is gone. */
export async function statObject(root: string, key: string, { signal }: CallOptions): Promise<ObjectStat> {
  signal?.throwIfAborted()
  const objection = keyObjection(key)
  if (objection !== null) return { state: 'unknown', reason: objection }
  try {
    const stats = await stat(`${root}/${key}`)
    if (!stats.isFile()) return { state: 'absent' }
    return {
      state: 'present',
      bytes: stats.size,
      modifiedAtMs: Math.floor(stats.mtimeMs),
      contentType: null,
    }
  } catch (error) {
    if (!isAbsent(error)) return { state: 'unknown', reason: phraseOf(error) }
    await refuseLostRoot(root)
    return { state: 'absent' }
  }
}

/** The whole file; null if there is none. Throws a KnownError if it is there and cannot be read. */
export async function readObject(
  root: string,
  key: string,
  { signal }: CallOptions,
): Promise<Uint8Array | null> {
  refuseUnsafeKey(key)
  try {
    return await readFile(`${root}/${key}`, { signal })
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason
    if (!isAbsent(error) && (error as NodeJS.ErrnoException).code !== 'EISDIR')
      throw fileSystemFailure({ ...describe(error), path: `${root}/${key}` }, root)
    await refuseLostRoot(root)
    return null
  }
}

/** Without its root every file looks absent: then the store is out of reach, and no answer is given. */
export async function refuseLostRoot(root: string): Promise<void> {
  const stats = await stat(root).catch(() => null)
  if (stats?.isDirectory() === true) return
  throw new KnownError({
    code: 'storage-root',
    what: `The media folder ${root} is gone`,
    remedy: 'Check that its disk is mounted, then run again',
  })
}

function describe(error: unknown): { code: string | undefined; message: string } {
  const { code, message } = error as NodeJS.ErrnoException
  return { code, message }
}

/** Looks at and reads single files. */
import { readFile, stat } from 'node:fs/promises'
import type { CallOptions, ObjectStat } from '../../../core/ports/storage.ts'
import { keyObjection, refuseUnsafeKey } from '../key-check.ts'
import type { RootGuard } from './confirm-root.ts'
import { fileSystemFailure, isAbsent, phraseOf } from './failure.ts'

/** Links are followed, as the web server does. Throws a KnownError only if the media folder itself is gone, or another. */
export async function statObject(
  root: string,
  guard: RootGuard,
  key: string,
  { signal }: CallOptions,
): Promise<ObjectStat> {
  signal?.throwIfAborted()
  await guard.remember()
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
    await guard.confirm()
    return { state: 'absent' }
  }
}

/** The whole file; null if there is none. Throws a KnownError if it is there and cannot be read. */
export async function readObject(
  root: string,
  guard: RootGuard,
  key: string,
  { signal }: CallOptions,
): Promise<Uint8Array | null> {
  refuseUnsafeKey(key)
  await guard.remember()
  try {
    return await readFile(`${root}/${key}`, { signal })
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason
    if (!isAbsent(error) && (error as NodeJS.ErrnoException).code !== 'EISDIR')
      throw fileSystemFailure({ ...describe(error), path: `${root}/${key}` }, root)
    await guard.confirm()
    return null
  }
}

function describe(error: unknown): { code: string | undefined; message: string } {
  const { code, message } = error as NodeJS.ErrnoException
  return { code, message }
}

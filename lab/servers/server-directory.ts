import { chown, mkdtemp, rm, stat, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { PlainUser } from './plain-user.ts'

/**
 * A fresh directory for one server: in memory (/dev/shm) where `inMemoryBytes` are free there, else in the temporary
 * directory. Owned by `user` if one is given.
 */
export async function serverDirectory(
  name: string,
  options: { readonly inMemoryBytes?: number | undefined; readonly user?: PlainUser | undefined } = {},
): Promise<string> {
  const { inMemoryBytes, user } = options
  const parent =
    inMemoryBytes !== undefined && (await hasRoom('/dev/shm', inMemoryBytes))
      ? '/dev/shm'
      : user === undefined || (await mayPass(tmpdir()))
        ? tmpdir()
        : '/tmp'
  const directory = await mkdtemp(join(parent, `cornac-${name}-`))
  if (user !== undefined) await chown(directory, user.uid, user.gid)
  return directory
}

/** Removes what serverDirectory made; a last write of a dying process may come between, hence the second try. */
export async function removeServerDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
}

/** Whether everybody may enter the directory: a private TMPDIR (pam_tmpdir) shuts out the user a server runs as. */
async function mayPass(directory: string): Promise<boolean> {
  for (let path = resolve(directory); ; path = dirname(path)) {
    if (((await stat(path)).mode & 0o001) === 0) return false
    if (path === dirname(path)) return true
  }
}

async function hasRoom(path: string, bytes: number): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize >= bytes
  } catch {
    return false
  }
}

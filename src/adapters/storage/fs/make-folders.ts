/** Folders and files with the modes and the owner that Mastodon's have. */
import { chmod, chown, mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Modes Mastodon's files have under the usual umask; set outright, since ours may be narrower than the web server bears. */
export const FILE_MODE = 0o644
const FOLDER_MODE = 0o755

export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** Null where ownership is right by itself: we are not root, or root owns the media folder. */
export async function ownerToGive(root: string): Promise<Owner | null> {
  // Also tells a lost media folder from an absent sub-folder before anything is made in its place.
  const { uid, gid } = await stat(root)
  return process.geteuid?.() === 0 && uid !== 0 ? { uid, gid } : null
}

/** Makes the folder and those above it that are not there, as Mastodon's are unless another mode is given. */
export async function makeFolders(
  root: string,
  folder: string,
  owner: Owner | null,
  mode = FOLDER_MODE,
): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode })
  if (first === undefined) return
  const made: string[] = []
  for (let path = folder; path.length >= first.length && path !== root; path = dirname(path)) made.push(path)
  for (const path of made) {
    await chmod(path, mode).catch(ignoreGone)
    if (owner !== null) await chown(path, owner.uid, owner.gid).catch(ignoreGone)
  }
}

function ignoreGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}

/** What was made or renamed in the folder outlives a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    // Some network file systems refuse to sync a folder, and write it at once anyway.
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EINVAL' && code !== 'ENOTSUP' && code !== 'EBADF' && code !== 'ENOENT') throw error
  }
}

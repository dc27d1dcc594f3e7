/** Stores one file whole or not at all. */
import { chmod, chown, mkdir, open, rename, stat, unlink, type FileHandle } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { CallOptions } from '../../../core/ports/storage.ts'
import { refuseUnsafeKey } from '../key-check.ts'
import { fileSystemFailure } from './failure.ts'
import { temporaryName } from './temporary-name.ts'

/** Modes Mastodon's files have under the usual umask; set outright, since ours may be narrower than the web server bears. */
const FILE_MODE = 0o644
const FOLDER_MODE = 0o755

/**
 * The bytes go to a temporary file beside the target, reach the disk, and take its name in one step: a reader sees
 * the old file, the new one, or none, never a part. The folder is synced too, since the row that will name this file
 * is committed durably right after, and must not outlive it in a power cut.
 *
 * Dying before the rename leaves a temporary file whose name tells the target's: see discard-unfinished.ts.
 * As root, new files and folders are given to the owner of the media folder: Mastodon could not delete them otherwise.
 */
export async function writeObject(
  root: string,
  key: string,
  bytes: Uint8Array,
  { signal }: CallOptions,
): Promise<void> {
  refuseUnsafeKey(key)
  signal?.throwIfAborted()
  const target = `${root}/${key}`
  const folder = dirname(target)
  const temporary = `${folder}/${temporaryName(basename(target))}`
  try {
    const owner = await ownerToGive(root)
    const file = await createIn(root, folder, temporary, owner)
    try {
      try {
        await file.writeFile(bytes, { signal })
        await file.chmod(FILE_MODE)
        if (owner !== null) await file.chown(owner.uid, owner.gid)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, target)
    } catch (error) {
      await unlink(temporary).catch(() => {})
      throw error
    }
    await syncFolder(folder)
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason
    const { code, message } = error as NodeJS.ErrnoException
    throw fileSystemFailure({ code, message, path: target }, root)
  }
}

interface Owner {
  readonly uid: number
  readonly gid: number
}

/** Null where ownership is right by itself: we are not root, or root owns the media folder. */
async function ownerToGive(root: string): Promise<Owner | null> {
  // Also tells a lost media folder from an absent sub-folder before anything is made in its place.
  const { uid, gid } = await stat(root)
  return process.geteuid?.() === 0 && uid !== 0 ? { uid, gid } : null
}

/** Somebody removing the last file beside ours may take the folder away between making it and using it: try again. */
async function createIn(
  root: string,
  folder: string,
  temporary: string,
  owner: Owner | null,
): Promise<FileHandle> {
  for (let attempt = 1; ; attempt++) {
    try {
      // Making several folders, too, fails where one of those above is taken away in between.
      await makeFolders(root, folder, owner)
      return await open(temporary, 'wx', FILE_MODE)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === 10) throw error
    }
  }
}

async function makeFolders(root: string, folder: string, owner: Owner | null): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
  if (first === undefined) return
  const made: string[] = []
  for (let path = folder; path.length >= first.length && path !== root; path = dirname(path)) made.push(path)
  for (const path of made) {
    await chmod(path, FOLDER_MODE).catch(ignoreGone)
    if (owner !== null) await chown(path, owner.uid, owner.gid).catch(ignoreGone)
  }
}

function ignoreGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}

async function syncFolder(folder: string): Promise<void> {
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

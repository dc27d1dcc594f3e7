/** Stores one file whole or not at all. */
import { open, rename, unlink, type FileHandle } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { CallOptions } from '../../../core/ports/storage.ts'
import { refuseUnsafeKey } from '../key-check.ts'
import { fileSystemFailure } from './failure.ts'
import { FILE_MODE, makeFolders, ownerToGive, syncFolder, type Owner } from './make-folders.ts'
import { temporaryName } from './temporary-name.ts'

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

/** Moves a file from one file system to another, where renaming cannot. */
import { constants, type Stats } from 'node:fs'
import { copyFile, open, rename, unlink } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { syncFolder } from './make-folders.ts'
import { discardTemporary } from './discard-unfinished.ts'
import { temporaryName } from './temporary-name.ts'

/**
 * The copy reaches the disk with the time, the mode and (as root) the owner of the file before it takes the target's name,
 * and that name reaches the disk before the file goes. What a copy that was killed left beside the target goes first.
 *
 * Throws the file system's error; then the file is where it was.
 */
export async function copyAcross(from: string, to: string, stats: Stats): Promise<void> {
  const folder = dirname(to)
  await discardTemporary(folder, basename(to))
  const temporary = `${folder}/${temporaryName(basename(to))}`
  try {
    await copyFile(from, temporary, constants.COPYFILE_EXCL)
    const copy = await open(temporary, 'r')
    try {
      await copy.chmod(stats.mode & 0o777)
      if (process.geteuid?.() === 0) await copy.chown(stats.uid, stats.gid)
      await copy.utimes(stats.atime, stats.mtime)
      await copy.sync()
    } finally {
      await copy.close()
    }
    await rename(temporary, to)
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw error
  }
  await syncFolder(folder)
  await unlink(from)
}

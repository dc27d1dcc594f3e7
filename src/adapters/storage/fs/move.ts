/** Gives files other names: in one step on one file system, by a copy between two. */
import type { Stats } from 'node:fs'
import { chmod, chown, lstat, mkdir, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { OWN_PREFIX } from '../../../core/model/own-keys.ts'
import { KnownError } from '../../../core/errors.ts'
import type { CallOptions, Moved, MovePair, MoveAccess } from '../../../core/ports/storage.ts'
import { moveObjection } from '../move-check.ts'
import type { RootGuard } from './confirm-root.ts'
import { copyAcross } from './copy-across.ts'
import { isAbsent, phraseOf } from './failure.ts'
import { FILE_MODE, makeFolders, ownerToGive, syncFolder, type Owner } from './make-folders.ts'
import { removeEmptyAbove } from './remove-few.ts'

/** Of folders: nobody but the owner may enter, whatever the modes of the files within. */
const CLOSED = 0o700

/** What the moves of one call share. */
interface Ground {
  readonly root: string
  readonly guard: RootGuard
  readonly access: MoveAccess
  readonly owner: Owner | null
  /** Makes sure that Cornac's own folder is there and closed; `again` where somebody may have taken it away since. */
  readonly closeOwnFolder: (again: boolean) => Promise<void>
}

/**
 * One answer per pair, in the order given; see the port. Files keep their modes, times and owners; when they are moved to
 * where Mastodon serves them they become readable, except those that it closed (docs/mastodon.md#closed-files).
 * Folders that become empty go too, never the media folder itself. On abort, and if the media folder is gone or another, it throws;
 * pairs whose turn had come are moved.
 */
export async function moveObjects(
  root: string,
  guard: RootGuard,
  pairs: readonly MovePair[],
  access: MoveAccess,
  atOnce: number,
  { signal }: CallOptions,
): Promise<readonly Moved[]> {
  signal?.throwIfAborted()
  await guard.remember()
  await guard.confirm()
  const owner = await ownerToGive(root)
  let closed: Promise<void> | null = null
  const ground: Ground = {
    root,
    guard,
    access,
    owner,
    closeOwnFolder: (again) =>
      (closed = closed === null || again ? closeFolder(`${root}/${OWN_PREFIX.slice(0, -1)}`, owner) : closed),
  }
  const answers: Moved[] = []
  let next = 0
  async function work(): Promise<void> {
    while (next < pairs.length) {
      signal?.throwIfAborted()
      const at = next++
      answers[at] = await moveOne(ground, pairs[at]!)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, pairs.length) }, work))
  return answers
}

async function moveOne(ground: Ground, pair: MovePair): Promise<Moved> {
  const objection = moveObjection(pair, ground.access)
  if (objection !== null) return { ...pair, state: 'refused', reason: objection }
  const from = `${ground.root}/${pair.from}`
  const to = `${ground.root}/${pair.to}`
  try {
    await giveName(ground, from, to)
    const there = await fileAt(to)
    if (there === null) {
      await ground.guard.confirm()
      return { ...pair, state: 'absent' }
    }
    // Also after a move that was killed right here.
    if (ground.access === 'as-stored') await openUp(to, there)
    await removeEmptyAbove(ground.root, from)
    return { ...pair, state: 'moved' }
  } catch (error) {
    if (error instanceof KnownError) throw error
    return { ...pair, state: 'refused', reason: phraseOf(error) }
  }
}

/**
 * Does nothing if there is no file, or no longer. Somebody removing a neighbour of the target may take its folder away
 * between making it and using it: then it is made again.
 */
async function giveName({ root, access, owner, closeOwnFolder }: Ground, from: string, to: string) {
  for (let attempt = 1; ; attempt++) {
    const file = await fileAt(from)
    if (file === null) return
    try {
      if (access === 'private') await closeOwnFolder(attempt > 1)
      if (attempt > 1) await makeFolders(root, dirname(to), owner, access === 'private' ? CLOSED : undefined)
      await rename(from, to)
      return
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EXDEV') return await copyAcross(from, to, file)
      if (code !== 'ENOENT' || attempt === 10) throw error
    }
  }
}

/** Null if there is none; a folder is none, and a link to one neither. */
async function fileAt(path: string): Promise<Stats | null> {
  try {
    const stats = await lstat(path)
    if (!stats.isSymbolicLink()) return stats.isDirectory() ? null : stats
    const behind = await stat(path).catch(() => null)
    return behind?.isDirectory() === true ? null : stats
  } catch (error) {
    if (isAbsent(error)) return null
    throw error
  }
}

/** The row that will name this file is committed right after, and must not outlive it in a power cut. */
async function openUp(path: string, file: Stats): Promise<void> {
  const mode = file.mode & 0o777
  const isClosed = (mode & 0o077) === 0
  if (file.isFile() && !isClosed && mode !== FILE_MODE) await chmod(path, FILE_MODE)
  await syncFolder(dirname(path))
}

async function closeFolder(path: string, owner: Owner | null): Promise<void> {
  try {
    await mkdir(path, { mode: CLOSED })
    if (owner !== null) await chown(path, owner.uid, owner.gid)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  if (((await stat(path)).mode & 0o777) !== CLOSED) await chmod(path, CLOSED)
}

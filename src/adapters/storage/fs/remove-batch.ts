/**
 * Removes some files and the folders that become empty, by blocking calls: this runs in worker threads.
 *
 * A Mastodon tree has five folders per file, so folders are the work. Each is tried when the last of the batch's files in it
 * is gone, and those above only as long as that succeeds: in key order every folder is tried once, and of those that stay only
 * the ones at the edges of the batch.
 */
import { rmdirSync, unlinkSync } from 'node:fs'
import { keyObjection } from '../key-check.ts'
import { isAbsent, phraseOf } from './failure.ts'

export interface RemoveJob {
  /** Absolute, without a trailing slash. */
  readonly root: string
  /** Joined by NUL, which no key holds: one string passes between threads faster than many. */
  readonly keys: string
}

export interface RemoveResult {
  /** What was not removed, and why; everything else was, or was absent. */
  readonly refused: readonly { readonly key: string; readonly reason: string }[]
  /** Something was absent: whoever asks must make sure that the media folder is not. */
  readonly absent: boolean
}

export function removeBatch({ root, keys }: RemoveJob): RemoveResult {
  const refused: { key: string; reason: string }[] = []
  let absent = false
  let last = root
  for (const key of keys.split('\0')) {
    const objection = keyObjection(key)
    if (objection !== null) {
      refused.push({ key, reason: objection })
      continue
    }
    const path = `${root}/${key}`
    const folder = path.slice(0, path.lastIndexOf('/'))
    if (folder !== last) {
      removeFolders(last, sharedLength(last, folder))
      last = folder
    }
    try {
      unlinkSync(path)
    } catch (error) {
      if (isAbsent(error)) absent = true
      else refused.push({ key, reason: phraseOf(error) })
    }
  }
  removeFolders(last, root.length)
  return { refused, absent }
}

/** Removes the folder and those above it, longest first, while they are empty and longer than `keep` characters. */
function removeFolders(folder: string, keep: number): void {
  for (let path = folder; path.length > keep; path = path.slice(0, path.lastIndexOf('/'))) {
    try {
      rmdirSync(path)
    } catch (error) {
      // Where a killed removal went on to, folders are missing below one that is empty. Any other refusal ends it: the folder
      // is in use, a link, or not ours to change; an empty folder that stays is harmless.
      if (!isAbsent(error)) return
    }
  }
}

/** How many characters of `folder` name a folder that the next one lies in, or is. */
function sharedLength(folder: string, next: string): number {
  let slash = 0
  for (let i = 0; i < folder.length; i++) {
    if (folder.charCodeAt(i) !== next.charCodeAt(i)) return slash
    if (folder.charCodeAt(i) === SLASH) slash = i
  }
  return next.charCodeAt(folder.length) === SLASH ? folder.length : slash
}

const SLASH = 0x2f

import {
  closeSync,
  fchmodSync,
  futimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  writeSync,
  type Dirent,
} from 'node:fs'
import { readFile, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { MediaSink, PutOptions, SinkObject } from './media-sink.ts'

/** A sink on disk, which can also do to files what only a file system knows. */
export interface DiskMedia extends MediaSink {
  readonly root: string
  /** Absolute path of a key. */
  pathOf(key: string): string
}

/**
 * Media below a folder (`PAPERCLIP_ROOT_PATH`), which is made if it is not there.
 *
 * Files are written by blocking calls: for many small ones that is several times faster than the thread pool.
 */
export function diskMedia(root: string): DiskMedia {
  const pathOf = (key: string): string => join(root, key)
  mkdirSync(root, { recursive: true, mode: 0o755 })
  return {
    description: `folder ${root}`,
    env: { PAPERCLIP_ROOT_PATH: root },
    root,
    concurrency: 1,
    pathOf,
    async put(key, bytes, _contentType, options) {
      writeFile(pathOf(key), bytes, options)
    },
    async get(key) {
      try {
        return await readFile(pathOf(key))
      } catch (error) {
        if (isAbsent(error)) return null
        throw error
      }
    },
    async remove(keys) {
      for (const key of keys) await removeFile(root, pathOf(key))
    },
    list: (prefix) => listFolder(root, prefix),
    close: async () => {},
  }
}

function writeFile(path: string, bytes: Uint8Array, options: PutOptions | undefined): void {
  const file = opened(path)
  try {
    writeSync(file, bytes)
    fchmodSync(file, options?.mode ?? 0o644)
    if (options?.modifiedAtMs !== undefined) {
      futimesSync(file, options.modifiedAtMs / 1000, options.modifiedAtMs / 1000)
    }
  } finally {
    closeSync(file)
  }
}

/** Somebody who removes the folder's last file may take it away between making and using it: then it is made again. */
function opened(path: string): number {
  for (let attempt = 1; ; attempt++) {
    try {
      return openSync(path, 'w', 0o644)
    } catch (error) {
      if (!isAbsent(error) || attempt === 10) throw error
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
    }
  }
}

/** Unlinks, then removes parents as long as they are empty, as Paperclip does; the root stays. */
async function removeFile(root: string, path: string): Promise<void> {
  await rm(path, { force: true })
  for (let folder = dirname(path); folder.length > root.length; folder = dirname(folder)) {
    try {
      await rmdir(folder)
    } catch {
      return // not empty, or already gone with another file
    }
  }
}

/** `prefix` may end inside a name: the walk begins at its last slash. Blocks like writing does. */
async function* listFolder(root: string, prefix: string): AsyncGenerator<SinkObject> {
  for (const object of walk(root, prefix.slice(0, prefix.lastIndexOf('/') + 1))) {
    if (object.key.startsWith(prefix)) yield object
  }
}

function* walk(root: string, folder: string): Generator<SinkObject> {
  for (const entry of entriesOf(join(root, folder))) {
    const key = folder + entry.name
    if (entry.isDirectory()) yield* walk(root, `${key}/`)
    else yield { key, bytes: statSync(join(root, key)).size }
  }
}

function entriesOf(path: string): readonly Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

import { closeSync, fchmodSync, futimesSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { readdir, readFile, rm, rmdir, stat } from 'node:fs/promises'
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

function opened(path: string): number {
  try {
    return openSync(path, 'w', 0o644)
  } catch (error) {
    if (!isAbsent(error)) throw error
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
    return openSync(path, 'w', 0o644)
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

/** `prefix` may end inside a name: the walk begins at its last slash. */
async function* listFolder(root: string, prefix: string): AsyncGenerator<SinkObject> {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  for await (const key of walk(root, folder)) {
    if (key.startsWith(prefix)) yield { key, bytes: (await stat(join(root, key))).size }
  }
}

async function* walk(root: string, folder: string): AsyncGenerator<string> {
  let entries
  try {
    entries = await readdir(join(root, folder), { withFileTypes: true })
  } catch (error) {
    if (isAbsent(error)) return
    throw error
  }
  for (const entry of entries) {
    if (entry.isDirectory()) yield* walk(root, `${folder}${entry.name}/`)
    else yield folder + entry.name
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

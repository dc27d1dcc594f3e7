/** Folders that are gone when the benchmark is, however it ends. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const NAME = /^cornac-bench-(\d+)-/

const PARENTS = ['/dev/shm', tmpdir()] as const

export interface Folders extends Disposable {
  /** A fresh folder: in memory where `inMemoryBytes` are free there, else in the temporary directory. */
  fresh(options?: { readonly inMemoryBytes?: number }): string
  [Symbol.dispose](): void
}

/** Also removes what a benchmark left that was killed before it could. */
export function openFolders(): Folders {
  for (const parent of PARENTS) sweep(parent)
  const made: string[] = []
  const removeAll = (): void => {
    for (const folder of made.splice(0)) remove(folder)
  }
  process.on('exit', removeAll)
  return {
    fresh({ inMemoryBytes } = {}) {
      const parent = inMemoryBytes !== undefined && hasRoom(PARENTS[0], inMemoryBytes) ? PARENTS[0] : tmpdir()
      const folder = mkdtempSync(join(parent, `cornac-bench-${process.pid}-`))
      made.push(folder)
      return folder
    },
    [Symbol.dispose]() {
      removeAll()
      process.off('exit', removeAll)
    },
  }
}

function sweep(parent: string): void {
  if (!existsSync(parent)) return
  for (const name of readdirSync(parent)) {
    const owner = NAME.exec(name)?.[1]
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) remove(join(parent, name))
  }
}

/** By `rm`: for a million small folders Node's own `rm` takes 900 MB of memory. */
function remove(folder: string): void {
  spawnSync('rm', ['-rf', '--', folder])
}

function hasRoom(path: string, bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize >= bytes
  } catch {
    return false
  }
}

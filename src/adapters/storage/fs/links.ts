/**
 * Which links of a media folder are entered, and proof that the folder is still the same one.
 *
 * Admins move media to another disk by replacing `public/system`, `public/system/cache` or
 * `public/system/cache/media_attachments` with a link, so links to folders are followed at the top two levels.
 * A link that leads back into the media folder, above it, or to a place another link leads to would show one file
 * under two keys, and removing the key no row claims would take the file of the other; such links are not followed.
 */
import { readdir, realpath, stat } from 'node:fs/promises'
import { KnownError } from '../../../core/errors.ts'
import { fileSystemFailure } from './failure.ts'

/** The media folder as it stands at the start of a listing. */
export interface Ground {
  /** Folder keys, each ending with `/`. */
  readonly followed: ReadonlySet<string>
  /** Throws a KnownError (`storage-moved`) if the folder or a followed one was unmounted or exchanged since. */
  confirm(): Promise<void>
}

/** Throws a KnownError if the root cannot be read. */
export async function readGround(root: string): Promise<Ground> {
  try {
    const links = await followedLinks(root)
    const paths = [root, ...links.keys()].map((key) => (key === root ? root : `${root}/${key}`))
    const before = await Promise.all(paths.map(identity))
    return {
      followed: new Set(links.keys()),
      async confirm() {
        for (const [i, path] of paths.entries()) {
          if ((await identity(path)) === before[i]) continue
          throw new KnownError({
            code: 'storage-moved',
            what: `The folder ${path} was unmounted or exchanged while it was being listed`,
            remedy: 'Nothing was concluded from the part that was read; mount it again and repeat the run',
          })
        }
      },
    }
  } catch (error) {
    throw fileSystemFailure(error as NodeJS.ErrnoException, root)
  }
}

async function identity(path: string): Promise<string> {
  try {
    const stats = await stat(path, { bigint: true })
    return `${stats.dev}:${stats.ino}`
  } catch (error) {
    return `${(error as NodeJS.ErrnoException).code}`
  }
}

/** Folder key to the real path it leads to. */
async function followedLinks(root: string): Promise<Map<string, string>> {
  const top = await readdir(root, { withFileTypes: true })
  const links = top.filter((entry) => entry.isSymbolicLink()).map((entry) => `${entry.name}/`)
  const real = await realpath(root)
  const followed = new Map<string, string>()
  const add = async (key: string) => {
    const target = await folderBehind(`${root}/${key}`)
    if (target === null || overlaps(target, real)) return
    if ([...followed.values()].some((other) => overlaps(target, other))) return
    followed.set(key, target)
  }
  for (const key of links.sort()) await add(key)
  const folders = top.filter((entry) => entry.isDirectory()).map((entry) => `${entry.name}/`)
  for (const folder of [...folders, ...followed.keys()].sort()) {
    const below = await readdir(`${root}/${folder}`, { withFileTypes: true }).catch(() => [])
    for (const entry of below) if (entry.isSymbolicLink()) await add(`${folder}${entry.name}/`)
  }
  return followed
}

async function folderBehind(path: string): Promise<string | null> {
  try {
    const target = await realpath(path)
    return (await stat(target)).isDirectory() ? target : null
  } catch {
    return null
  }
}

function overlaps(a: string, b: string): boolean {
  return a === b || `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`)
}

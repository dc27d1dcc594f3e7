/** Which `.env.production` is Mastodon's: the one named, the one here, or the only one in the usual places. */
import { realpath, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Problem } from './problem.ts'
import { readSettingsFile } from './read-file.ts'
import type { Surroundings } from './surroundings.ts'

const FILE_NAME = '.env.production'

export type FoundEnvFile =
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
  /** The environment itself holds Mastodon's settings. */
  | { readonly kind: 'environment' }
  | { readonly kind: 'problem'; readonly problem: Problem }

/**
 * Two installations on one machine are never guessed between: working on the wrong one would be worse than asking.
 * `named` is what `--env-file` says; `CORNAC_ENV_FILE` stands in for it.
 */
export async function findEnvFile(named: string | undefined, around: Surroundings): Promise<FoundEnvFile> {
  const { environment, workingDirectory } = around
  const given = named ?? (environment['CORNAC_ENV_FILE'] || undefined)
  if (given !== undefined) {
    return readNamed(resolve(workingDirectory, given), named === undefined ? 'CORNAC_ENV_FILE' : '--env-file')
  }
  if (environment['LOCAL_DOMAIN']) return { kind: 'environment' }
  const here = join(workingDirectory, FILE_NAME)
  const read = await readSettingsFile(here)
  if (read.kind === 'text') return { kind: 'file', path: here, text: read.text }
  if (read.kind === 'unreadable') return problem(here, read.what, read.remedy)
  return search(around)
}

async function readNamed(path: string, from: string): Promise<FoundEnvFile> {
  const read = await readSettingsFile(path)
  if (read.kind === 'text') return { kind: 'file', path, text: read.text }
  if (read.kind === 'unreadable') return problem(path, read.what, read.remedy)
  return problem(
    path,
    'There is no such file',
    `Correct the path given with ${from}; Mastodon’s is called ${FILE_NAME}`,
  )
}

async function search(around: Surroundings): Promise<FoundEnvFile> {
  const found = new Map<string, string>()
  const closed: string[] = []
  for (const folder of around.applicationFolders) {
    const path = join(folder, FILE_NAME)
    try {
      const real = await realpath(path)
      if (!found.has(real)) found.set(real, path)
    } catch (error) {
      if (/^E(?:ACCES|PERM)$/.test((error as NodeJS.ErrnoException).code ?? '')) closed.push(path)
    }
  }
  const paths = [...found.values()]
  const [only] = paths
  if (only !== undefined && paths.length === 1) return readNamed(only, 'the usual places')
  if (only !== undefined) {
    const what = `More than one Mastodon is installed here: ${paths.join(', ')}`
    return problem('this machine', what, 'Say which with --env-file FILE, or run cornac in its folder')
  }
  if (closed.length > 0) {
    const what = 'This user may not look into the folder of Mastodon'
    return problem(
      closed.join(', '),
      what,
      'Run cornac as the user of Mastodon, such as sudo -u mastodon cornac …',
    )
  }
  const remedy = `Name Mastodon’s ${FILE_NAME} with --env-file FILE, or run cornac in the folder it lies in`
  return problem('this machine', 'The settings of Mastodon were not found', remedy)
}

function problem(place: string, what: string, remedy: string): FoundEnvFile {
  return { kind: 'problem', problem: { setting: null, place, what, remedy } }
}

/** Mastodon's folder where no file tells: the working folder or a usual one that has `public/system`; null if none has. */
export async function findApplicationFolder(around: Surroundings): Promise<string | null> {
  for (const folder of [around.workingDirectory, ...around.applicationFolders]) {
    if (await isFolder(join(folder, 'public/system'))) return folder
  }
  return null
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false
  }
}

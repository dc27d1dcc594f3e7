import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { linted } from './read-schedules.ts'

const CORPUS = join(import.meta.dirname, 'corpus')
export const FROZEN = join(import.meta.dirname, 'corpus-findings.json')

/** `07-flock-and-logs` -> `cron.d/mastodon-media:3:1 warning same-minute`, and what was not read. */
export type CorpusFindings = Readonly<Record<string, readonly string[]>>

export function setups(): readonly string[] {
  return readdirSync(CORPUS).sort()
}

/** What lint says of one setup. */
export async function findingsOf(setup: string): Promise<readonly string[]> {
  const folder = join(CORPUS, setup)
  const { findings, maintenance } = await linted([folder])
  return [
    ...findings.map(
      ({ place, severity, code }) =>
        `${relative(folder, place.file)}:${place.line}:${place.column} ${severity} ${code}`,
    ),
    ...maintenance.unread.map(
      ({ path, reason }) => `not read: ${path.startsWith(folder) ? relative(folder, path) : path} ${reason}`,
    ),
  ]
}

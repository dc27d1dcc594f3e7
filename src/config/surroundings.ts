import { homedir } from 'node:os'

export type Environment = Readonly<Record<string, string | undefined>>

/** What the configuration depends on besides the files it names. */
export interface Surroundings {
  readonly environment: Environment
  readonly workingDirectory: string
  readonly home: string
  /** Runs with user id 0: state then lives in `/var/lib`. */
  readonly root: boolean
  /** Folders in which an installation of Mastodon is looked for, best known first. */
  readonly applicationFolders: readonly string[]
  /** Where a cornac.yaml for the whole machine lies. */
  readonly machineConfigFile: string
}

/** Where Mastodon's own guide, its container image, its compose file's habit and YunoHost put the application. */
const APPLICATION_FOLDERS = [
  '/home/mastodon/live',
  '/opt/mastodon',
  '/mastodon',
  '/var/www/mastodon',
  '/var/www/mastodon/live',
] as const

/** The surroundings of this process; the only reader of `process.env` in the program. */
export function processSurroundings(): Surroundings {
  return {
    environment: { ...process.env },
    workingDirectory: process.cwd(),
    home: homedir(),
    root: process.getuid?.() === 0,
    applicationFolders: APPLICATION_FOLDERS,
    machineConfigFile: '/etc/cornac/cornac.yaml',
  }
}

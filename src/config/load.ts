/** Finds and reads every source of settings, and answers with one frozen `Config` or with everything that is wrong. */
import { dirname, join, resolve as resolvePath } from 'node:path'
import type { Config } from './config.ts'
import { parseDotenv } from './dotenv.ts'
import { findApplicationFolder, findEnvFile, type FoundEnvFile } from './find-env-file.ts'
import { parseOwnFile, type OwnFile } from './own-file.ts'
import { ConfigError, type Problem } from './problem.ts'
import { readSettingsFile } from './read-file.ts'
import { readOwnSettings, type Overrides } from './read-own-settings.ts'
import { resolve } from './resolve.ts'
import { Settings, type EnvFile } from './settings.ts'
import type { Surroundings } from './surroundings.ts'

export interface LoadOptions {
  /** `--env-file`: Mastodon's settings; looked for if it is not given. */
  readonly envFile?: string | undefined
  /** `--config`: cornac.yaml; looked for if it is not given, and then it need not exist. */
  readonly configFile?: string | undefined
  /** Flags that stand for a setting of cornac.yaml. */
  readonly overrides?: Overrides | undefined
}

/** Throws `ConfigError` with all problems at once. Writes nothing, connects to nothing. */
export async function loadConfig(options: LoadOptions, around: Surroundings): Promise<Config> {
  const [found, ownFile] = await Promise.all([
    findEnvFile(options.envFile, around),
    readOwnFile(options.configFile, around),
  ])
  const own = readOwnSettings(ownFile.file, around.environment, options.overrides ?? {})
  const before = [...ownFile.problems, ...own.problems]
  if (found.kind === 'problem') throw new ConfigError([found.problem, ...before])
  const envFile = envFileOf(found, around)
  const empty = emptyFile(envFile, around)
  if (empty !== undefined) throw new ConfigError([empty, ...before])
  const settings = new Settings(around.environment, envFile)
  noteIgnoredLines(settings, envFile)
  const { config, problems } = resolve({
    settings,
    own,
    sources: { envFile: envFile?.path ?? null, configFile: ownFile.file?.path ?? null },
    applicationFolder: envFile === null ? await findApplicationFolder(around) : dirname(envFile.path),
    around,
  })
  const all = [...problems, ...before]
  if (all.length > 0) throw new ConfigError(all)
  return config
}

function envFileOf(found: Exclude<FoundEnvFile, { kind: 'problem' }>, around: Surroundings): EnvFile | null {
  if (found.kind === 'environment') return null
  return { path: found.path, content: parseDotenv(found.text, around.environment) }
}

/** A file without one assignment says more when named than a list of everything it lacks. */
function emptyFile(file: EnvFile | null, around: Surroundings): Problem | undefined {
  if (file === null || file.content.assignments.size > 0 || around.environment['LOCAL_DOMAIN'])
    return undefined
  const what = 'This file holds no settings'
  return {
    setting: null,
    place: file.path,
    what,
    remedy: 'Name Mastodon’s own .env.production with --env-file FILE',
  }
}

function noteIgnoredLines(settings: Settings, file: EnvFile | null): void {
  for (const line of file?.content.ignoredLines ?? []) {
    settings.notes.push(`${file?.path}:${line} is not of the form NAME=value and is ignored, by Mastodon too`)
  }
}

interface OwnFileRead {
  readonly file: OwnFile | null
  readonly problems: readonly Problem[]
}

async function readOwnFile(named: string | undefined, around: Surroundings): Promise<OwnFileRead> {
  const given = named ?? (around.environment['CORNAC_CONFIG'] || undefined)
  const candidates =
    given === undefined
      ? [join(around.workingDirectory, 'cornac.yaml'), around.machineConfigFile]
      : [resolvePath(around.workingDirectory, given)]
  for (const path of candidates) {
    const read = await readSettingsFile(path)
    if (read.kind === 'text') return { file: parseOwnFile(path, read.text), problems: [] }
    if (read.kind === 'unreadable') return failed(path, read.what, read.remedy)
    if (given !== undefined) {
      const from = named === undefined ? 'CORNAC_CONFIG' : '--config'
      return failed(path, 'There is no such file', `Correct the path given with ${from}`)
    }
  }
  return { file: null, problems: [] }
}

function failed(place: string, what: string, remedy: string): OwnFileRead {
  return { file: null, problems: [{ setting: null, place, what, remedy }] }
}

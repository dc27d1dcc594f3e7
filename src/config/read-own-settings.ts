/** cornac.yaml, then `CORNAC_*` variables, then flags: each overrides the one before. Checked as a whole. */
import type { z } from 'zod'
import { nearest } from './nearest.ts'
import type { OwnFile } from './own-file.ts'
import {
  OWN_SETTING_PATHS,
  OWN_SETTINGS,
  OwnSettings,
  variablesOf,
  type OwnSettingPath,
  type OwnSettingTraits,
} from './own-settings.ts'
import type { Problem } from './problem.ts'
import { isSecretName } from './secret.ts'
import type { Environment } from './surroundings.ts'

/** Texts of flags by the setting they override, with the flag's name for messages. */
export type Overrides = Partial<Record<OwnSettingPath, { readonly text: string; readonly flag: string }>>

export interface OwnRead {
  /** Undefined if there are problems. */
  readonly settings: OwnSettings | undefined
  readonly problems: readonly Problem[]
  readonly notes: readonly string[]
  /** Where a setting was given, for problems found later. */
  place(path: OwnSettingPath): string
}

const SECTIONS = Object.keys(OwnSettings.shape)

/** Variables that are read elsewhere and are no settings. */
const OTHER_VARIABLES = ['CORNAC_CONFIG', 'CORNAC_ENV_FILE']

export function readOwnSettings(
  file: OwnFile | null,
  environment: Environment,
  overrides: Overrides,
): OwnRead {
  const data: Record<string, unknown> = isRecord(file?.data) ? withoutBlanks(file.data) : {}
  const given = new Map<string, string>()
  for (const path of OWN_SETTING_PATHS) {
    const name = variablesOf(path).find((one) => (environment[one] ?? '') !== '')
    if (name !== undefined) {
      put(data, path, environment[name] ?? '')
      given.set(path, `the environment (${name})`)
    }
    const override = overrides[path]
    if (override !== undefined) {
      put(data, path, override.text)
      given.set(path, override.flag)
    }
  }
  const place = (path: readonly PropertyKey[]): string =>
    given.get(path.join('.')) ?? file?.place(path) ?? 'the command line'
  const whole = file?.data === undefined || isRecord(file.data) ? data : file.data
  const result = OwnSettings.safeParse(whole)
  const problems = [...(file?.problems ?? [])]
  for (const issue of result.error?.issues ?? []) problems.push(...describe(issue, whole, place))
  return {
    settings: problems.length === 0 ? result.data : undefined,
    problems,
    notes: unknownVariables(environment),
    place: (path) => place(path.split('.')),
  }
}

/** A copy without settings and sections that name nothing (`scan:` with all its lines commented out). */
function withoutBlanks(data: Record<string, unknown>): Record<string, unknown> {
  const said = Object.entries(data).filter(([, value]) => value !== null)
  return Object.fromEntries(
    said.map(([name, value]) => [name, isRecord(value) ? withoutBlanks(value) : value]),
  )
}

/** Sets a text at `section.setting`; a section that is not a map in the file stays wrong and is reported as such. */
function put(data: Record<string, unknown>, path: OwnSettingPath, text: string): void {
  const [first = '', second] = path.split('.')
  const value = readText(OWN_SETTINGS[path], text)
  if (second === undefined) {
    data[first] = value
    return
  }
  const section = (data[first] ??= {})
  if (isRecord(section)) section[second] = value
}

function readText({ read, orNone }: OwnSettingTraits, text: string): unknown {
  if (orNone === true && text.trim().toLowerCase() === 'none') return null
  if (read === 'decimal') return /^\d{1,9}(?:\.\d{1,9})?$/.test(text.trim()) ? Number(text) : text
  if (read === 'number') return /^\d{1,9}$/.test(text.trim()) ? Number(text) : text
  if (read === 'list') return text.split(/[\s,]+/).filter((part) => part !== '')
  return text
}

function describe(
  issue: z.core.$ZodIssue,
  data: unknown,
  place: (path: readonly PropertyKey[]) => string,
): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownSetting([...issue.path, key], place))
  }
  const path = issue.path.map(String)
  const traits = traitsOf(path)
  const name = path.join('.')
  const setting = name === '' ? null : name
  if (traits === undefined) {
    const what = `${setting ?? 'This file'} is not a group of settings`
    return [
      {
        setting,
        place: place(path),
        what,
        remedy: 'Write its settings below it, indented, each as name: value',
      },
    ]
  }
  const value = valueAt(data, path)
  const shown = isSecretName(name) || !isShort(value) ? name : `${name} is ${JSON.stringify(value)}`
  const what = `${shown}, which is not what it can be`
  return [{ setting, place: place(path), what, remedy: `Give ${traits.expects}` }]
}

function traitsOf(path: readonly string[]): (typeof OWN_SETTINGS)[OwnSettingPath] | undefined {
  const known = OWN_SETTING_PATHS.find((candidate) => {
    const steps = candidate.split('.')
    return steps.length <= path.length && steps.every((step, i) => step === path[i])
  })
  return known === undefined ? undefined : OWN_SETTINGS[known]
}

function unknownSetting(
  path: readonly PropertyKey[],
  place: (path: readonly PropertyKey[]) => string,
): Problem {
  const name = path.map(String).join('.')
  const meant = nearest(name, [...OWN_SETTING_PATHS, ...SECTIONS])
  return {
    setting: name,
    place: place(path),
    what: `Cornac has no setting ${JSON.stringify(name)}`,
    remedy:
      meant === undefined ? 'Remove it; docs/configuration.md lists all settings' : `Did you mean ${meant}`,
  }
}

/** Only a note: wrappers and service managers may use the prefix for their own ends. */
function unknownVariables(environment: Environment): readonly string[] {
  const known = [...OWN_SETTING_PATHS.flatMap(variablesOf), ...OTHER_VARIABLES]
  return Object.keys(environment)
    .filter((name) => name.startsWith('CORNAC_') && !known.includes(name))
    .map((name) => {
      const meant = nearest(name, known)
      return `${name} in the environment is no setting of Cornac${meant === undefined ? '' : `; did you mean ${meant}?`}`
    })
}

function valueAt(data: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (node, step) => (isRecord(node) ? node[step] : Array.isArray(node) ? node[Number(step)] : undefined),
    data,
  )
}

function isShort(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value) && String(value).length <= 80
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

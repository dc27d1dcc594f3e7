import { describeCommand } from '../../../core/cron-lint/describe.ts'
import type { LintFinding, LintResult } from '../../../core/cron-lint/lint.ts'
import type { Language } from '../../../core/cron-lint/rule.ts'
import type { Maintenance, Schedule, Unread } from '../../../core/model/scheduled.ts'
import { LINT_WORDS } from './lint-words.ts'
import type { Painter } from './paint.ts'

export interface LintTextInput {
  readonly result: LintResult
  readonly maintenance: Maintenance
  readonly language: Language
  readonly verbose: boolean
  /** Files that were written by --fix. */
  readonly written: readonly string[]
}

/** Longer lists of files are cut: the JSON has them all. */
const MOST_UNREAD = 20
const MOST_TOLD = 20
/** So many are told of even if nothing is wrong in them. */
const FEW_FILES = 10
const MOST_LINES = 120

/** Findings as a compiler shows them, the schedules of their files in words, and files as they should be. */
export async function* lintText(input: LintTextInput, paint: Painter): AsyncGenerator<string> {
  const { result, maintenance, language, written } = input
  const words = LINT_WORDS[language]
  for (const finding of result.findings) yield findingText(finding, language, paint)
  const withFindings = new Set(result.findings.map(({ place }) => place.file))
  // where all is well, what runs is worth a look; among many files only those that have findings
  const all = input.verbose || maintenance.documents.length <= FEW_FILES
  yield schedulesText(maintenance, all ? null : withFindings, language, paint)
  for (const { path, text } of written.length > 0 ? [] : result.proposals)
    yield `${paint.bold(words.proposal(path))}\n${indent(clean(text))}\n`
  for (const path of written) yield `${words.wrote(path)}\n`
  yield unreadText(maintenance.unread, language, paint)
  const files = maintenance.documents.length
  if (result.findings.length > 0) yield `${paint.bold(words.total(result.findings.length, files))}\n`
  else yield files === 0 ? `${words.nothingFound}\n` : `${paint.good(words.clean(files))}\n`
}

function findingText(finding: LintFinding, language: Language, paint: Painter): string {
  const words = LINT_WORDS[language]
  const { place, severity, code, message, harm, line, lineFrom, betterLine, cornacLine, fix } = finding
  const colour = severity === 'error' ? paint.bad : severity === 'warning' ? paint.warn : paint.dim
  const lines = [
    `${paint.bold(`${clean(place.file)}:${place.line}:${place.column}`)}: ${colour(words.severity[severity])} ${code}: ${clean(message[language])}`,
  ]
  if (line !== '') {
    const column = place.column - lineFrom
    const width =
      place.line === place.endLine
        ? Math.max(1, place.endColumn - place.column)
        : Math.max(1, line.length - column + 1)
    const before = clean(line.slice(0, column - 1))
    lines.push(
      `  ${clean(line)}`,
      `  ${before.replaceAll(/[^\t]/g, ' ')}${colour('^'.repeat(Math.min(width, Math.max(1, line.length - column + 1))))}`,
    )
  }
  lines.push(`  ${words.harm} ${harm[language]}`)
  if (betterLine === null) lines.push(`  ${words.better} ${fix[language]}`)
  else if (betterLine === '') lines.push(`  ${words.better} ${words.takeOut}`)
  else lines.push(`  ${words.better} ${paint.good(clean(betterLine).trim().replaceAll('\n', '\n    '))}`)
  if (cornacLine !== null) lines.push(`  ${words.cornac} ${paint.good(cornacLine)}`)
  return `${lines.join('\n')}\n\n`
}

/** What the jobs of these files do, and when. Null: of all files. */
function schedulesText(
  { documents }: Maintenance,
  files: ReadonlySet<string> | null,
  language: Language,
  paint: Painter,
): string {
  const words = LINT_WORDS[language]
  const lines: string[] = []
  for (const { tasks, path } of documents) {
    if (files !== null && !files.has(path)) continue
    const told = new Set<string>()
    for (const { schedule, commands, place } of tasks) {
      const does = commands
        .flatMap((command) => describeCommand(command)?.[language] ?? [])
        .slice(0, MOST_TOLD)
      const when = schedule === null ? null : scheduleText(schedule, language)
      const key = `${schedule?.text} ${does.join()}`
      if (does.length === 0 || told.has(key) || told.size >= MOST_TOLD || lines.length >= MOST_LINES) continue
      told.add(key)
      const line = schedule?.place.line ?? place.line
      const runs = when === null ? '' : ` ${words.runs} ${when}`
      lines.push(`  ${clean(path)}:${line}:${runs}`, ...does.map((each) => paint.dim(`    ${clean(each)}`)))
    }
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n\n`
}

function scheduleText({ inWords, next, timeZone }: Schedule, language: Language): string | null {
  if (inWords === null) return null
  const said = `${inWords[language].slice(0, 1).toLowerCase()}${inWords[language].slice(1)}`
  const format = new Intl.DateTimeFormat(language, {
    dateStyle: 'medium',
    timeStyle: 'short',
    ...(timeZone === null ? {} : zoneOf(timeZone)),
  })
  const runs = next.map((run) => format.format(run)).join('; ')
  return runs === '' ? said : `${said}; ${LINT_WORDS[language].nextRuns} ${runs}`
}

function zoneOf(timeZone: string): { timeZone?: string } {
  return Intl.supportedValuesOf('timeZone').includes(timeZone) || timeZone === 'UTC' ? { timeZone } : {}
}

function unreadText(unread: readonly Unread[], language: Language, paint: Painter): string {
  if (unread.length === 0) return ''
  const words = LINT_WORDS[language]
  const lines = unread
    .slice(0, MOST_UNREAD)
    .map(
      ({ path, reason, detail }) =>
        `  ${clean(path)} ${words.reasons[reason]}${detail === null ? '' : ` (${clean(detail)})`}`,
    )
  if (unread.length > MOST_UNREAD) lines.push(`  … ${unread.length - MOST_UNREAD}`)
  return `${paint.dim(`${words.notRead}\n${lines.join('\n')}`)}\n\n`
}

function indent(text: string): string {
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => `  ${line}\n`)
    .join('')
}

/** What a hostile file holds must not move the cursor, colour the terminal or turn the text around. Line breaks and tabs stay. */
function clean(text: string): string {
  return text.replaceAll(/(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu, '\uFFFD')
}

import type { Maintenance, ScheduleDocument, Place } from '../model/scheduled.ts'
import { linesBetween } from './lines-between.ts'
import { applyEdits } from './apply-edits.ts'
import { BETTER_LINES } from './better-lines.ts'
import type { Call, Edit, Rule, Severity, Subject, Texts } from './rule.ts'
import { RULES } from './rules.ts'
import { isVersion, type MastodonVersion } from './tootctl/commands.ts'
import { readTootctlCall } from './tootctl/read-call.ts'

/** Something that is wrong, at a place. */
export interface LintFinding {
  readonly code: string
  readonly severity: Severity
  readonly place: Place
  readonly message: Texts
  readonly harm: Texts
  readonly fix: Texts
  /** The line as it is, cut around the place if it is long. */
  readonly line: string
  /** How many characters the line was cut by at its beginning. */
  readonly lineFrom: number
  /** The line as it should be; null where there is none, '' where it should go. */
  readonly betterLine: string | null
  /** A line of Cornac that does what was meant. */
  readonly cornacLine: string | null
  readonly edits: readonly Edit[]
}

/** A file as it would be with all edits. */
export interface Proposal {
  readonly path: string
  readonly text: string
}

export interface LintResult {
  readonly findings: readonly LintFinding[]
  readonly proposals: readonly Proposal[]
  readonly version: MastodonVersion | null
}

export interface LintOptions {
  /** Null: what the files say, or unknown. */
  readonly version: MastodonVersion | null
  readonly rules?: readonly Rule[]
}

const LONGEST_LINE = 400

/** Judges what is scheduled. Pure; findings in the order of files and places. */
export function lint(maintenance: Maintenance, { version, rules = RULES }: LintOptions): LintResult {
  const subject = subjectOf(maintenance, version)
  const documents = new Map(maintenance.documents.map((document) => [document.path, document]))
  const order = new Map(maintenance.documents.map(({ path }, i) => [path, i]))
  const seen = new Map<string, number>()
  const findings: LintFinding[] = []
  for (const rule of rules)
    for (const judgement of rule.check(subject)) {
      const { place, message, better } = judgement
      const edits = (judgement.edits ?? []).map((edit) => withQuotes(edit, documents))
      // one place may stand for several commands, as in a loop; one script may be called by several schedules
      const key = `${rule.code} ${place.file}:${place.line}:${place.column} ${message.en}`
      const before = seen.get(key)
      // of these only the task whose own file it is can say what to write instead
      if (before !== undefined && (edits.length === 0 || findings[before]?.edits.length !== 0)) continue
      const document = documents.get(place.file)
      const at = before ?? findings.length
      seen.set(key, at)
      findings[at] = {
        code: rule.code,
        severity: rule.severity,
        place,
        message,
        harm: rule.harm,
        fix: rule.fix,
        ...around(document === undefined ? '' : linesBetween(document, place.line, place.line), place),
        betterLine: document === undefined ? null : betterLine(document, place, edits),
        cornacLine: better === undefined ? null : BETTER_LINES[better],
        edits,
      }
    }
  findings.sort(
    (a, b) =>
      (order.get(a.place.file) ?? 0) - (order.get(b.place.file) ?? 0) ||
      a.place.line - b.place.line ||
      a.place.column - b.place.column ||
      (a.code < b.code ? -1 : 1),
  )
  return { findings, proposals: proposalsOf(findings, documents), version: subject.version }
}

function subjectOf(maintenance: Maintenance, named: MastodonVersion | null): Subject {
  const calls = maintenance.documents.flatMap((document) =>
    document.tasks.flatMap((task) =>
      task.commands.flatMap((command): Call[] => {
        const tootctl = readTootctlCall(command)
        return tootctl === null ? [] : [{ tootctl, command, task, document }]
      }),
    ),
  )
  const found = maintenance.documents
    .map(({ version }) => version)
    .find((version) => version !== null && isVersion(version))
  const settings = new Map<string, string>()
  for (const document of maintenance.documents)
    for (const { name, value } of document.settings) settings.set(name, value.text)
  return {
    maintenance,
    calls,
    version: named ?? (found !== undefined && found !== null && isVersion(found) ? found : null),
    setting: (name) => settings.get(name) ?? null,
  }
}

function around(line: string, { column }: Place): { line: string; lineFrom: number } {
  if (line.length <= LONGEST_LINE) return { line, lineFrom: 0 }
  const lineFrom = Math.max(0, column - LONGEST_LINE / 4)
  return { line: line.slice(lineFrom, lineFrom + LONGEST_LINE), lineFrom }
}

/** A word that goes takes its quotes along: its place is within them. */
function withQuotes(edit: Edit, documents: ReadonlyMap<string, ScheduleDocument>): Edit {
  const { kind, place } = edit
  const document = documents.get(place.file)
  if (kind !== 'replace' || edit.text !== '' || document === undefined) return edit
  const line = linesBetween(document, place.line, place.line)
  const quote = line[place.column - 1]
  if ((quote !== '"' && quote !== "'") || line[place.endColumn - 1] !== quote) return edit
  const blank = /\s/.test(line[place.column - 2] ?? '') ? 1 : 0
  return { ...edit, place: { ...place, column: place.column - blank, endColumn: place.endColumn + 1 } }
}

/** The line of the place after its edits. */
function betterLine(document: ScheduleDocument, place: Place, edits: readonly Edit[]): string | null {
  const here = edits.filter(
    (edit) =>
      edit.place.file === place.file && edit.place.line <= place.line && edit.place.endLine >= place.line,
  )
  if (here.length === 0) return null
  if (here.some(({ kind }) => kind === 'delete-lines')) return ''
  const lastLine = Math.max(...here.map((edit) => edit.place.endLine))
  const rest = linesBetween(document, place.line, lastLine)
  const moved = here.map((edit): Edit => {
    const shift = place.line - 1
    const at = { ...edit.place, line: edit.place.line - shift, endLine: edit.place.endLine - shift }
    return { ...edit, place: at }
  })
  const better = applyEdits(rest, moved).replaceAll('\r', '')
  return better.length > LONGEST_LINE ? null : better
}

function proposalsOf(
  findings: readonly LintFinding[],
  documents: ReadonlyMap<string, ScheduleDocument>,
): readonly Proposal[] {
  const edits = new Map<string, Edit[]>()
  for (const finding of findings)
    for (const edit of finding.edits) {
      const list = edits.get(edit.place.file)
      if (list === undefined) edits.set(edit.place.file, [edit])
      else list.push(edit)
    }
  return Array.from(edits, ([path, list]) => {
    const document = documents.get(path)
    return document === undefined ? null : { path, text: applyEdits(document.text, list) }
  }).filter((proposal) => proposal !== null)
}

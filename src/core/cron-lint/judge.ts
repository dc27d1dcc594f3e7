/** What several rules ask and answer alike. */
import type { Place, ScheduledCommand, Task, Word } from '../model/scheduled.ts'
import { linesBetween } from './lines-between.ts'
import type { Call, Edit, Judgement, Subject } from './rule.ts'
import { optionOf, type GivenOption } from './tootctl/read-call.ts'

/** Calls of these commands that do something. */
export function callsOf(subject: Subject, ...names: readonly string[]): readonly Call[] {
  return subject.calls.filter(({ tootctl }) => !tootctl.harmless && names.includes(tootctl.name))
}

export function isDryRun({ tootctl }: Call): boolean {
  return optionOf(tootctl, '--dry-run') !== null
}

/** Commands that run for minutes to days and take away or rewrite much. */
export const HEAVY: readonly string[] = [
  'media remove',
  'media remove-orphans',
  'media refresh',
  'preview_cards remove',
  'statuses remove',
  'accounts cull',
  'accounts prune',
  'accounts refresh',
]

/** Minutes of the day between which Mastodon's own vacuum starts (app/workers/scheduler/vacuum_scheduler.rb). */
export const VACUUM_FROM = 3 * 60
export const VACUUM_TO = 6 * 60

/** From the program to the last word: what is marked when the whole call is meant. */
export function wholeCall({ command }: Call): Place {
  return command.place
}

/** The word and the blank before it, out. */
export function withoutWord({ place, exact }: Word): readonly Edit[] {
  if (!exact || place.line !== place.endLine || place.column < 2) return []
  return [{ kind: 'replace', place: { ...place, column: place.column - 1 }, text: '' }]
}

/** Another value for an option, however it was written. */
export function withValue({ word, valueWord, value }: GivenOption, text: string): readonly Edit[] {
  const holder = valueWord ?? word
  if (!holder.exact || value === null) return []
  const start = holder.place.endColumn - value.length
  return [{ kind: 'replace', place: { ...holder.place, column: start }, text }]
}

export function insertAfter(word: Word | undefined, text: string): readonly Edit[] {
  if (word === undefined || !word.exact) return []
  const { endLine: line, endColumn: column, file } = word.place
  return [{ kind: 'replace', place: { file, line, endLine: line, column, endColumn: column }, text }]
}

export function insertBefore(word: Word | undefined, text: string): readonly Edit[] {
  if (word === undefined || !word.exact) return []
  const { line, column, file } = word.place
  return [{ kind: 'replace', place: { file, line, endLine: line, column, endColumn: column }, text }]
}

/** The whole line out, where nothing else is done on it. */
export function withoutLine({ task, command, document }: Call): readonly Edit[] {
  if (task.kind === 'crontab' && !command.inScript) {
    const others = task.commands.filter((other) => other !== command && other.words[0]?.text !== 'echo')
    return others.length === 0 ? [{ kind: 'delete-lines', place: task.place }] : []
  }
  if (command.place.file !== document.path || (task.kind !== 'script' && task.kind !== 'cron-script'))
    return []
  if (task.commands.some((other) => other !== command && touches(other.place, command.place))) return []
  const line = linesBetween(document, command.place.line, command.place.line)
  // a command among others, or inside of a loop's one line
  if (/[;|{}()]|&&|\b(then|do|else)\b/.test(line.replaceAll(/\d?>&\d/g, ''))) return []
  return [{ kind: 'delete-lines', place: command.place }]
}

function touches(a: Place, b: Place): boolean {
  return a.file === b.file && a.line <= b.endLine && b.line <= a.endLine
}

/** Runs in an image that sets Ruby, folder and environment, or on another machine. */
export function isElsewhere({ wrappers }: ScheduledCommand): boolean {
  return wrappers.some(({ kind }) => kind === 'container' || kind === 'cluster' || kind === 'remote')
}

/** A login shell reads profiles, which set what the file does not. */
function isLoginShell({ wrappers }: ScheduledCommand): boolean {
  return wrappers.some(({ words }) =>
    words.some(({ text }) => /^(-|--login|-[a-z]*[li][a-z]*)$/.test(text) && text !== '-n'),
  )
}

/** The environment has more than the file says. */
export function isEnvironmentOpen(command: ScheduledCommand): boolean {
  return command.environment['*'] !== undefined || isElsewhere(command) || isLoginShell(command)
}

/** Times of day at which it runs, at most so many; more is all day long. */
export function timesOfDay({ schedule }: Task, most = 4): readonly number[] {
  const minutes = schedule?.recurrence?.minutes ?? []
  return minutes.length <= most ? minutes : []
}

/** `4:05` */
export function clock(minute: number): string {
  return `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}`
}

/** Another hour in a crontab's line; nothing where the file does not hold a plain number. */
export function atHour({ schedule }: Task, hour: number): readonly Edit[] {
  const field = schedule?.fields[1]
  if (field === undefined || !/^\d+$/.test(field.text)) return []
  return [{ kind: 'replace', place: field.place, text: String(hour) }]
}

/** One judgement for each file, at its first place, with the number of the others. */
export function oncePerFile(judgements: Iterable<Judgement>): readonly Judgement[] {
  const files = new Map<string, Map<string, Judgement>>()
  for (const judgement of judgements) {
    const { file, line, column } = judgement.place
    const known = files.get(file) ?? new Map<string, Judgement>()
    files.set(file, known)
    if (!known.has(`${line}:${column}`)) known.set(`${line}:${column}`, judgement)
  }
  return Array.from(files.values(), (known) => {
    const list = [...known.values()]
    const [first] = list
    if (first === undefined) throw new RangeError('a list is made with its first element')
    const edits = list.flatMap((each) => each.edits ?? [])
    const more = list.length - 1
    if (more === 0) return first
    const lines = list
      .slice(1, 6)
      .map(({ place }) => place.line)
      .join(', ')
    return {
      ...first,
      edits,
      message: {
        en: `${first.message.en} The same on ${more} more: line ${lines}${more > 5 ? ', …' : ''}.`,
        fr: `${first.message.fr} Idem ${more} fois encore : ligne ${lines}${more > 5 ? ', …' : ''}.`,
      },
    }
  })
}

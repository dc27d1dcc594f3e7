/**
 * Crontabs, users' own and the system's (crontab(5) of cron, cronie and Debian): variables, five fields or `@weekly`, in
 * the system's a user, and a command that ends at the first `%` without a backslash.
 */
import type { Oddity, Place, Task, Word } from '../../../core/model/scheduled.ts'
import { makeTask } from '../make-task.ts'
import type { Found, ReadingContext } from '../reading.ts'
import { emptyScope, type Scope } from '../shell/scope.ts'
import { walkScript } from '../shell/walk.ts'
import { MappedText, MappedTextBuilder } from '../text/mapped-text.ts'
import { readSchedule } from './read-schedule.ts'

/** cron itself refuses lines over 1000 characters or so; real ones stay far below. */
const LONGEST_LINE = 16_384

/** Nobody has as many. */
const MOST_JOBS = 1_000

const ASSIGNMENT = /^\s*([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/

/** Users that have lines in the system's crontabs; a first word that is one of these names whom to run as. */
const USERS = new Set([
  'root',
  'mastodon',
  'www-data',
  'nobody',
  'daemon',
  'postgres',
  'debian',
  'ubuntu',
  'admin',
  'deploy',
  'docker',
  'toot',
  'git',
])

/** Words that begin a command and are nobody's name. */
const COMMANDS = new Set(
  'cd docker podman kubectl su sudo bash sh env flock nice ionice timeout test find rm echo export source exec systemctl rsync rclone aws curl bundle ruby tootctl run-parts nohup chronic command'.split(
    ' ',
  ),
)

export function readCrontab({ file, nowMs, findScript, unread }: ReadingContext): Found {
  const tasks: Task[] = []
  const variables: [string, Word, MappedText][] = []
  let timeZone: string | null = null
  let mailTo: Word | null = null
  const system = isSystemCrontab(file.path)
  for (let number = 1; number <= file.lineCount; number++) {
    const { start, end } = file.lineRange(number)
    if (end - start > LONGEST_LINE) {
      unread('too-long', `line ${number}`)
      continue
    }
    const line = file.text.slice(start, end)
    const trimmed = line.trimStart()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const assignment = ASSIGNMENT.exec(line)
    if (assignment !== null && !/^[\d*@]/.test(trimmed)) {
      const [, name = '', raw = ''] = assignment
      const at = start + line.indexOf(raw, line.indexOf('=') + 1)
      const quoted = /^(["'])(.*)\1$/.exec(raw)
      const value = MappedText.of(
        file,
        at + (quoted === null ? 0 : 1),
        at + raw.length - (quoted === null ? 0 : 1),
      )
      const word = {
        text: value.text,
        place: value.place(0, value.text.length),
        exact: value.text !== '',
        unknown: false,
      }
      if (name === 'CRON_TZ') timeZone = word.text
      else if (name === 'MAILTO') mailTo = word
      else variables.push([name, word, value])
      continue
    }
    if (tasks.length >= MOST_JOBS) {
      unread('too-long', `line ${number}`)
      break
    }
    const task = readLine(start, end)
    if (task !== null) tasks.push(task)
  }
  return { kind: 'crontab', tasks }

  function readLine(start: number, end: number): Task | null {
    const words = splitBlanks(file.text, start, end)
    const [first] = words
    if (first === undefined) return null
    const nickname = first.text.startsWith('@')
    const count = nickname ? 1 : 5
    if (words.length <= count) return null
    if (!nickname && !words.slice(0, 5).every(({ text }) => /^[\d*,/\-a-zA-Z?~#]+$/.test(text))) return null
    // a sentence, not a schedule
    if (!nickname && !/[\d*]/.test(first.text)) return null
    const fields = words.slice(0, count)
    const last = fields.at(-1) ?? first
    const place = file.place(
      start + (file.text.slice(start, end).length - file.text.slice(start, end).trimStart().length),
      end,
    )
    const schedule = readSchedule({
      text: fields.map(({ text }) => text).join(' '),
      place: file.place(first.start, last.end),
      fields: fields.map((field) => ({
        text: field.text,
        place: file.place(field.start, field.end),
        exact: true,
        unknown: false,
      })),
      timeZone,
      nowMs,
    })
    const oddities: { kind: Oddity; place: Place }[] = []
    const sixth = words[count]
    const seventh = words[count + 1]
    if (sixth === undefined) return null
    const isName = /^[a-z_][a-z0-9_-]*\$?$/.test(sixth.text) && !COMMANDS.has(sixth.text)
    let user: string | null = null
    let from = sixth.start
    if (
      system === true
        ? isName && seventh !== undefined
        : isName && seventh !== undefined && USERS.has(sixth.text)
    ) {
      user = sixth.text
      from = seventh?.start ?? sixth.end
      if (system === false)
        oddities.push({ kind: 'user-too-many', place: file.place(sixth.start, sixth.end) })
    } else if (system === true)
      oddities.push({ kind: 'user-missing', place: file.place(sixth.start, sixth.end) })
    const { command, percent } = untilPercent(from, end)
    if (percent !== null) oddities.push({ kind: 'percent', place: percent })
    if (/(^|\/)cron\.d\/[^/]*[^\w/-][^/]*$/.test(file.path)) oddities.push({ kind: 'dot-in-name', place })
    if (end === file.text.length) oddities.push({ kind: 'no-final-newline', place: file.place(end - 1, end) })
    const scope: Scope = { ...emptyScope(), user }
    for (const [name, word, mapped] of variables)
      scope.environment.set(name, { text: word.text, mapped, place: word.place, unknown: false })
    const walked = walkScript(command, scope, findScript)
    if (walked.cutShort) unread('too-deep', `line ${place.line}`)
    return makeTask({ kind: 'crontab', place, schedule, commands: walked.commands, user, mailTo, oddities })
  }

  /** What cron hands to the shell: `\%` is a percent sign, `%` alone begins the command's input. */
  function untilPercent(from: number, end: number): { command: MappedText; percent: Place | null } {
    const builder = new MappedTextBuilder(file)
    let run = from
    for (let at = from; at < end; at++) {
      if (file.text[at] !== '%') continue
      if (file.text[at - 1] === '\\') {
        builder.addRange(run, at - 1)
        run = at
        continue
      }
      builder.addRange(run, at)
      return { command: builder.done(), percent: file.place(at, at + 1) }
    }
    builder.addRange(run, end)
    return { command: builder.done(), percent: null }
  }
}

/** By its place: true with a user field, false without, null unknown. */
function isSystemCrontab(path: string): boolean | null {
  if (
    /(^|\/)etc\/crontab$/.test(path) ||
    /(^|\/)cron\.d\/[^/]+$/.test(path) ||
    /(^|\/)anacrontab$/.test(path)
  )
    return true
  return /(^|\/)(crontabs|spool\/cron)\/[^/]+$/.test(path) ? false : null
}

export interface BlankWord {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** The first words of a line, by blanks alone, as cron splits its fields. */
export function splitBlanks(text: string, start: number, end: number, most = 8): readonly BlankWord[] {
  const words: BlankWord[] = []
  let at = start
  while (at < end && words.length < most) {
    while (at < end && isBlank(text[at])) at++
    const from = at
    while (at < end && !isBlank(text[at])) at++
    if (at > from) words.push({ text: text.slice(from, at), start: from, end: at })
  }
  return words
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}

import type { OutputFate, Place, Schedule, Task } from '../../../core/model/scheduled.ts'
import { durationMinutes, readSchedule, without } from '../cron/read-schedule.ts'
import { makeTask } from '../make-task.ts'
import type { Found, ReadingContext } from '../reading.ts'
import { emptyScope } from '../shell/scope.ts'
import type { ShellWord } from '../shell/shell-word.ts'
import { walkWords } from '../shell/walk.ts'
import type { MappedText } from '../text/mapped-text.ts'
import { readCalendar } from './read-calendar.ts'
import { readUnitSettings, type UnitSetting } from './read-lines.ts'
import { splitUnitWords } from './split-words.ts'

const INTERVALS = ['OnUnitActiveSec', 'OnUnitInactiveSec', 'OnActiveSec', 'OnBootSec', 'OnStartupSec']

/** A timer gives tasks without commands, a service tasks without a schedule; joinUnits brings them together by name. */
export function readUnit(context: ReadingContext): Found {
  const settings = readUnitSettings(context.file)
  const name = unitName(context.file.path)
  const timer = settings.some(({ section }) => section === 'Timer') || name.endsWith('.timer')
  const tasks = timer ? readTimer(settings, name, context) : readService(settings, name, context)
  return { kind: 'unit', tasks }
}

function unitName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function readTimer(
  settings: readonly UnitSetting[],
  name: string,
  { nowMs }: ReadingContext,
): readonly Task[] {
  const unit = settings
    .findLast((setting) => setting.name === 'Unit' && setting.section === 'Timer')
    ?.value.text.trim()
  const starts = unit ?? name.replace(/\.timer$/, '.service')
  const tasks: Task[] = []
  const add = (place: Place, schedule: Schedule): void => {
    tasks.push(makeTask({ kind: 'timer', name: starts, place, schedule, commands: [], neverTwice: true }))
  }
  for (const { section, name: setting, value } of settings) {
    if (section !== 'Timer' || value.text.trim() === '') continue
    const place = value.place(0, value.text.length)
    const text = value.text.trim()
    if (setting === 'OnCalendar') add(place, readCalendarSchedule(text, place, nowMs))
    else if (INTERVALS.includes(setting) && !setting.startsWith('OnBoot') && !setting.startsWith('OnStartup'))
      add(place, {
        ...without({ text: `${setting}=${text}`, place, timeZone: null, dialect: 'interval' }),
        everyMinutes: durationMinutes(text),
      })
  }
  return tasks
}

/** `OnCalendar=`, and `startAt` of NixOS. */
export function readCalendarSchedule(text: string, place: Place, nowMs: number): Schedule {
  const event = readCalendar(text)
  if (event === null)
    return { ...without({ text, place, timeZone: null, dialect: 'calendar' }), mistake: 'unreadable' }
  return readSchedule({
    text,
    place,
    fields: [],
    timeZone: event.timeZone,
    nowMs,
    dialect: 'calendar',
    pattern: event.pattern,
    bothDays: true,
  })
}

function readService(
  settings: readonly UnitSetting[],
  name: string,
  { findScript, unread, file }: ReadingContext,
): readonly Task[] {
  const scope = emptyScope()
  const environment = new Map<string, string>()
  const of = (setting: string): MappedText | undefined =>
    settings.findLast(
      (each) => each.section === 'Service' && each.name === setting && each.value.text.trim() !== '',
    )?.value
  for (const setting of settings) {
    if (setting.section !== 'Service') continue
    if (setting.name === 'Environment')
      for (const word of splitUnitWords(setting.value, new Map())) {
        const equals = word.text.indexOf('=')
        if (equals <= 0) continue
        environment.set(word.text.slice(0, equals), word.text.slice(equals + 1))
        const mapped = word.mapped.slice(equals + 1, word.mapped.text.length)
        scope.environment.set(word.text.slice(0, equals), {
          ...word,
          text: word.text.slice(equals + 1),
          mapped,
        })
      }
    if (setting.name === 'EnvironmentFile') scope.environment.set('*', wordOf(setting.value))
  }
  const folder = of('WorkingDirectory')
  scope.workingDirectory = folder === undefined ? null : wordOf(folder)
  scope.user = of('User')?.text.trim() ?? 'root'
  scope.output = fateOf(of('StandardOutput')?.text.trim())
  scope.errors = of('StandardError') === undefined ? scope.output : fateOf(of('StandardError')?.text.trim())
  const losing = [of('StandardOutput'), of('StandardError')].filter((value) => value?.text.trim() === 'null')
  scope.losses = losing.flatMap((value) => (value === undefined ? [] : [value.place(0, value.text.length)]))
  const commands = settings.flatMap((setting) => {
    if (setting.section !== 'Service' || !/^ExecStart(Pre|Post)?$/.test(setting.name)) return []
    const prefix = /^[-@:+!|]*/.exec(setting.value.text)?.[0].length ?? 0
    const line = setting.value.slice(prefix, setting.value.text.length)
    const walked = walkWords(splitUnitWords(line, environment), scope, findScript)
    if (walked.cutShort) unread('too-deep', name)
    return walked.commands
  })
  if (commands.length === 0) return []
  const place = commands[0]?.place ?? file.place(0, 0)
  return [
    makeTask({ kind: 'timer', name, place, schedule: null, commands, user: scope.user, neverTwice: true }),
  ]
}

function wordOf(value: MappedText): ShellWord {
  const text = value.text.trim()
  const start = value.text.indexOf(text)
  const mapped = value.slice(start, start + text.length)
  return { text, mapped, place: value.place(start, start + text.length), unknown: false }
}

function fateOf(setting: string | undefined): OutputFate {
  if (setting === 'null') return 'lost'
  return setting === undefined || /^(inherit|journal|tty|kmsg)/.test(setting) ? 'seen' : 'kept'
}

/** NixOS: `services.mastodon.mediaAutoRemove`, units with a script or ExecStart and a `startAt` or timer, and cron's lines. */
import type { Place, Schedule, ScheduledCommand, Task, Word } from '../../../core/model/scheduled.ts'
import { makeTask } from '../make-task.ts'
import type { Found, ReadingContext } from '../reading.ts'
import { emptyScope, type Scope } from '../shell/scope.ts'
import { walkScript, walkWords } from '../shell/walk.ts'
import { splitUnitWords } from '../systemd/split-words.ts'
import { readCalendarSchedule } from '../systemd/read-unit.ts'
import { readSchedule } from '../cron/read-schedule.ts'
import { splitBlanks } from '../cron/read-crontab.ts'
import { MappedText } from '../text/mapped-text.ts'
import { readNixSettings, type NixSetting } from './read-settings.ts'

const LONGEST_NIX = 512 * 1024

export function readNix(context: ReadingContext): Found {
  if (context.file.text.length > LONGEST_NIX) {
    context.unread('too-long', `${context.file.text.length} characters`)
    return { kind: 'nix' }
  }
  const settings = readNixSettings(context.file)
  const tasks = [
    ...mediaAutoRemove(settings, context),
    ...units(settings, context),
    ...cronLines(settings, context),
  ]
  return { kind: 'nix', tasks }
}

function valueAt(settings: readonly NixSetting[], path: string): MappedText | undefined {
  return settings.findLast((setting) => setting.path === path || setting.path === `config.${path}`)?.values[0]
}

/** What nixpkgs makes of it: daily, 30 days, `mastodon-tootctl media remove --days=N`, as the service's user. */
function mediaAutoRemove(settings: readonly NixSetting[], { file, nowMs }: ReadingContext): readonly Task[] {
  const base = 'services.mastodon.mediaAutoRemove'
  if (!settings.some(({ path }) => path.startsWith(base))) return []
  if (valueAt(settings, `${base}.enable`)?.text === 'false') return []
  const startAt = valueAt(settings, `${base}.startAt`)
  const days = valueAt(settings, `${base}.olderThanDays`)
  const first = settings.find(({ path }) => path.startsWith(base))
  const place = file.place(first?.start ?? 0, first?.end ?? 0)
  const schedulePlace = startAt?.place(0, startAt.text.length) ?? place
  const word = (text: string): Word => ({ text, place, exact: false, unknown: false })
  const daysWord: Word =
    days === undefined
      ? word('30')
      : { text: days.text, place: days.place(0, days.text.length), exact: true, unknown: false }
  const command: ScheduledCommand = {
    words: [word('mastodon-tootctl'), word('media'), word('remove'), word('--days'), daysWord],
    place: daysWord.place,
    wrappers: [],
    environment: { '*': word('') },
    workingDirectory: word('/'),
    user: 'mastodon',
    output: 'seen',
    errors: 'seen',
    losses: [],
    guarded: false,
    failureIgnored: null,
    inScript: false,
  }
  const schedule = readCalendarSchedule(startAt?.text ?? 'daily', schedulePlace, nowMs)
  return [
    makeTask({
      kind: 'nix',
      name: 'mediaAutoRemove',
      place,
      schedule,
      commands: [command],
      user: 'mastodon',
      neverTwice: true,
    }),
  ]
}

function units(settings: readonly NixSetting[], context: ReadingContext): readonly Task[] {
  const names = new Set(
    settings.flatMap(
      ({ path }) => /^(?:config\.)?systemd\.(?:user\.)?services\.([^.]+)\./.exec(path)?.[1] ?? [],
    ),
  )
  return Array.from(names).flatMap((name) => {
    const at = (setting: string): MappedText | undefined =>
      valueAt(settings, `systemd.services.${name}.${setting}`)
    const user = at('serviceConfig.User')?.text ?? 'root'
    const scope: Scope = { ...emptyScope(), user }
    const folder = at('serviceConfig.WorkingDirectory')
    if (folder !== undefined) scope.workingDirectory = wordFor(folder)
    for (const { path, values } of settings) {
      const [, variable] =
        new RegExp(`^systemd\\.services\\.${escape(name)}\\.environment\\.(\\w+)$`).exec(path) ?? []
      const value = values[0]
      if (variable !== undefined && value !== undefined) scope.environment.set(variable, wordFor(value))
    }
    if (at('serviceConfig.EnvironmentFile') !== undefined || at('path') !== undefined)
      scope.environment.set('*', wordFor(at('path') ?? MappedText.of(context.file, 0, 0)))
    const script = at('script')
    const start = at('serviceConfig.ExecStart')
    const walked =
      script === undefined
        ? start === undefined
          ? null
          : walkWords(splitUnitWords(start, new Map()), scope, context.findScript)
        : walkScript(script, scope, context.findScript)
    if (walked === null || walked.commands.length === 0) return []
    const when = at('startAt') ?? valueAt(settings, `systemd.timers.${name}.timerConfig.OnCalendar`)
    const schedule: Schedule | null =
      when === undefined
        ? null
        : readCalendarSchedule(when.text, when.place(0, when.text.length), context.nowMs)
    const place: Place = walked.commands[0]?.place ?? context.file.place(0, 0)
    return [
      makeTask({ kind: 'nix', name, place, schedule, commands: walked.commands, user, neverTwice: true }),
    ]
  })
}

/** `services.cron.systemCronJobs`: lines of the system's crontab. */
function cronLines(
  settings: readonly NixSetting[],
  { file, nowMs, findScript }: ReadingContext,
): readonly Task[] {
  const lines = settings
    .filter(({ path }) => path.endsWith('services.cron.systemCronJobs'))
    .flatMap(({ values }) => values)
  return lines.flatMap((line) => {
    const words = splitBlanks(line.text, 0, line.text.length)
    const count = words[0]?.text.startsWith('@') === true ? 1 : 5
    const last = words[count - 1]
    const user = words[count]
    const command = words[count + 1]
    if (last === undefined || user === undefined || command === undefined) return []
    const schedule = readSchedule({
      text: words
        .slice(0, count)
        .map(({ text }) => text)
        .join(' '),
      place: line.place(0, last.end),
      fields: [],
      timeZone: null,
      nowMs,
    })
    const walked = walkScript(
      line.slice(command.start, line.text.length),
      { ...emptyScope(), user: user.text },
      findScript,
    )
    const place = line.place(0, line.text.length)
    return [
      makeTask({
        kind: 'nix',
        name: file.path.slice(file.path.lastIndexOf('/') + 1),
        place,
        schedule,
        commands: walked.commands,
        user: user.text,
      }),
    ]
  })
}

function wordFor(mapped: MappedText) {
  return { text: mapped.text, mapped, place: mapped.place(0, mapped.text.length), unknown: false }
}

function escape(name: string): string {
  return name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}

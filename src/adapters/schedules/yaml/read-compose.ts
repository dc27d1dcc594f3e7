/** Compose files: labels of ofelia, chadburn, deck-chores and swarm-cronjob, and services that run Mastodon's commands in a loop. */
import { isMap, isSeq, type Node } from 'yaml'
import type { Schedule, SettingInFile, Task } from '../../../core/model/scheduled.ts'
import { durationMinutes, readSchedule, without } from '../cron/read-schedule.ts'
import { makeTask } from '../make-task.ts'
import type { Found, ReadingContext } from '../reading.ts'
import type { Scope } from '../shell/scope.ts'
import { walkScript } from '../shell/walk.ts'
import { MappedText } from '../text/mapped-text.ts'
import { addEnvironment, containerScope, walkCommand } from './container-command.ts'
import { dig, entriesOf, get, itemsOf, mappedOf, placeOf, textOf } from './nodes.ts'
import { versionOfImage } from './image-version.ts'

export function readCompose(root: Node, context: ReadingContext): Found {
  const tasks: Task[] = []
  const settings: SettingInFile[] = []
  let version: string | null = null
  for (const [name, service, key] of entriesOf(get(root, 'services'))) {
    if (!isMap(service)) continue
    version ??= versionOfImage(textOf(get(service, 'image')))
    const scope = containerScope('container', 'compose')
    for (const [variable, value] of environmentOf(service, context)) {
      addEnvironment(scope, variable, value, context)
      const mapped = mappedOf(value, context.file)
      if (mapped !== null) {
        const place = placeOf(value, context.file)
        settings.push({
          name: variable,
          place,
          value: { text: mapped.text, place, exact: false, unknown: false },
        })
      }
    }
    const copies = copiesOf(service, context)
    const labels = labelsOf(service, context)
    tasks.push(...jobsOfLabels(labels, scope, context).map((task) => ({ ...task, copies })))
    const walked = walkCommand([get(service, 'entrypoint'), get(service, 'command')], scope, context)
    const swarm = labels.find(([label]) => label === 'swarm.cronjob.schedule')
    const schedule = swarm === undefined ? null : scheduleOf(swarm[1], context)
    const once = labels.some(
      ([label, value]) => label === 'swarm.cronjob.skip-running' && value.text === 'true',
    )
    if (walked.commands.length > 0)
      tasks.push(
        makeTask({
          kind: 'compose',
          name,
          place: placeOf(key, context.file),
          schedule,
          commands: walked.commands,
          neverTwice: swarm === undefined || once,
          copies: swarm === undefined ? copies : null,
        }),
      )
  }
  return { kind: 'compose', tasks, settings, version }
}

function environmentOf(service: Node, { file }: ReadingContext): readonly (readonly [string, Node | null])[] {
  const environment = get(service, 'environment')
  if (isMap(environment)) return entriesOf(environment).map(([name, value]) => [name, value] as const)
  return itemsOf(environment).flatMap((item) => {
    const text = mappedOf(item, file)?.text ?? ''
    const equals = text.indexOf('=')
    return equals > 0 && /^\w+$/.test(text.slice(0, equals))
      ? [[text.slice(0, equals), scalarAfter(item, text, equals)] as const]
      : []
  })
}

/** `NAME=value` in a list: the value for itself, at the place of the whole. */
function scalarAfter(item: Node, text: string, equals: number): Node {
  const copy = item.clone() as Node & { value: unknown; source?: string }
  copy.value = text.slice(equals + 1)
  copy.range = item.range ?? null
  return copy
}

type Label = readonly [name: string, value: MappedText]

function labelsOf(service: Node, { file }: ReadingContext): readonly Label[] {
  const found: Label[] = []
  for (const labels of [get(service, 'labels'), dig(service, 'deploy', 'labels')]) {
    for (const [name, value] of entriesOf(labels)) {
      const mapped = mappedOf(value, file)
      if (mapped !== null) found.push([name, mapped])
    }
    if (!isSeq(labels)) continue
    for (const item of itemsOf(labels)) {
      const mapped = mappedOf(item, file)
      const equals = mapped?.text.indexOf('=') ?? -1
      if (mapped !== null && equals > 0)
        found.push([mapped.text.slice(0, equals), mapped.slice(equals + 1, mapped.text.length)])
    }
  }
  return found
}

/** `ofelia.job-exec.NAME.schedule`, `.command`, `.no-overlap`. */
function jobsOfLabels(labels: readonly Label[], scope: Scope, context: ReadingContext): readonly Task[] {
  const jobs = new Map<string, Map<string, MappedText>>()
  for (const [label, value] of labels) {
    const match = /^((?:ofelia|chadburn)\.job-[a-z-]+|deck-chores)\.([^.]+)\.([a-z-]+)$/.exec(label)
    const [, runner, name, setting] = match ?? []
    if (runner === undefined || name === undefined || setting === undefined) continue
    const key = `${runner} ${name}`
    const job = jobs.get(key) ?? new Map<string, MappedText>()
    jobs.set(key, job.set(setting, value))
  }
  return Array.from(jobs, ([key, job]) => {
    const command = job.get('command')
    const when = job.get('schedule') ?? job.get('cron') ?? job.get('interval')
    if (command === undefined) return null
    const user = job.get('user')?.text ?? null
    const walked = walkScript(command, { ...scope, user }, context.findScript)
    const schedule = when === undefined ? null : scheduleOf(when, context)
    return makeTask({
      kind: 'compose',
      name: key.slice(key.indexOf(' ') + 1),
      place: command.place(0, command.text.length),
      schedule,
      commands: walked.commands,
      user,
      // deck-chores runs a job once at a time unless told otherwise
      neverTwice: job.get('no-overlap')?.text === 'true' || key.startsWith('deck-chores'),
      policy: when === undefined ? null : when.place(0, when.text.length),
    })
  }).filter((task) => task !== null)
}

function scheduleOf(value: MappedText, { nowMs }: ReadingContext): Schedule {
  const text = value.text.trim()
  const place = value.place(0, value.text.length)
  if (/^(every|daily|weekly|monthly|hourly)\b/i.test(text) || /^\d+\s*[a-z]+$/i.test(text))
    return {
      ...without({ text, place, timeZone: null, dialect: 'interval' }),
      everyMinutes: durationMinutes(text),
    }
  return readSchedule({ text, place, fields: [], timeZone: null, nowMs })
}

function copiesOf(service: Node, { file }: ReadingContext): Task['copies'] {
  const deploy = get(service, 'deploy')
  const mode = get(deploy, 'mode')
  if (textOf(mode) === 'global') return { count: 2, place: placeOf(mode, file) }
  const replicas = get(deploy, 'replicas') ?? get(service, 'scale')
  const count = Number(textOf(replicas))
  return Number.isInteger(count) && count > 1 ? { count, place: placeOf(replicas, file) } : null
}

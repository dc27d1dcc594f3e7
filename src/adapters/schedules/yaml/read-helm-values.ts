/** Values of Mastodon's Helm charts, and any other YAML in which a command stands beside a schedule. */
import { isMap, isSeq, type Node } from 'yaml'
import type { Task, Word } from '../../../core/model/scheduled.ts'
import { makeTask } from '../make-task.ts'
import type { Found, ReadingContext } from '../reading.ts'
import { containerScope, walkCommand } from './container-command.ts'
import { dig, entriesOf, get, itemsOf, placeOf, textOf } from './nodes.ts'
import { cronJobSchedule } from './read-manifest.ts'
import { versionOfTag } from './image-version.ts'

const DEEPEST = 30

export function readHelmValues(root: Node, context: ReadingContext): Found {
  const tasks: Task[] = []
  const media = dig(root, 'mastodon', 'cron', 'removeMedia') ?? dig(root, 'cron', 'removeMedia')
  const chart = media === undefined ? null : chartTask(media, context)
  if (chart !== null) tasks.push(chart)
  visit(root, 0)
  const known = media !== undefined || tasks.length > 0 || get(root, 'mastodon') !== undefined
  return { kind: known ? 'helm' : 'unknown', tasks, version: versionOfTag(root) }

  function visit(node: Node | null, depth: number): void {
    if (depth > DEEPEST) return
    if (isSeq(node)) for (const item of itemsOf(node)) visit(item, depth + 1)
    if (!isMap(node)) return
    const schedule = get(node, 'schedule')
    const command = ['command', 'cmd', 'script', 'run', 'job']
      .map((name) => get(node, name))
      .find((found) => found !== undefined)
    if (textOf(schedule) !== undefined && (command !== undefined || get(node, 'args') !== undefined)) {
      const walked = walkCommand([command, get(node, 'args')], containerScope('cluster', 'helm'), context)
      const place = walked.commands[0]?.place
      if (place !== undefined)
        tasks.push(
          makeTask({
            kind: 'helm',
            name: textOf(get(node, 'name')) ?? null,
            place,
            schedule: cronJobSchedule(schedule, get(node, 'timeZone'), context),
            commands: walked.commands,
            neverTwice: /^(Forbid|Replace)$/.test(textOf(get(node, 'concurrencyPolicy')) ?? ''),
            policy: placeOf(schedule, context.file),
          }),
        )
      return
    }
    for (const [, value] of entriesOf(node)) visit(value, depth + 1)
  }
}

/** The job that the chart itself makes of `mastodon.cron.removeMedia`: a plain `tootctl media remove`. */
function chartTask(media: Node, context: ReadingContext): Task | null {
  if (textOf(get(media, 'enabled')) === 'false') return null
  const place = placeOf(get(media, 'schedule') ?? media, context.file)
  const words = ['tootctl', 'media', 'remove'].map((text): Word => ({
    text,
    place,
    exact: false,
    unknown: false,
  }))
  const scope = containerScope('cluster', 'helm')
  return makeTask({
    kind: 'helm',
    name: 'removeMedia',
    place,
    schedule: cronJobSchedule(get(media, 'schedule'), undefined, context),
    // the chart gives no way to say it
    neverTwice: true,
    commands: [
      {
        words,
        place,
        wrappers: scope.wrappers,
        environment: {},
        workingDirectory: null,
        user: null,
        output: 'seen',
        errors: 'seen',
        losses: [],
        guarded: false,
        failureIgnored: null,
        inScript: false,
      },
    ],
  })
}

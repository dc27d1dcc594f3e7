/** Manifests of Kubernetes: CronJobs, and workloads whose containers run Mastodon's commands. */
import type { Node } from 'yaml'
import type { Schedule, Task } from '../../../core/model/scheduled.ts'
import { readSchedule, without } from '../cron/read-schedule.ts'
import { makeTask } from '../make-task.ts'
import type { ReadingContext } from '../reading.ts'
import { addEnvironment, containerScope, walkCommand } from './container-command.ts'
import { dig, get, itemsOf, mappedOf, placeOf, textOf } from './nodes.ts'
import { versionOfImage } from './image-version.ts'

export interface Manifest {
  readonly tasks: readonly Task[]
  readonly version: string | null
}

const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'Pod'])

export function readManifest(root: Node, context: ReadingContext): Manifest {
  const kind = textOf(get(root, 'kind')) ?? ''
  if (kind === 'List') {
    const parts = itemsOf(get(root, 'items')).map((item) => readManifest(item, context))
    return {
      tasks: parts.flatMap(({ tasks }) => tasks),
      version: parts.find(({ version }) => version !== null)?.version ?? null,
    }
  }
  if (kind !== 'CronJob' && !WORKLOADS.has(kind)) return { tasks: [], version: null }
  const { file } = context
  const spec = get(root, 'spec')
  const pod =
    kind === 'CronJob'
      ? dig(spec, 'jobTemplate', 'spec', 'template', 'spec')
      : kind === 'Pod'
        ? spec
        : dig(spec, 'template', 'spec')
  const containers = [...itemsOf(get(pod, 'initContainers')), ...itemsOf(get(pod, 'containers'))]
  const version =
    containers
      .map((container) => versionOfImage(textOf(get(container, 'image'))))
      .find((found) => found !== null) ?? null
  const commands = containers.flatMap((container) => commandsOf(container, context))
  if (commands.length === 0) return { tasks: [], version }
  const name = textOf(dig(root, 'metadata', 'name')) ?? null
  const place = commands[0]?.place ?? placeOf(root, file)
  if (kind !== 'CronJob') {
    const replicas = get(spec, 'replicas')
    const count = kind === 'DaemonSet' ? 2 : Number(textOf(replicas) ?? 1)
    const where = kind === 'DaemonSet' ? get(root, 'kind') : replicas
    const copies = count > 1 ? { count, place: placeOf(where, file) } : null
    const task = makeTask({
      kind: 'kubernetes',
      name,
      place,
      schedule: null,
      commands,
      neverTwice: true,
      copies,
    })
    return { tasks: [task], version }
  }
  if (textOf(get(spec, 'suspend')) === 'true') return { tasks: [], version }
  const policy = get(spec, 'concurrencyPolicy')
  const schedule = cronJobSchedule(get(spec, 'schedule'), get(spec, 'timeZone'), context)
  const task = makeTask({
    kind: 'kubernetes',
    name,
    place,
    schedule,
    commands,
    neverTwice: /^(Forbid|Replace)$/.test(textOf(policy) ?? ''),
    policy: policy === undefined ? (schedule?.place ?? null) : placeOf(policy, file),
  })
  return { tasks: [task], version }
}

function commandsOf(container: Node, context: ReadingContext): Task['commands'] {
  const scope = containerScope('cluster', 'kubernetes')
  for (const variable of itemsOf(get(container, 'env')))
    addEnvironment(scope, textOf(get(variable, 'name')) ?? '', get(variable, 'value') ?? null, context)
  const walked = walkCommand([get(container, 'command'), get(container, 'args')], scope, context)
  if (walked.cutShort) context.unread('too-deep', textOf(get(container, 'name')) ?? null)
  return walked.commands
}

export function cronJobSchedule(
  node: Node | undefined,
  zone: Node | undefined,
  { file, nowMs }: ReadingContext,
): Schedule | null {
  const mapped = mappedOf(node, file)
  if (mapped === null) return null
  const text = mapped.text.trim()
  const range = (node as Node).range ?? [0, 0]
  // only Helm knows what stands here
  if (file.text.slice(range[0], range[1]).includes('{{'))
    return without({ text: '', place: placeOf(node, file), timeZone: null, dialect: 'cron' })
  return readSchedule({
    text,
    place: placeOf(node, file),
    fields: [],
    timeZone: textOf(zone) ?? null,
    nowMs,
  })
}

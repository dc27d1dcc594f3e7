import type { ScheduleDocument, Task } from '../../../core/model/scheduled.ts'

/** Gives timers the commands of the services they start. A service with a timer is no task of its own any more. */
export function joinUnits(documents: readonly ScheduleDocument[]): ScheduleDocument[] {
  const services = new Map<string, Task[]>()
  const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1)
  for (const { kind, path, tasks } of documents) {
    if (kind !== 'unit') continue
    for (const task of tasks)
      if (task.schedule === null && task.name !== null)
        for (const key of [task.name, folderOf(path) + task.name])
          services.set(key, [...(services.get(key) ?? []), task])
  }
  const started = new Set<Task>()
  const joined = documents.map((document) => {
    if (document.kind !== 'unit') return document
    const tasks = document.tasks.map((task) => {
      if (task.schedule === null || task.name === null) return task
      const name = task.name
      const template = name.replace(/@[^.]*\./, '@.')
      const folder = folderOf(document.path)
      const found = [folder + name, folder + template, name, template]
        .map((key) => services.get(key)?.[0])
        .find(Boolean)
      if (found === undefined) return task
      started.add(found)
      return { ...task, commands: found.commands, user: found.user }
    })
    return { ...document, tasks }
  })
  return joined.map((document) => ({
    ...document,
    tasks: document.tasks.filter((task) => !started.has(task)),
  }))
}

import type { Task } from '../model/scheduled.ts'
import type { Subject } from './rule.ts'

/** Tasks that call tootctl or name Mastodon; what else is on a machine is nobody's business here. */
export function tasksOfMastodon({ maintenance }: Subject): readonly Task[] {
  return maintenance.documents.flatMap(({ tasks }) =>
    tasks.filter(({ commands, place }) =>
      commands.some(
        ({ words, wrappers }) =>
          /mastodon|tootctl/.test(place.file.slice(place.file.lastIndexOf('/') + 1)) ||
          [...words, ...wrappers.flatMap((wrapper) => wrapper.words)].some(({ text }) =>
            /mastodon|tootctl/.test(text),
          ),
      ),
    ),
  )
}

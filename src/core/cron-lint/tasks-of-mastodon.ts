import type { Task } from '../model/scheduled.ts'
import { linesBetween } from './lines-between.ts'
import type { Subject } from './rule.ts'

/** Tasks that call tootctl or whose line names Mastodon; what else is on a machine is nobody's business here. */
export function tasksOfMastodon({ maintenance }: Subject): readonly Task[] {
  return maintenance.documents.flatMap((document) =>
    document.tasks.filter(
      ({ commands, place }) =>
        /mastodon|tootctl/.test(linesBetween(document, place.line, place.line)) ||
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

import type { Schedule } from '../../../core/model/scheduled.ts'
import { makeTask } from '../make-task.ts'
import type { Found, ReadingContext } from '../reading.ts'
import { without } from '../cron/read-schedule.ts'
import { MappedText } from '../text/mapped-text.ts'
import { emptyScope } from './scope.ts'
import { LONGEST_SCRIPT } from './parse-shell.ts'
import { walkScript } from './walk.ts'

const FOLDER_MINUTES: Readonly<Record<string, number>> = {
  hourly: 60,
  daily: 1440,
  weekly: 10_080,
  monthly: 40_320,
}

/** A shell script: of a folder that run-parts goes through, or one that is given by itself. */
export function readScript({ file, findScript, unread }: ReadingContext): Found {
  if (file.text.length > LONGEST_SCRIPT) {
    unread('too-long', `${file.text.length} characters`)
    return { kind: 'script' }
  }
  const text = MappedText.of(file, 0, file.text.length)
  const walked = walkScript(text, emptyScope(), findScript)
  if (walked.cutShort) unread('too-deep', null)
  const [, folder] = /(?:^|\/)cron\.(hourly|daily|weekly|monthly)\/[^/]+$/.exec(file.path) ?? []
  const place = file.place(0, file.lineRange(1).end)
  const name = file.path.slice(file.path.lastIndexOf('/') + 1)
  if (folder === undefined)
    return {
      kind: 'script',
      tasks: [makeTask({ kind: 'script', name, place, schedule: null, commands: walked.commands })],
    }
  const schedule: Schedule = {
    ...without({ text: `cron.${folder}`, place, timeZone: null, dialect: 'folder' }),
    everyMinutes: FOLDER_MINUTES[folder] ?? null,
  }
  // run-parts(8) takes names of letters, digits, underscores and dashes only
  const oddities = /^[\w-]+$/.test(name) ? [] : [{ kind: 'dot-in-name' as const, place }]
  return {
    kind: 'cron-script',
    tasks: [
      makeTask({
        kind: 'cron-script',
        name,
        place,
        schedule,
        commands: walked.commands,
        user: 'root',
        oddities,
      }),
    ],
  }
}

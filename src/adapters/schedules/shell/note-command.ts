import type { ScheduledCommand } from '../../../core/model/scheduled.ts'
import type { Scope } from './scope.ts'
import { spanOf, toWord, type ShellWord } from './shell-word.ts'

/** Words that would run, with all that holds for them; null if there are none. */
export function noteCommand(words: readonly ShellWord[], scope: Scope): ScheduledCommand | null {
  const made = words.map(toWord)
  const place = spanOf(made)
  if (place === null) return null
  const environment = Object.fromEntries(
    Array.from(scope.environment, ([name, value]) => [name, toWord(value)]),
  )
  return {
    words: made,
    place,
    wrappers: scope.wrappers,
    environment,
    workingDirectory: scope.workingDirectory === null ? null : toWord(scope.workingDirectory),
    user: scope.user,
    output: scope.output,
    errors: scope.errors,
    losses: scope.losses,
    guarded: scope.guarded,
    failureIgnored: scope.failureIgnored,
    inScript: scope.inScript,
  }
}

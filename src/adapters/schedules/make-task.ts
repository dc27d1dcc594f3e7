import type { Schedule, Task, TaskKind } from '../../core/model/scheduled.ts'
import type { Place, Word } from '../../core/model/scheduled.ts'
import type { Walked } from './shell/walk.ts'

/** What a reader knows of a task; the rest has its default. */
export interface TaskParts {
  readonly kind: TaskKind
  readonly name?: string | null
  readonly place: Place
  readonly schedule: Schedule | null
  readonly commands: Walked['commands']
  readonly user?: string | null
  readonly neverTwice?: boolean
  readonly policy?: Place | null
  readonly copies?: Task['copies']
  readonly mailTo?: Word | null
  readonly oddities?: Task['oddities']
}

/** A task of which nothing is known but these parts. */
export function makeTask(parts: TaskParts): Task {
  return {
    name: null,
    user: null,
    neverTwice: false,
    policy: null,
    copies: null,
    mailTo: null,
    oddities: [],
    ...parts,
  }
}

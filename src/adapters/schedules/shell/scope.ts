import type { OutputFate, Place, Wrapper } from '../../../core/model/scheduled.ts'
import type { MappedText } from '../text/mapped-text.ts'
import type { ShellWord } from './shell-word.ts'
import type { Function as ShellFunction } from 'unbash'

/** A function and the text it is written in. */
export interface ShellFunctionFound {
  readonly node: ShellFunction
  readonly text: MappedText
}

/** What holds at one point of a script. */
export interface Scope {
  /** Exported, or given to one command. */
  environment: Map<string, ShellWord>
  variables: Map<string, ShellWord>
  functions: Map<string, ShellFunctionFound>
  aliases: Map<string, MappedText>
  /** `$1`…, `$@`; null outside of functions. */
  positional: readonly ShellWord[] | null
  workingDirectory: ShellWord | null
  user: string | null
  wrappers: readonly Wrapper[]
  output: OutputFate
  errors: OutputFate
  losses: readonly Place[]
  guarded: boolean
  failureIgnored: Place | null
  /** `set -a`. */
  exportAll: boolean
  inScript: boolean
  /** Shells within shells, functions within functions. */
  depth: number
}

/** Where nothing is known yet: the first line of a script that nobody called. */
export function emptyScope(): Scope {
  return {
    environment: new Map(),
    variables: new Map(),
    functions: new Map(),
    aliases: new Map(),
    positional: null,
    workingDirectory: null,
    user: null,
    wrappers: [],
    output: 'seen',
    errors: 'seen',
    losses: [],
    guarded: false,
    failureIgnored: null,
    exportAll: false,
    inScript: false,
    depth: 0,
  }
}

/** For what happens in a shell of its own: changes stay in there. */
export function inner(scope: Scope, change: Partial<Scope> = {}): Scope {
  return {
    ...scope,
    environment: new Map(scope.environment),
    variables: new Map(scope.variables),
    functions: new Map(scope.functions),
    aliases: new Map(scope.aliases),
    depth: scope.depth + 1,
    ...change,
  }
}

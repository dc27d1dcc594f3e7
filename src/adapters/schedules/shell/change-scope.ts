/** The shell's own commands that run nothing: what holds after `cd`, `export`, `set -a`, `alias`, a lock that is taken. */
import type { Command } from 'unbash'
import type { MappedText } from '../text/mapped-text.ts'
import { assign } from './assign.ts'
import { expand } from './expand.ts'
import { expandArgument, isArray } from './expand-argument.ts'
import type { Scope } from './scope.ts'
import type { ShellWord } from './shell-word.ts'

/** True if that is all the command does; a command of the system (`mkdir lock`) may change the scope and still be one. */
export function changeScope(
  words: readonly ShellWord[],
  node: Command,
  text: MappedText,
  scope: Scope,
): boolean {
  const name = words[0]?.text
  switch (name) {
    case 'cd':
    case 'pushd':
      scope.workingDirectory = words.find((word, i) => i > 0 && !word.text.startsWith('-')) ?? null
      return true
    case 'export':
    case 'declare':
    case 'typeset':
    case 'readonly':
    case 'local':
      declare(words, node, text, scope)
      return true
    case 'unset':
      for (const word of words.slice(1)) {
        scope.variables.delete(word.text)
        scope.environment.delete(word.text)
      }
      return true
    case 'set':
      if (words.some((word) => word.text === '-a' || word.text === 'allexport')) scope.exportAll = true
      if (words.some((word) => word.text === '+a')) scope.exportAll = false
      return true
    case 'alias':
      nameAliases(node, text, scope)
      return true
    case 'flock':
      // `flock -n 9` holds the lock of an open file for the rest of the script
      if (!words.slice(1).every(({ text: word }) => /^(\d+|-.*)$/.test(word))) return false
      scope.guarded = true
      return true
    case 'mkdir':
    case 'lockfile':
    case 'pgrep':
    case 'pidof':
      if (name !== 'mkdir' || words.some((word) => /lock/i.test(word.text))) scope.guarded = true
      return false
    default:
      return false
  }
}

function declare(words: readonly ShellWord[], node: Command, text: MappedText, scope: Scope): void {
  const exporting = words[0]?.text === 'export'
  for (const arg of node.args) {
    if (arg.type === 'Assignment')
      assign(arg, text, scope, exporting || words.some((word) => word.text === '-x'))
    else {
      const known = scope.variables.get(arg.value)
      if (exporting && known !== undefined) scope.environment.set(arg.value, known)
    }
  }
}

function nameAliases(node: Command, text: MappedText, scope: Scope): void {
  for (const arg of node.args) {
    const [word] = expandArgument(arg, text, scope)
    const [alias, ...rest] = word?.text.split('=') ?? []
    const value =
      arg.type === 'Assignment' && !isArray(arg.value) ? expand(arg.value, text, scope)[0] : undefined
    if (alias !== undefined && rest.length > 0 && value !== undefined) scope.aliases.set(alias, value.mapped)
  }
}

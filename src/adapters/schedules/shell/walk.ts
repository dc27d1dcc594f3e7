/**
 * A shell script into the commands it would run, with user, folder, environment, wrappers and the fate of their output.
 * Follows functions, loops over words, `bash -c`, `su -c`, here-documents and called files; runs nothing.
 */
import type { AndOr, Assignment, Command, For, Pipeline, SyntaxNode } from 'unbash'
import { forEachChild } from 'unbash'
import type { OutputFate, ScheduledCommand } from '../../../core/model/scheduled.ts'
import type { MappedText } from '../text/mapped-text.ts'
import { assign } from './assign.ts'
import { behindWrappers, leaveHost } from './behind-wrappers.ts'
import { changeScope } from './change-scope.ts'
import { expandArgument } from './expand-argument.ts'
import { expand } from './expand.ts'
import { mayRun } from './may-run.ts'
import { noteCommand } from './note-command.ts'
import { parseShell } from './parse-shell.ts'
import { inputOf, redirect } from './redirect.ts'
import { inner, type Scope, type ShellFunctionFound } from './scope.ts'
import type { ShellWord } from './shell-word.ts'
import { unwrap } from './unwrap.ts'

const DEEPEST = 24
const MOST_STEPS = 20_000
const MOST_COMMANDS = 1_000
const MOST_ROUNDS = 16

/** Asks for a script that a schedule calls; null if it cannot be had. */
export type FindScript = (path: ShellWord, scope: Scope) => MappedText | null

/** What a script or a command line would run. */
export interface Walked {
  readonly commands: readonly ScheduledCommand[]
  /** Something was too long or too deep to be looked at. */
  readonly cutShort: boolean
}

/** A script's commands in the order of its text; each side of a condition and each word of a loop counts as run. */
export function walkScript(text: MappedText, scope: Scope, findScript: FindScript): Walked {
  const walk = new Walk(findScript)
  walk.script(text, scope)
  return { commands: walk.commands, cutShort: walk.cutShort }
}

/** A command line that is no shell's: words as a unit file or an exec list has them. */
export function walkWords(words: readonly ShellWord[], scope: Scope, findScript: FindScript): Walked {
  const walk = new Walk(findScript)
  walk.words(words, scope, null)
  return { commands: walk.commands, cutShort: walk.cutShort }
}

class Walk {
  readonly commands: ScheduledCommand[] = []
  cutShort = false
  readonly #findScript: FindScript
  readonly #open: string[] = []
  #steps = 0

  constructor(findScript: FindScript) {
    this.#findScript = findScript
  }

  script(text: MappedText, scope: Scope): void {
    const parsed = scope.depth > DEEPEST ? null : parseShell(text.text)
    if (parsed === null) {
      this.cutShort = true
      return
    }
    this.#all(parsed.commands, text, scope)
  }

  #visit(node: SyntaxNode, text: MappedText, scope: Scope): void {
    if (++this.#steps > MOST_STEPS || this.commands.length > MOST_COMMANDS) {
      this.cutShort = true
      return
    }
    switch (node.type) {
      case 'AndOr':
        return this.#andOr(node, text, scope)
      case 'Pipeline':
        return this.#pipeline(node, text, scope)
      case 'Command':
        return this.#command(node, text, scope)
      case 'Subshell':
      case 'Coproc':
        return this.#visit(node.body, text, inner(scope))
      case 'Redirected': {
        const changed = inner(scope)
        redirect(node.redirects, text, changed)
        return this.#visit(node.command, text, changed)
      }
      case 'For':
        return this.#for(node, text, scope)
      case 'Function':
        scope.functions.set(node.name.value, { node, text })
        return
      default:
        return this.#all(mayRun(node), text, scope)
    }
  }

  #all(nodes: readonly SyntaxNode[], text: MappedText, scope: Scope): void {
    for (const node of nodes) this.#visit(node, text, scope)
  }

  #andOr(node: AndOr, text: MappedText, scope: Scope): void {
    node.commands.forEach((command, i) => {
      const next = node.commands[i + 1]
      const ignored =
        node.operators[i] === '||' &&
        next?.type === 'Command' &&
        (next.name?.value === 'true' || next.name?.value === ':')
      if (!ignored) return this.#visit(command, text, scope)
      const before = scope.failureIgnored
      scope.failureIgnored = text.place(command.end, next.end)
      this.#visit(command, text, scope)
      scope.failureIgnored = before
    })
  }

  #pipeline(node: Pipeline, text: MappedText, scope: Scope): void {
    node.commands.forEach((command, i) => {
      const operator = node.operators[i]
      if (operator === undefined)
        return this.#visit(command, text, node.commands.length > 1 ? inner(scope) : scope)
      const errors: OutputFate = operator === '|&' ? 'kept' : scope.errors
      this.#visit(command, text, inner(scope, { output: 'kept', errors }))
    })
  }

  #for(node: For, text: MappedText, scope: Scope): void {
    const values = (node.wordlist ?? []).flatMap((word) => expand(word, text, scope)).slice(0, MOST_ROUNDS)
    if (values.length === 0 || values.some((value) => value.unknown)) {
      scope.variables.delete(node.name.value)
      return this.#visit(node.body, text, scope)
    }
    for (const value of values) {
      scope.variables.set(node.name.value, value)
      this.#visit(node.body, text, scope)
    }
  }

  #command(node: Command, text: MappedText, scope: Scope): void {
    this.#substitutions(node, text, scope)
    const assignments = node.prefix.filter((part): part is Assignment => part.type === 'Assignment')
    if (node.name === undefined) {
      for (const assignment of assignments) assign(assignment, text, scope, false)
      return
    }
    const words = [node.name, ...node.args].flatMap((word) => expandArgument(word, text, scope))
    const name = words[0]?.text
    if (name === undefined) return
    if (name === 'exec' && words.length === 1) return redirect(node.redirects, text, scope)
    if (this.#readMore(words, scope) || changeScope(words, node, text, scope)) return
    const own = inner(scope, { depth: scope.depth })
    for (const assignment of assignments) assign(assignment, text, own, true)
    redirect(node.redirects, text, own)
    const called = scope.functions.get(name)
    if (called !== undefined) return this.#call(called, words.slice(1), own)
    const alias = scope.aliases.get(name)
    if (alias !== undefined && !this.#open.includes(`alias ${name}`))
      return this.#alias(name, alias, words.slice(1), own)
    this.words(words, own, inputOf(node.redirects, text))
  }

  #alias(name: string, alias: MappedText, args: readonly ShellWord[], scope: Scope): void {
    this.#open.push(`alias ${name}`)
    const replaced = parseShell(alias.text)?.commands[0]?.command
    const first = replaced?.type === 'Command' ? replaced : undefined
    const before =
      first?.name === undefined
        ? []
        : [first.name, ...first.args].flatMap((word) => expandArgument(word, alias, scope))
    this.words([...before, ...args], scope, null)
    this.#open.pop()
  }

  /** `$(…)` in a word runs, too. */
  #substitutions(node: Command, text: MappedText, scope: Scope): void {
    const look = (child: SyntaxNode): void => {
      if (child.type === 'CommandExpansion' || child.type === 'ProcessSubstitution') {
        if (child.script !== undefined && child.script.source === undefined)
          this.#all(child.script.commands, text, inner(scope, { output: 'kept' }))
        return
      }
      if (child.type === 'HereDoc') return
      if (++this.#steps < MOST_STEPS) forEachChild(child, look)
    }
    forEachChild(node, look)
  }

  /** `source` and `eval`: more of the script, from a file or from words. True if the command was one of them. */
  #readMore([command, ...words]: readonly ShellWord[], scope: Scope): boolean {
    switch (command?.text) {
      case '.':
      case 'source': {
        const [path] = words
        const found = path === undefined ? null : this.#find(path, scope)
        if (found !== null) this.#enter(found, scope)
        // whatever it sets is set from here on
        else if (path !== undefined) scope.environment.set('*', path)
        return true
      }
      case 'eval':
        // `eval "$(rbenv init -)"` puts its folder into PATH
        for (const word of words)
          if (/\b(rbenv|rvm|asdf|mise|direnv)\b/.test(word.mapped.text))
            scope.environment.set('PATH', { ...word, unknown: true })
        for (const word of words) this.script(word.mapped, inner(scope))
        return true
      default:
        return false
    }
  }

  #call(called: ShellFunctionFound, args: readonly ShellWord[], scope: Scope): void {
    const key = `function ${called.node.name.value}`
    if (this.#open.includes(key) || scope.depth > DEEPEST) return
    this.#open.push(key)
    this.#visit(called.node.body, called.text, inner(scope, { positional: args }))
    this.#open.pop()
  }

  /** Words with all variables filled in: takes wrappers off, then enters the script or notes the command. */
  words(words: readonly ShellWord[], scope: Scope, input: MappedText | null): void {
    const unwrapped = unwrap(words, input)
    const behind = behindWrappers(unwrapped, scope)
    switch (unwrapped.left.kind) {
      case 'script':
        return this.script(unwrapped.left.text, behind)
      case 'file': {
        const { path, args } = unwrapped.left
        const found = this.#mayFollow(behind) ? this.#find(path, behind) : null
        if (found !== null) return this.#enter(found, inner(behind, { positional: args, inScript: true }))
        return this.#note([path, ...args], behind)
      }
      case 'command': {
        const { words: rest } = unwrapped.left
        const [program] = rest
        if (program === undefined) return
        const called = behind.functions.get(program.text)
        if (called !== undefined && unwrapped.wrappers.length > 0)
          return this.#call(called, rest.slice(1), behind)
        const found =
          this.#mayFollow(behind) && looksLikeScript(program.text) ? this.#find(program, behind) : null
        if (found !== null)
          return this.#enter(found, inner(behind, { positional: rest.slice(1), inScript: true }))
        return this.#note(rest, behind)
      }
    }
  }

  #mayFollow(scope: Scope): boolean {
    return !scope.inScript && !leaveHost(scope.wrappers)
  }

  #note(words: readonly ShellWord[], scope: Scope): void {
    const command = noteCommand(words, scope)
    if (command !== null) this.commands.push(command)
  }

  #find(path: ShellWord, scope: Scope): MappedText | null {
    return path.unknown ? null : this.#findScript(path, scope)
  }

  /** Each file once at a time: scripts that call each other in a circle end here. */
  #enter(text: MappedText, scope: Scope): void {
    const key = text.file.path
    if (this.#open.includes(key)) return
    this.#open.push(key)
    this.script(text, scope)
    this.#open.pop()
  }
}

/** Commands that are found by a path of their own may be scripts; those of Mastodon and the system are not. */
function looksLikeScript(program: string): boolean {
  if (!program.includes('/') && !program.endsWith('.sh')) return false
  return (
    !/(^|\/)(tootctl|rails|rake|bundle|ruby|node)$/.test(program) && !/^\/(usr\/)?s?bin\/[^.]*$/.test(program)
  )
}

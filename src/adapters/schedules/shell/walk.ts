/**
 * A shell script into the commands it would run, with user, folder, environment, wrappers and the fate of their output.
 * Follows functions, loops over words, `bash -c`, `su -c`, here-documents and called files; runs nothing.
 */
import type {
  AndOr,
  ArrayValue,
  Assignment,
  Command,
  For,
  Pipeline,
  Redirection,
  Statement,
  SyntaxNode,
  Word as WordNode,
} from 'unbash'
import { forEachChild } from 'unbash'
import type { OutputFate, ScheduledCommand, Wrapper } from '../../../core/model/scheduled.ts'
import type { MappedText } from '../text/mapped-text.ts'
import { expand } from './expand.ts'
import { parseShell } from './parse-shell.ts'
import { inner, type Scope } from './scope.ts'
import { spanOf, toWord, type ShellWord } from './shell-word.ts'
import { unwrap, type Unwrapped } from './unwrap.ts'

const DEEPEST = 24
const MOST_STEPS = 20_000
const MOST_COMMANDS = 1_000
const MOST_ROUNDS = 16

/** Asks for a script that a schedule calls; null if it cannot be had. */
export type FindScript = (path: ShellWord, scope: Scope) => MappedText | null

export interface Walked {
  readonly commands: readonly ScheduledCommand[]
  /** Something was too long or too deep to be looked at. */
  readonly cutShort: boolean
}

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
    for (const statement of parsed.commands) this.#visit(statement, text, scope)
  }

  #visit(node: SyntaxNode, text: MappedText, scope: Scope): void {
    if (++this.#steps > MOST_STEPS || this.commands.length > MOST_COMMANDS) {
      this.cutShort = true
      return
    }
    switch (node.type) {
      case 'Statement':
        return this.#visit(node.command, text, scope)
      case 'CompoundList':
        return this.#all(node.commands, text, scope)
      case 'AndOr':
        return this.#andOr(node, text, scope)
      case 'Pipeline':
        return this.#pipeline(node, text, scope)
      case 'Command':
        return this.#command(node, text, scope)
      case 'Subshell':
        return this.#visit(node.body, text, inner(scope))
      case 'BraceGroup':
        return this.#visit(node.body, text, scope)
      case 'Redirected': {
        const changed = inner(scope)
        this.#redirect(node.redirects, text, changed)
        return this.#visit(node.command, text, changed)
      }
      case 'If':
        this.#visit(node.clause, text, scope)
        this.#visit(node.then, text, scope)
        for (const elif of node.elif) {
          this.#visit(elif.clause, text, scope)
          this.#visit(elif.then, text, scope)
        }
        if (node.else !== undefined) this.#visit(node.else, text, scope)
        return
      case 'While':
        this.#visit(node.clause, text, scope)
        return this.#visit(node.body, text, scope)
      case 'For':
        return this.#for(node, text, scope)
      case 'Select':
        return this.#visit(node.body, text, scope)
      case 'ArithmeticFor':
        return this.#visit(node.body, text, scope)
      case 'Case':
        for (const item of node.items) this.#visit(item.body, text, scope)
        return
      case 'Function': {
        scope.functions.set(node.name.value, { node, text })
        return
      }
      case 'Coproc':
        return this.#visit(node.body, text, inner(scope))
      default:
    }
  }

  #all(statements: readonly Statement[], text: MappedText, scope: Scope): void {
    for (const statement of statements) this.#visit(statement, text, scope)
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
      for (const assignment of assignments) this.#assign(assignment, text, scope, false)
      return
    }
    const words = [node.name, ...node.args].flatMap((word) => this.#wordsOf(word, text, scope))
    const name = words[0]?.text
    if (name === undefined) return
    if (name === 'exec' && words.length === 1) return this.#redirect(node.redirects, text, scope)
    if (this.#builtin(name, words, node, text, scope)) return
    const own = inner(scope, { depth: scope.depth })
    for (const assignment of assignments) this.#assign(assignment, text, own, true)
    this.#redirect(node.redirects, text, own)
    const called = scope.functions.get(name)
    if (called !== undefined) return this.#call(called, words.slice(1), own)
    const alias = scope.aliases.get(name)
    if (alias !== undefined && !this.#open.includes(`alias ${name}`)) {
      this.#open.push(`alias ${name}`)
      const replaced = parseShell(alias.text)?.commands[0]?.command
      const first = replaced?.type === 'Command' ? replaced : undefined
      const before =
        first?.name === undefined
          ? []
          : [first.name, ...first.args].flatMap((word) => this.#wordsOf(word, alias, own))
      this.words([...before, ...words.slice(1)], own, null)
      this.#open.pop()
      return
    }
    this.words(words, own, this.#input(node.redirects, text))
  }

  #wordsOf(node: WordNode | Assignment, text: MappedText, scope: Scope): readonly ShellWord[] {
    if (node.type === 'Word') return expand(node, text, scope)
    const value = isArray(node.value) ? [] : expand(node.value, text, scope)
    const place = text.place(node.pos, node.end)
    const joined = `${node.name}=${value.map((word) => word.text).join(' ')}`
    return [
      {
        text: joined,
        mapped: text.slice(node.pos, node.end),
        place,
        unknown: value.some((word) => word.unknown),
      },
    ]
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

  #assign(assignment: Assignment, text: MappedText, scope: Scope, exported: boolean): void {
    if (isArray(assignment.value) || assignment.index !== undefined || assignment.append === true) {
      scope.variables.delete(assignment.name)
      return
    }
    const value = expand(assignment.value, text, scope)
    const place = text.place(assignment.pos, assignment.end)
    const only = value[0]
    const word: ShellWord =
      value.length === 1 && only !== undefined
        ? only
        : {
            text: value.map((each) => each.text).join(' '),
            mapped: text.slice(assignment.pos, assignment.end),
            place,
            unknown: value.some((each) => each.unknown),
          }
    if (exported || scope.exportAll || scope.environment.has(assignment.name))
      scope.environment.set(assignment.name, word)
    else scope.variables.set(assignment.name, word)
  }

  /** True if the name was the shell's own and is done with. */
  #builtin(
    name: string,
    words: readonly ShellWord[],
    node: Command,
    text: MappedText,
    scope: Scope,
  ): boolean {
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
        for (const arg of node.args) {
          if (arg.type === 'Assignment')
            this.#assign(arg, text, scope, name === 'export' || words.some((word) => word.text === '-x'))
          else {
            const known = scope.variables.get(arg.value)
            if (name === 'export' && known !== undefined) scope.environment.set(arg.value, known)
          }
        }
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
        for (const arg of node.args) {
          const [word] = this.#wordsOf(arg, text, scope)
          const [alias, ...rest] = word?.text.split('=') ?? []
          const value =
            arg.type === 'Assignment' && !isArray(arg.value) ? expand(arg.value, text, scope)[0] : undefined
          if (alias !== undefined && rest.length > 0 && value !== undefined)
            scope.aliases.set(alias, value.mapped)
        }
        return true
      case '.':
      case 'source': {
        const path = words[1]
        const found = path === undefined ? null : this.#find(path, scope)
        if (found === null) {
          // whatever it sets is set from here on
          if (path !== undefined) scope.environment.set('*', path)
        } else this.#enter(found, scope)
        return true
      }
      case 'eval':
        // `eval "$(rbenv init -)"` puts its folder into PATH
        for (const word of words.slice(1))
          if (/\b(rbenv|rvm|asdf|mise|direnv)\b/.test(word.mapped.text))
            scope.environment.set('PATH', { ...word, unknown: true })
        for (const word of words.slice(1)) this.script(word.mapped, inner(scope))
        return true
      case 'flock':
        // `flock -n 9` holds the lock of an open file for the rest of the script
        if (words.slice(1).every(({ text: word }) => /^(\d+|-.*)$/.test(word))) {
          scope.guarded = true
          return true
        }
        return false
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

  #call(
    called: {
      readonly node: { readonly body: SyntaxNode; readonly name: WordNode }
      readonly text: MappedText
    },
    args: readonly ShellWord[],
    scope: Scope,
  ): void {
    const key = `function ${called.node.name.value}`
    if (this.#open.includes(key) || scope.depth > DEEPEST) return
    this.#open.push(key)
    this.#visit(called.node.body, called.text, inner(scope, { positional: args }))
    this.#open.pop()
  }

  /** Words with all variables filled in: takes wrappers off, then enters the script or notes the command. */
  words(words: readonly ShellWord[], scope: Scope, input: MappedText | null): void {
    const unwrapped = unwrap(words, input)
    const behind = this.#behind(unwrapped, scope)
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
    return (
      !scope.inScript &&
      !scope.wrappers.some(({ kind }) => kind === 'container' || kind === 'cluster' || kind === 'remote')
    )
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

  /** What holds behind the wrappers. */
  #behind({ wrappers, environment, workingDirectory, clears, user }: Unwrapped, scope: Scope): Scope {
    if (wrappers.length === 0 && environment.size === 0) return scope
    const leaves = wrappers.some(
      ({ kind }) => kind === 'container' || kind === 'cluster' || kind === 'remote',
    )
    const behind = inner(scope, { wrappers: [...scope.wrappers, ...wrappers] })
    if (clears || leaves) behind.environment = new Map()
    for (const [name, value] of environment) behind.environment.set(name, value)
    if (leaves) behind.workingDirectory = null
    if (workingDirectory !== undefined) behind.workingDirectory = workingDirectory
    if (user !== null) behind.user = user
    if (wrappers.some(({ kind }) => kind === 'lock')) behind.guarded = true
    if (wrappers.some(({ kind }) => kind === 'keeper')) {
      behind.output = 'kept'
      behind.errors = 'kept'
    }
    return behind
  }

  #note(words: readonly ShellWord[], scope: Scope): void {
    const made = words.map(toWord)
    const place = spanOf(made)
    if (place === null) return
    const environment = Object.fromEntries(
      Array.from(scope.environment, ([name, value]) => [name, toWord(value)]),
    )
    this.commands.push({
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
    })
  }

  #redirect(redirects: readonly Redirection[], text: MappedText, scope: Scope): void {
    for (const redirect of redirects) {
      if (redirect.type !== 'Redirect' || redirect.target === undefined) continue
      const target = expand(redirect.target, text, scope)[0]?.text ?? ''
      const descriptor = redirect.descriptor?.type === 'FileDescriptor' ? redirect.descriptor.value : null
      const fate: OutputFate = target === '/dev/null' || target === '-' ? 'lost' : 'kept'
      const place = text.place(redirect.pos, redirect.end)
      switch (redirect.operator) {
        case '>&':
          if (target === '1' || target === '2') {
            const copied = target === '1' ? scope.output : scope.errors
            if (descriptor === 2) scope.errors = copied
            else scope.output = copied
            if (copied === 'lost') scope.losses = [...scope.losses, place]
            continue
          }
          scope.output = fate
          scope.errors = fate
          break
        case '&>':
        case '&>>':
          scope.output = fate
          scope.errors = fate
          break
        case '>':
        case '>>':
        case '>|':
          if (descriptor === 2) scope.errors = fate
          else if (descriptor === null || descriptor === 1) scope.output = fate
          else continue
          break
        default:
          continue
      }
      if (fate === 'lost') scope.losses = [...scope.losses, place]
    }
  }

  /** What a here-document hands to the command. */
  #input(redirects: readonly Redirection[], text: MappedText): MappedText | null {
    for (const redirect of redirects)
      if (redirect.type === 'HereDoc') return text.slice(redirect.body.pos, redirect.body.end)
    return null
  }
}

function isArray(value: WordNode | ArrayValue): value is ArrayValue {
  return value.type === 'ArrayValue'
}

/** Commands that are found by a path of their own may be scripts; those of Mastodon and the system are not. */
function looksLikeScript(program: string): boolean {
  if (!program.includes('/') && !program.endsWith('.sh')) return false
  return (
    !/(^|\/)(tootctl|rails|rake|bundle|ruby|node)$/.test(program) && !/^\/(usr\/)?s?bin\/[^.]*$/.test(program)
  )
}

export type { Wrapper }

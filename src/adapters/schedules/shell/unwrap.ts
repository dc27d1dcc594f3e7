/** Takes off what runs another command: `sudo -u mastodon`, `docker exec -it web`, `flock -n file`, `su -c '…'`. */
import type { Wrapper } from '../../../core/model/scheduled.ts'
import type { MappedText } from '../text/mapped-text.ts'
import { readContainerCall } from './read-container-call.ts'
import { readOptions } from './read-options.ts'
import { readSu } from './read-su.ts'
import { toWord, type ShellWord } from './shell-word.ts'
import {
  CONTAINER_RUNNERS,
  INTERPRETERS,
  SHELLS,
  WRAPPERS,
  WRAPPER_PAIRS,
  type WrapperSpec,
} from './wrappers.ts'

/** What a command line comes down to. */
export interface Unwrapped {
  readonly wrappers: readonly Wrapper[]
  /** What the wrappers set for the command. */
  readonly environment: ReadonlyMap<string, ShellWord>
  /** Undefined if none of them changes it; null if one goes to a folder that is not named. */
  readonly workingDirectory: ShellWord | null | undefined
  readonly clears: boolean
  readonly user: string | null
  readonly left:
    | { readonly kind: 'command'; readonly words: readonly ShellWord[] }
    | { readonly kind: 'script'; readonly text: MappedText }
    /** A shell told to run a file. */
    | { readonly kind: 'file'; readonly path: ShellWord; readonly args: readonly ShellWord[] }
}

const MOST_LAYERS = 12

/** `input` is what a here-document hands to the command. */
export function unwrap(words: readonly ShellWord[], input: MappedText | null): Unwrapped {
  const unwrapping = new Unwrapping(words, input)
  return unwrapping.run()
}

class Unwrapping {
  readonly #wrappers: Wrapper[] = []
  readonly #environment = new Map<string, ShellWord>()
  readonly #input: MappedText | null
  #words: readonly ShellWord[]
  #workingDirectory: ShellWord | null | undefined
  #clears = false
  #user: string | null = null

  constructor(words: readonly ShellWord[], input: MappedText | null) {
    this.#words = words
    this.#input = input
  }

  run(): Unwrapped {
    for (let layer = 0; layer < MOST_LAYERS; layer++) {
      const left = this.#step()
      if (left === 'again') continue
      return this.#done(left)
    }
    return this.#done({ kind: 'command', words: this.#words })
  }

  #done(left: Unwrapped['left']): Unwrapped {
    return {
      wrappers: this.#wrappers,
      environment: this.#environment,
      workingDirectory: this.#workingDirectory,
      clears: this.#clears,
      user: this.#user,
      left,
    }
  }

  #step(): Unwrapped['left'] | 'again' {
    const words = this.#words
    const name = baseName(words[0]?.text ?? '')
    if (SHELLS.has(name)) return this.#shell()
    // without -u it is su by another name
    const likeSu = name === 'runuser' && !words.some(({ text }) => /^(-u|--user)/.test(text))
    if (name === 'su' || likeSu) return this.#su()
    if (name === 'ssh') return this.#ssh()
    if (CONTAINER_RUNNERS.has(name)) return this.#container(name)
    const pair = Object.hasOwn(WRAPPER_PAIRS, name) ? WRAPPER_PAIRS[name] : undefined
    if (pair !== undefined && pair.includes(words[1]?.text ?? '')) {
      const start = words[2]?.text === '--' ? 3 : 2
      this.#take(start, 'plain', null)
      return 'again'
    }
    if (INTERPRETERS.has(name) && words.length > 1) {
      const start = words.findIndex((word, i) => i > 0 && !word.text.startsWith('-'))
      if (start > 0) {
        this.#take(start, 'plain', null)
        return 'again'
      }
    }
    const spec = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined
    return spec === undefined || words.length < 2 ? { kind: 'command', words } : this.#known(spec)
  }

  #known(spec: WrapperSpec): Unwrapped['left'] | 'again' {
    const words = this.#words
    const options = readOptions(words, 1, new Set(spec.valued ?? []))
    let at = options.next
    let user =
      options.value(spec.userOption ?? []) ??
      (spec.userOption === undefined ? null : (spec.defaultUser ?? null))
    for (const [option, value] of options.values)
      if (option === '-C' || option === '--chdir' || (option === '-D' && spec.kind === 'user'))
        this.#workingDirectory = value
    if (spec.clears === true && !options.has('-E') && !options.has('--preserve-env')) {
      this.#clears = true
      this.#environment.clear()
    }
    if (spec.clears === true && (options.has('-i') || options.has('--login'))) this.#workingDirectory = null
    if (spec.userFirst === true) user = words[at++]?.text ?? null
    const script = options.word(spec.scriptOption ?? [])
    if (script !== null) {
      if (user === null && spec.kind === 'user') user = words[at]?.text ?? 'root'
      this.#take(words.length, spec.kind, user)
      return { kind: 'script', text: script.mapped }
    }
    at += spec.skip ?? 0
    // `flock file -c 'command'`
    if (spec.scriptOption !== undefined && spec.scriptOption.includes(words[at]?.text ?? '')) {
      const text = words[at + 1]
      if (text !== undefined) {
        this.#take(words.length, spec.kind, user)
        return { kind: 'script', text: text.mapped }
      }
    }
    if (spec.assignments === true)
      for (let word = words[at]; word !== undefined && isAssignment(word.text); word = words[++at])
        this.#assign(word)
    if (at >= words.length) return this.#nothingLeft(spec, user)
    this.#take(at, spec.kind, user)
    return 'again'
  }

  /** `sudo -u mastodon -i <<EOF`, `sudo -s`: a shell that reads what it is given. */
  #nothingLeft(spec: WrapperSpec, user: string | null): Unwrapped['left'] {
    if (this.#input !== null && spec.kind === 'user') {
      this.#take(this.#words.length, spec.kind, user)
      return { kind: 'script', text: this.#input }
    }
    return { kind: 'command', words: this.#words }
  }

  #shell(): Unwrapped['left'] {
    const words = this.#words
    const options = readOptions(words, 1, new Set(['-o', '-O', '--rcfile', '--init-file']))
    // `-c` may stand among others: -lc, -euc
    const command = words.findIndex(
      (word, i) => i > 0 && i < options.next && /^-[a-zA-Z]*c[a-zA-Z]*$/.test(word.text),
    )
    const first = words[options.next]
    if (command !== -1 && first !== undefined) {
      this.#take(options.next, 'plain', null)
      return { kind: 'script', text: first.mapped }
    }
    if (first === undefined || first.text === '-' || first.text === '/dev/stdin') return this.#given(words)
    return { kind: 'file', path: first, args: words.slice(options.next + 1) }
  }

  #su(): Unwrapped['left'] {
    const words = this.#words
    const { user, script, login } = readSu(words)
    if (login) {
      this.#clears = true
      this.#workingDirectory = null
    }
    this.#take(words.length, 'user', user)
    return script === null ? this.#given(words) : { kind: 'script', text: script.mapped }
  }

  #ssh(): Unwrapped['left'] | 'again' {
    const words = this.#words
    const valued = new Set('-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w'.split(' '))
    const options = readOptions(words, 1, valued)
    const rest = words.slice(options.next + 1)
    const [only, second] = rest
    this.#take(options.next + 1, 'remote', null)
    if (only === undefined) return this.#given(words)
    return second === undefined ? { kind: 'script', text: only.mapped } : 'again'
  }

  #container(name: string): Unwrapped['left'] | 'again' {
    const words = this.#words
    const call = readContainerCall(name, words)
    if (call === null) return { kind: 'command', words }
    for (const [option, value] of call.options.values) {
      if (option === '-e' || option === '--env') this.#assign(value)
      if (option === '-w' || option === '--workdir') this.#workingDirectory = value
    }
    const user = call.options.value(['-u', '--user'])
    this.#wrap(call.kind, call.program, words.slice(0, call.start), user, call.terminal)
    this.#words = [...call.entrypoint, ...words.slice(call.start)]
    if (this.#words.length === 0) return { kind: 'command', words: words.slice(call.verb) }
    return 'again'
  }

  /** A shell with nothing to run but what is handed to it. */
  #given(words: readonly ShellWord[]): Unwrapped['left'] {
    return this.#input === null ? { kind: 'command', words } : { kind: 'script', text: this.#input }
  }

  #take(count: number, kind: Wrapper['kind'], user: string | null): void {
    const program = baseName(this.#words[0]?.text ?? '')
    this.#wrap(kind, program, this.#words.slice(0, count), user, [])
    this.#words = this.#words.slice(count)
  }

  #wrap(
    kind: Wrapper['kind'],
    program: string,
    words: readonly ShellWord[],
    user: string | null,
    terminal: readonly ShellWord[],
  ) {
    this.#wrappers.push({ kind, program, words: words.map(toWord), user, terminal: terminal.map(toWord) })
    if (user !== null) this.#user = user
  }

  #assign(word: ShellWord): void {
    const equals = word.text.indexOf('=')
    if (equals <= 0) return
    const text = word.text.slice(equals + 1)
    const mapped = word.mapped.slice(Math.min(equals + 1, word.mapped.text.length), word.mapped.text.length)
    this.#environment.set(word.text.slice(0, equals), { ...word, text, mapped })
  }
}

function isAssignment(text: string): boolean {
  return /^[A-Za-z_]\w*=/.test(text)
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Takes off what runs another command: `sudo -u mastodon`, `docker exec -it web`, `flock -n file`, `su -c '…'`. */
import type { Wrapper } from '../../../core/model/scheduled.ts'
import type { MappedText } from '../text/mapped-text.ts'
import { toWord, type ShellWord } from './shell-word.ts'
import {
  CONTAINER_RUNNERS,
  CONTAINER_VALUED,
  INTERPRETERS,
  SHELLS,
  WRAPPERS,
  WRAPPER_PAIRS,
  type WrapperSpec,
} from './wrappers.ts'

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
    if (first === undefined)
      return this.#input === null ? { kind: 'command', words } : { kind: 'script', text: this.#input }
    if (first.text === '-' || first.text === '/dev/stdin')
      return this.#input === null ? { kind: 'command', words } : { kind: 'script', text: this.#input }
    return { kind: 'file', path: first, args: words.slice(options.next + 1) }
  }

  #su(): Unwrapped['left'] {
    const words = this.#words
    let user: string | null = null
    let script: ShellWord | null = null
    let login = false
    for (let i = 1; i < words.length; i++) {
      const word = words[i]
      if (word === undefined) break
      const { text } = word
      if (text === '-' || text === '-l' || text === '--login') login = true
      else if (text === '-c' || text === '--command' || /^-[lmp]+c$/.test(text)) {
        if (/l/.test(text)) login = true
        script = words[++i] ?? null
      } else if (text === '-s' || text === '--shell' || text === '-g' || text === '-G' || text === '-w') i++
      else if (!text.startsWith('-') && user === null) user = text
    }
    if (login) {
      this.#clears = true
      this.#workingDirectory = null
    }
    this.#take(words.length, 'user', user ?? 'root')
    if (script !== null) return { kind: 'script', text: script.mapped }
    return this.#input === null ? { kind: 'command', words } : { kind: 'script', text: this.#input }
  }

  #ssh(): Unwrapped['left'] | 'again' {
    const words = this.#words
    const valued = new Set('-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w'.split(' '))
    const options = readOptions(words, 1, valued)
    const rest = words.slice(options.next + 1)
    const [only, second] = rest
    this.#take(options.next + 1, 'remote', null)
    if (only === undefined)
      return this.#input === null ? { kind: 'command', words } : { kind: 'script', text: this.#input }
    return second === undefined ? { kind: 'script', text: only.mapped } : 'again'
  }

  #container(name: string): Unwrapped['left'] | 'again' {
    const words = this.#words
    let at = 1
    let options = readOptions(words, at, CONTAINER_VALUED)
    at = options.next
    let sub = words[at]?.text
    if (name === 'k3s' && sub === 'kubectl') {
      options = readOptions(words, at + 1, CONTAINER_VALUED)
      at = options.next
      sub = words[at]?.text
    }
    const compose = sub === 'compose' || name.endsWith('-compose')
    if (sub === 'compose' || sub === 'container') {
      options = readOptions(words, at + 1, CONTAINER_VALUED)
      at = options.next
      sub = words[at]?.text
    }
    if (sub !== 'exec' && sub !== 'run') return { kind: 'command', words }
    const inside = readOptions(words, at + 1, CONTAINER_VALUED)
    const kubernetes = name === 'kubectl' || name === 'oc' || name.includes('k3s') || name.includes('kubectl')
    let start = inside.next + 1
    if (kubernetes || name === 'incus' || name === 'lxc') {
      const dashes = words.findIndex((word, i) => i > at && word.text === '--')
      if (dashes === -1 && kubernetes) start = readOptions(words, inside.next + 1, CONTAINER_VALUED).next
      else if (dashes !== -1) start = dashes + 1
    }
    for (const [option, value] of inside.values) {
      if (option === '-e' || option === '--env') this.#assign(value)
      if (option === '-w' || option === '--workdir') this.#workingDirectory = value
    }
    const terminal = words
      .slice(at + 1, start)
      .filter(({ text }) => text === '--tty' || text === '--tty=true' || /^-[a-z]*t[a-z]*$/.test(text))
    const silent = words
      .slice(at + 1, start)
      .some(({ text }) => text === '-T' || text === '--no-tty' || text === '--no-TTY')
    const wanted =
      name === 'docker-compose' && !silent && terminal.length === 0 ? words.slice(at, at + 1) : terminal
    const kind = kubernetes ? 'cluster' : 'container'
    const entry = sub === 'run' ? inside.word(['--entrypoint']) : null
    const user = inside.value(['-u', '--user'])
    this.#wrap(
      kind,
      compose && name === 'docker' ? 'docker compose' : name,
      words.slice(0, start),
      user,
      silent ? [] : wanted,
    )
    this.#words = entry === null ? words.slice(start) : [entry, ...words.slice(start)]
    if (this.#words.length === 0) return { kind: 'command', words: words.slice(at) }
    return 'again'
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

interface Options {
  /** Of the first word that is no option. */
  readonly next: number
  readonly values: readonly (readonly [option: string, value: ShellWord])[]
  has(option: string): boolean
  value(options: readonly string[]): string | null
  word(options: readonly string[]): ShellWord | null
}

function readOptions(words: readonly ShellWord[], from: number, valued: ReadonlySet<string>): Options {
  const values: (readonly [string, ShellWord])[] = []
  const seen: string[] = []
  let i = from
  for (; i < words.length; i++) {
    const word = words[i]
    if (word === undefined) break
    const { text } = word
    if (text === '--') {
      i++
      break
    }
    if (!text.startsWith('-') || text === '-') break
    const equals = text.indexOf('=')
    if (text.startsWith('--') && equals !== -1) {
      seen.push(text.slice(0, equals))
      values.push([text.slice(0, equals), cut(word, equals + 1)])
      continue
    }
    seen.push(text)
    if (valued.has(text)) {
      const value = words[i + 1]
      if (value !== undefined) values.push([text, value])
      i++
      continue
    }
    if (text.startsWith('--')) continue
    if (valued.has(text.slice(0, 2)) && text.length > 2) {
      values.push([text.slice(0, 2), cut(word, 2)])
      continue
    }
    for (const letter of text.slice(1)) seen.push(`-${letter}`)
    const last = `-${text.at(-1)}`
    // -nu mastodon: the last of several letters may take the next word
    const value = words[i + 1]
    if (valued.has(last) && value !== undefined) {
      values.push([last, value])
      i++
    }
  }
  const word = (options: readonly string[]): ShellWord | null =>
    values.findLast(([option]) => options.includes(option))?.[1] ?? null
  return {
    next: i,
    values,
    has: (option) => seen.includes(option),
    value: (options) => word(options)?.text ?? null,
    word,
  }
}

function cut(word: ShellWord, from: number): ShellWord {
  const mapped = word.mapped.text === word.text ? word.mapped.slice(from, word.text.length) : word.mapped
  return { ...word, text: word.text.slice(from), mapped }
}

function isAssignment(text: string): boolean {
  return /^[A-Za-z_]\w*=/.test(text)
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

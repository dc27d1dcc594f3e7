/** Words as a shell would hand them over, as far as the file itself says what is in its variables. */
import type { DoubleQuotedChild, Word as WordNode, WordPart } from 'unbash'
import { MappedTextBuilder, type MappedText } from '../text/mapped-text.ts'
import type { Scope } from './scope.ts'
import type { ShellWord } from './shell-word.ts'

/** Longer values are left alone. */
const LONGEST_VALUE = 4_096

export function expand(node: WordNode, text: MappedText, scope: Scope): readonly ShellWord[] {
  const place = text.place(node.pos, node.end)
  const { parts } = node
  if (parts === undefined) {
    const builder = new MappedTextBuilder(text.file)
    addUnescaped(builder, text, node.pos, node.end, node.text, node.value)
    return [{ text: node.value, mapped: builder.done(), place, unknown: false }]
  }
  if (parts.length === 1) {
    const whole = allArguments(parts[0], scope)
    if (whole !== null) return whole
  }
  const expansion = new Expansion(text, scope, place)
  for (const part of parts) expansion.add(part, false)
  return expansion.done()
}

/** `"$@"`, `$@` and `$*` alone are several words. */
function allArguments(part: WordPart | undefined, { positional }: Scope): readonly ShellWord[] | null {
  if (part === undefined || positional === null) return null
  const [only, second] = part.type === 'DoubleQuoted' ? part.parts : [part]
  if (only === undefined || second !== undefined) return null
  return parameterOf(only) === '@' || parameterOf(only) === '*' ? positional : null
}

function parameterOf(part: WordPart | DoubleQuotedChild): string | null {
  if (part.type === 'SimpleExpansion') return part.text.slice(1)
  if (part.type === 'ParameterExpansion' && part.prefix === undefined && part.index === undefined)
    return part.parameter
  return null
}

class Expansion {
  readonly #text: MappedText
  readonly #scope: Scope
  readonly #place: ShellWord['place']
  readonly #words: ShellWord[] = []
  #builder: MappedTextBuilder
  #unknown = false
  #started = false

  constructor(text: MappedText, scope: Scope, place: ShellWord['place']) {
    this.#text = text
    this.#scope = scope
    this.#place = place
    this.#builder = new MappedTextBuilder(text.file)
  }

  done(): readonly ShellWord[] {
    if (this.#started) this.#endWord()
    return this.#words
  }

  add(part: WordPart | DoubleQuotedChild, quoted: boolean): void {
    const text = this.#text
    switch (part.type) {
      case 'Literal':
        this.#started = true
        addUnescaped(this.#builder, text, part.pos, part.end, part.text, part.value)
        return
      case 'SingleQuoted':
        this.#started = true
        addUnescaped(this.#builder, text, part.pos + 1, part.end - 1, part.value, part.value)
        return
      case 'AnsiCQuoted':
        this.#started = true
        this.#stand(part.value, part.pos, part.end)
        return
      case 'DoubleQuoted':
      case 'LocaleString':
        this.#started = true
        for (const child of part.parts) this.add(child, true)
        return
      case 'SimpleExpansion':
      case 'ParameterExpansion':
        this.#addParameter(part, quoted)
        return
      case 'Glob':
      case 'ExtendedGlob':
      case 'BraceExpansion':
        this.#started = true
        this.#builder.add(text, part.pos, part.end)
        return
      case 'CommandExpansion':
      case 'ArithmeticExpansion':
      case 'ProcessSubstitution':
        this.#raw(part.pos, part.end)
    }
  }

  #addParameter(
    part: Extract<WordPart, { type: 'SimpleExpansion' | 'ParameterExpansion' }>,
    quoted: boolean,
  ) {
    const value = this.#valueOf(part)
    if (value === null) return this.#raw(part.pos, part.end)
    if (value.unknown) this.#unknown = true
    if (quoted) {
      this.#started = true
      this.#stand(value.text, part.pos, part.end)
      return
    }
    // unquoted: blanks in the value end the word
    const pieces = value.text.split(/[ \t\n]+/)
    pieces.forEach((piece, i) => {
      if (i > 0 && this.#started) this.#endWord()
      if (piece === '') return
      this.#started = true
      this.#stand(piece, part.pos, part.end)
    })
  }

  #valueOf(part: Extract<WordPart, { type: 'SimpleExpansion' | 'ParameterExpansion' }>): ShellWord | null {
    const name = parameterOf(part)
    if (name === null) return null
    const operation = part.type === 'ParameterExpansion' ? part.operation : undefined
    const known = this.#known(name)
    if (operation === undefined) return known
    if (operation.type !== 'Default' || operation.operator.endsWith('+') || operation.operator.endsWith('?'))
      return null
    if (known !== null) return known
    const words = expand(operation.operand, this.#text, this.#scope)
    const text = words.map((word) => word.text).join(' ')
    const mapped = this.#text.slice(part.pos, part.end)
    return { text, mapped, place: this.#place, unknown: words.some((word) => word.unknown) }
  }

  #known(name: string): ShellWord | null {
    const { positional, variables, environment } = this.#scope
    const value = /^[1-9]$/.test(name)
      ? positional?.[Number(name) - 1]
      : (variables.get(name) ?? environment.get(name))
    if (value === undefined || value.text.length > LONGEST_VALUE) return null
    return value
  }

  #raw(start: number, end: number): void {
    this.#started = true
    this.#unknown = true
    this.#builder.add(this.#text, start, end)
  }

  #stand(value: string, start: number, end: number): void {
    const { from, to } = this.#text.range(start, end)
    this.#builder.addFor(value, from, to)
  }

  #endWord(): void {
    const mapped = this.#builder.done()
    this.#words.push({ text: mapped.text, mapped, place: this.#place, unknown: this.#unknown })
    this.#builder = new MappedTextBuilder(this.#text.file)
    this.#unknown = false
    this.#started = false
  }
}

/** The characters of `value`, each from where it stands in `raw` (backslashes are in `raw` only). */
function addUnescaped(
  builder: MappedTextBuilder,
  text: MappedText,
  start: number,
  end: number,
  raw: string,
  value: string,
): void {
  if (raw === value) {
    builder.add(text, start, end)
    return
  }
  let from = 0
  let run = 0
  for (const character of value.split('')) {
    const at = raw.indexOf(character, from + run)
    if (at === -1) break
    if (at !== from + run) {
      builder.add(text, start + from, start + from + run)
      from = at
      run = 0
    }
    run++
  }
  builder.add(text, start + from, start + from + run)
}

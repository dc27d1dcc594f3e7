/**
 * The settings of a NixOS module as paths and values: nested sets, strings of both kinds, numbers, lists. Whatever else the
 * language has (functions, conditions) is passed over; nothing is evaluated.
 */
import { MappedText, MappedTextBuilder } from '../text/mapped-text.ts'
import type { SourceFile } from '../text/source-file.ts'

export interface NixSetting {
  /** `services.mastodon.mediaAutoRemove.olderThanDays` */
  readonly path: string
  readonly values: readonly MappedText[]
  readonly start: number
  readonly end: number
}

interface Token {
  readonly kind: 'name' | 'string' | 'number' | 'mark'
  readonly text: string
  readonly mapped: MappedText | null
  readonly start: number
  readonly end: number
}

const DEEPEST = 60
const MOST_TOKENS = 100_000

export function readNixSettings(file: SourceFile): readonly NixSetting[] {
  return new Reader(file).run()
}

class Reader {
  readonly #file: SourceFile
  readonly #tokens: readonly Token[]
  readonly #settings: NixSetting[] = []
  #at = 0

  constructor(file: SourceFile) {
    this.#file = file
    this.#tokens = tokens(file)
  }

  run(): readonly NixSetting[] {
    // a module is a function of a set: what counts begins at the first `name =`, wherever that is
    while (this.#at < this.#tokens.length) this.#set('', 0)
    return this.#settings
  }

  /** `a.b = value;` again and again, to the closing brace. */
  #set(prefix: string, depth: number): void {
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at]
      if (token === undefined) return
      if (token.text === '}' && token.kind === 'mark') {
        this.#at++
        return
      }
      const path = this.#path()
      if (path === null) {
        this.#at++
        if (token.text === '{' && token.kind === 'mark' && depth < DEEPEST) this.#set(prefix, depth + 1)
        continue
      }
      this.#value(prefix === '' ? path : `${prefix}.${path}`, depth)
    }
  }

  /** The words before an `=`; null if this is something else. */
  #path(): string | null {
    let at = this.#at
    const parts: string[] = []
    for (;;) {
      const part = this.#tokens[at]
      if (part === undefined || (part.kind !== 'name' && part.kind !== 'string')) return null
      parts.push(part.text)
      const next = this.#tokens[at + 1]
      if (next?.kind !== 'mark') return null
      if (next.text === '=') break
      if (next.text !== '.' || parts.length > 20) return null
      at += 2
    }
    this.#at = at + 2
    return parts.join('.')
  }

  #value(path: string, depth: number): void {
    const values: MappedText[] = []
    const start = this.#tokens[this.#at]?.start ?? 0
    let end = start
    let open = 0
    for (; this.#at < this.#tokens.length;) {
      const token = this.#tokens[this.#at]
      if (token === undefined) break
      this.#at++
      if (token.kind === 'mark') {
        if (token.text === ';' && open === 0) break
        if (token.text === '{' && open === 0 && depth < DEEPEST) {
          this.#set(path, depth + 1)
          continue
        }
        if (token.text === '[' || token.text === '(' || token.text === '{') open++
        if (token.text === ']' || token.text === ')') open = Math.max(0, open - 1)
        if (token.text === '}') {
          if (open === 0) {
            this.#at--
            break
          }
          open--
        }
        continue
      }
      end = token.end
      values.push(token.mapped ?? MappedText.of(this.#file, token.start, token.end))
    }
    if (values.length > 0) this.#settings.push({ path, values, start, end })
  }
}

function tokens(file: SourceFile): readonly Token[] {
  const found: Token[] = []
  const { text } = file
  let at = 0
  while (at < text.length && found.length < MOST_TOKENS) {
    const character = text[at] ?? ''
    if (/\s/.test(character)) at++
    else if (character === '#') at = orEnd(text.indexOf('\n', at), text)
    else if (text.startsWith('/*', at)) at = orEnd(text.indexOf('*/', at + 2), text) + 2
    else if (character === '"') at = string(at, 1)
    else if (text.startsWith("''", at)) at = indented(at)
    else {
      const [word] = /^(?:[A-Za-z_][\w'-]*|\d+)/.exec(text.slice(at, at + 200)) ?? []
      if (word === undefined) {
        found.push({ kind: 'mark', text: character, mapped: null, start: at, end: at + 1 })
        at++
      } else {
        const kind = /^\d/.test(word) ? 'number' : 'name'
        found.push({ kind, text: word, mapped: null, start: at, end: at + word.length })
        at += word.length
      }
    }
  }
  return found

  function string(start: number, quote: number): number {
    const builder = new MappedTextBuilder(file)
    let run = start + quote
    let i = run
    for (; i < text.length && text[i] !== '"'; i++) {
      if (text[i] !== '\\') continue
      builder.addRange(run, i)
      run = i + 1
      i++
    }
    builder.addRange(run, Math.min(i, text.length))
    push(builder.done(), start, Math.min(i + 1, text.length))
    return i + 1
  }

  /** `''…''`: three quotes are an escaped pair. */
  function indented(start: number): number {
    let i = start + 2
    for (; i < text.length; i++) {
      if (!text.startsWith("''", i)) continue
      if (text[i + 2] === "'" || text[i + 2] === '$' || text[i + 2] === '\\') {
        i += 2
        continue
      }
      break
    }
    push(MappedText.of(file, start + 2, Math.min(i, text.length)), start, Math.min(i + 2, text.length))
    return i + 2
  }

  function push(mapped: MappedText, start: number, end: number): void {
    found.push({ kind: 'string', text: mapped.text, mapped, start, end })
  }
}

function orEnd(index: number, text: string): number {
  return index === -1 ? text.length : index
}

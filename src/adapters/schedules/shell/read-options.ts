import type { ShellWord } from './shell-word.ts'

/** The options of one command, as far as it is known which of them take a value. */
export interface Options {
  /** Of the first word that is no option. */
  readonly next: number
  readonly values: readonly (readonly [option: string, value: ShellWord])[]
  has(option: string): boolean
  value(options: readonly string[]): string | null
  word(options: readonly string[]): ShellWord | null
}

/** The options from `from` on, up to the first word that is none; `valued` are those that take the next word. */
export function readOptions(words: readonly ShellWord[], from: number, valued: ReadonlySet<string>): Options {
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

import { MappedTextBuilder, type MappedText } from '../text/mapped-text.ts'
import type { ShellWord } from '../shell/shell-word.ts'

/** The words of an ExecStart= or Environment= (systemd.service(5)): quotes, backslashes, `${NAME}` and `$NAME`. */
export function splitUnitWords(
  text: MappedText,
  environment: ReadonlyMap<string, string>,
): readonly ShellWord[] {
  const words: ShellWord[] = []
  const source = text.text
  let at = 0
  while (at < source.length) {
    while (at < source.length && /\s/.test(source[at] ?? '')) at++
    if (at >= source.length) break
    const start = at
    const builder = new MappedTextBuilder(text.file)
    let quote = ''
    let unknown = false
    for (; at < source.length; at++) {
      const character = source[at] ?? ''
      if (quote === '' && /\s/.test(character)) break
      if (character === quote) quote = ''
      else if (quote === '' && (character === '"' || character === "'")) quote = character
      else if (character === '\\' && quote !== "'" && at + 1 < source.length) {
        builder.add(text, at + 1, at + 2)
        at++
      } else if (character === '$' && quote !== "'") {
        const [variable, braced, bare] = /^\$(?:\{(\w+)\}|(\w+))/.exec(source.slice(at, at + 100)) ?? []
        const value = environment.get(braced ?? bare ?? '')
        if (variable === undefined) builder.add(text, at, at + 1)
        else {
          const { from, to } = text.range(at, at + variable.length)
          if (value === undefined) {
            unknown = true
            builder.add(text, at, at + variable.length)
          } else builder.addFor(value, from, to)
          at += variable.length - 1
        }
      } else builder.add(text, at, at + 1)
    }
    const mapped = builder.done()
    words.push({ text: mapped.text, mapped, place: text.place(start, at), unknown })
  }
  return words
}

/** Unit files as systemd.syntax(7) has them: sections, settings, comments, and lines that go on behind a backslash. */
import { MappedTextBuilder, type MappedText } from '../text/mapped-text.ts'
import type { SourceFile } from '../text/source-file.ts'

export interface UnitSetting {
  readonly section: string
  readonly name: string
  readonly value: MappedText
}

const LONGEST_VALUE = 65_536

export function readUnitSettings(file: SourceFile): readonly UnitSetting[] {
  const settings: UnitSetting[] = []
  let section = ''
  for (let number = 1; number <= file.lineCount; number++) {
    const { start, end } = file.lineRange(number)
    const line = file.text.slice(start, Math.min(end, start + LONGEST_VALUE))
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) continue
    if (trimmed.startsWith('[') && trimmed.endsWith(']')) {
      section = trimmed.slice(1, -1)
      continue
    }
    const equals = line.indexOf('=')
    if (equals === -1) continue
    const builder = new MappedTextBuilder(file)
    let from = start + equals + 1
    while (from < end && (file.text[from] === ' ' || file.text[from] === '\t')) from++
    let to = end
    while (to > from && file.text[to - 1] === '\\' && builder.length < LONGEST_VALUE) {
      builder.addRange(from, to - 1)
      builder.addFor(' ', to - 1, to)
      let next = number + 1
      // comments may stand between the lines of one value
      while (next <= file.lineCount && /^\s*[#;]/.test(lineText(file, next))) next++
      if (next > file.lineCount) break
      number = next
      ;({ start: from, end: to } = file.lineRange(next))
    }
    if (from < to && to - from < LONGEST_VALUE && file.text[to - 1] !== '\\') builder.addRange(from, to)
    settings.push({ section, name: line.slice(0, equals).trim(), value: builder.done() })
  }
  return settings
}

function lineText(file: SourceFile, number: number): string {
  const { start, end } = file.lineRange(number)
  return file.text.slice(start, Math.min(end, start + 64))
}

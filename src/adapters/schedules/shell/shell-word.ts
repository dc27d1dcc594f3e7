import type { Place, Word } from '../../../core/model/scheduled.ts'
import type { MappedText } from '../text/mapped-text.ts'

/** A word after quoting and variables, which can be read as a script again (`bash -c '…'`). */
export interface ShellWord {
  readonly text: string
  readonly mapped: MappedText
  /** With its quotes. */
  readonly place: Place
  /** Holds what only the running shell knows. */
  readonly unknown: boolean
}

/** For the rules: with the place of its text alone, without quotes, where the file has it letter by letter. */
export function toWord({ text, mapped, place, unknown }: ShellWord): Word {
  const exact = text !== '' && mapped.isExact(0, text.length)
  return { text, place: exact ? mapped.place(0, text.length) : place, exact, unknown }
}

/** The command line from one word to another. */
export function spanOf(words: readonly Word[]): Place | null {
  const first = words[0]
  const last = words.at(-1)
  if (first === undefined || last === undefined) return null
  // a word may stand for a variable that was set further down
  const inOrder =
    last.place.file === first.place.file &&
    (last.place.endLine > first.place.line ||
      (last.place.endLine === first.place.line && last.place.endColumn >= first.place.endColumn))
  if (!inOrder) return first.place
  return { ...first.place, endLine: last.place.endLine, endColumn: last.place.endColumn }
}

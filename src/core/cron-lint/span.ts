import type { Place, Word } from '../model/scheduled.ts'

/** From the first word to the last; the first alone where they do not stand in one line of the file. */
export function spanOf(words: readonly Word[]): Place | null {
  const first = words[0]?.place
  const last = words.at(-1)?.place
  if (first === undefined || last === undefined) return null
  if (last.file !== first.file || last.line !== first.line || last.endColumn < first.endColumn) return first
  return { ...first, endLine: last.endLine, endColumn: last.endColumn }
}

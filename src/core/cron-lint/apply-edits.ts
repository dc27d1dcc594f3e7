import type { Edit } from './rule.ts'

/**
 * A text with edits made; those that overlap an earlier one are left out. A line that loses all of its text but blanks by
 * `delete-lines` is gone with its line break.
 */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const starts = lineStarts(text)
  const offset = (line: number, column: number): number =>
    Math.min(text.length, (starts[line - 1] ?? text.length) + column - 1)
  const changes = edits
    .map((edit) => {
      const { place } = edit
      if (edit.kind === 'replace')
        return {
          start: offset(place.line, place.column),
          end: offset(place.endLine, place.endColumn),
          text: edit.text,
        }
      return { start: offset(place.line, 1), end: starts[place.endLine] ?? text.length, text: '' }
    })
    .sort((a, b) => a.start - b.start || b.end - a.end)
  let result = ''
  let at = 0
  for (const change of changes) {
    if (change.start < at) continue
    result += text.slice(at, change.start) + change.text
    at = change.end
  }
  return result + text.slice(at)
}

function lineStarts(text: string): readonly number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

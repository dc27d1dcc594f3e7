import type { Place } from '../../../core/model/scheduled.ts'

/** A file's text, and where in it an offset is. */
export class SourceFile {
  readonly path: string
  readonly text: string
  readonly #starts: number[] = [0]

  constructor(path: string, text: string) {
    this.path = path
    this.text = text
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1)
  }

  get lineStarts(): readonly number[] {
    return this.#starts
  }

  get lineCount(): number {
    return this.#starts.length
  }

  /** Offsets of the line with this number (from 1), its line break not included. */
  lineRange(line: number): { start: number; end: number } {
    const start = this.#starts[line - 1] ?? this.text.length
    const next = this.#starts[line]
    let end = next === undefined ? this.text.length : next - 1
    if (end > start && this.text[end - 1] === '\r') end--
    return { start, end }
  }

  place(start: number, end: number): Place {
    const [line, column] = this.#position(start)
    const [endLine, endColumn] = this.#position(Math.max(start, end))
    return { file: this.path, line, column, endLine, endColumn }
  }

  #position(offset: number): [line: number, column: number] {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return [low + 1, offset - (this.#starts[low] ?? 0) + 1]
  }
}

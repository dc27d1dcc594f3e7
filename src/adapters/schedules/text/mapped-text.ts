import type { Place } from '../../../core/model/scheduled.ts'
import type { SourceFile } from './source-file.ts'

/** A run of characters: from the file one by one (`linear`), or all from one spot of it. */
interface Piece {
  readonly at: number
  readonly length: number
  readonly from: number
  readonly to: number
  readonly linear: boolean
}

/** A text made from pieces of a file (a quoted script, a block of YAML, lines joined) that knows where each character is from. */
export class MappedText {
  readonly file: SourceFile
  readonly text: string
  readonly #pieces: readonly Piece[]

  constructor(file: SourceFile, text: string, pieces: readonly Piece[]) {
    this.file = file
    this.text = text
    this.#pieces = pieces
  }

  static of(file: SourceFile, start: number, end: number): MappedText {
    const text = file.text.slice(start, end)
    return new MappedText(file, text, [{ at: 0, length: text.length, from: start, to: end, linear: true }])
  }

  /** A text that as a whole stands for the piece of the file from `start` to `end`. */
  static standingFor(file: SourceFile, text: string, start: number, end: number): MappedText {
    const linear = file.text.slice(start, end) === text
    return new MappedText(file, text, [{ at: 0, length: text.length, from: start, to: end, linear }])
  }

  /** Offsets in the file. */
  range(start: number, end: number): { from: number; to: number } {
    const first = this.#pieceAt(start)
    const last = this.#pieceAt(Math.max(start, end - 1))
    if (first === undefined || last === undefined) return { from: 0, to: 0 }
    const from = first.linear ? first.from + (start - first.at) : first.from
    const to = last.linear ? last.from + (end - last.at) : last.to
    return { from, to: Math.max(from, to) }
  }

  place(start: number, end: number): Place {
    const { from, to } = this.range(start, end)
    return this.file.place(from, to)
  }

  /** The file holds the text between these offsets as it is, in one run. */
  isExact(start: number, end: number): boolean {
    const { from, to } = this.range(start, end)
    return this.file.text.slice(from, to) === this.text.slice(start, end)
  }

  slice(start: number, end: number): MappedText {
    const build = new MappedTextBuilder(this.file)
    build.add(this, start, end)
    return build.done()
  }

  piecesBetween(start: number, end: number): readonly Piece[] {
    const found: Piece[] = []
    for (let i = this.#indexAt(start); i < this.#pieces.length; i++) {
      const piece = this.#pieces[i]
      if (piece === undefined || piece.at >= end) break
      const low = Math.max(start, piece.at)
      const high = Math.min(end, piece.at + piece.length)
      if (low >= high) continue
      const shift = piece.linear ? low - piece.at : 0
      const to = piece.linear ? piece.from + shift + (high - low) : piece.to
      found.push({
        at: low,
        length: high - low,
        from: piece.from + shift,
        to,
        linear: piece.linear,
      })
    }
    return found
  }

  #pieceAt(offset: number): Piece | undefined {
    return this.#pieces[this.#indexAt(offset)]
  }

  #indexAt(offset: number): number {
    let low = 0
    let high = this.#pieces.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#pieces[middle]?.at ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** Puts a text together from pieces of one file, and of what stands for a piece of it. */
export class MappedTextBuilder {
  readonly #file: SourceFile
  readonly #pieces: Piece[] = []
  #text: string[] = []
  #length = 0

  constructor(file: SourceFile) {
    this.#file = file
  }

  get length(): number {
    return this.#length
  }

  /** A piece of another mapped text. */
  add(other: MappedText, start = 0, end = other.text.length): void {
    for (const piece of other.piecesBetween(start, end))
      this.#push(other.text.slice(piece.at, piece.at + piece.length), piece.from, piece.to, piece.linear)
  }

  /** Characters of the file as they are. */
  addRange(start: number, end: number): void {
    this.#push(this.#file.text.slice(start, end), start, end, true)
  }

  /** A text that stands for a piece of the file. */
  addFor(text: string, start: number, end: number): void {
    this.#push(text, start, end, this.#file.text.slice(start, end) === text)
  }

  done(): MappedText {
    return new MappedText(this.#file, this.#text.join(''), this.#pieces)
  }

  #push(text: string, from: number, to: number, linear: boolean): void {
    if (text === '') return
    const last = this.#pieces.at(-1)
    if (last !== undefined && last.linear && linear && last.to === from)
      this.#pieces[this.#pieces.length - 1] = { ...last, length: last.length + text.length, to }
    else this.#pieces.push({ at: this.#length, length: text.length, from, to, linear })
    this.#text.push(text)
    this.#length += text.length
  }
}

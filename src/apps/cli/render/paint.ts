import { styleText } from 'node:util'

/** Colours for people; each gives the text back unchanged where colour is off. */
export interface Painter {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly warn: (text: string) => string
}

/** For pipes, files and `--no-color`. */
export const plainPainter: Painter = {
  bold: (text) => text,
  dim: (text) => text,
  good: (text) => text,
  bad: (text) => text,
  warn: (text) => text,
}

const colourPainter: Painter = {
  bold: style('bold'),
  dim: style('dim'),
  good: style('green'),
  bad: style('red'),
  warn: style('yellow'),
}

function style(name: Parameters<typeof styleText>[0]): (text: string) => string {
  // Whether to paint was decided for the stream already.
  return (text) => styleText(name, text, { validateStream: false })
}

/** Colour only on a terminal that has it, and never against `NO_COLOR` (no-color.org) or `--no-color`. */
export function painterFor(stream: {
  readonly isTerminal: boolean
  readonly noColour: boolean
  readonly term: string | undefined
}): Painter {
  return stream.isTerminal && !stream.noColour && stream.term !== 'dumb' ? colourPainter : plainPainter
}

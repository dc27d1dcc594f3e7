/** Numbers, sizes, times and tables for people. Pure. */
import { stripVTControlCharacters } from 'node:util'

/** Narrow no-break space: groups digits without looking like a decimal sign anywhere. */
const THIN_SPACE = '\u202F'
const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const

/** `12 345 678`, grouped by a thin space. */
export function formatCount(count: number | bigint): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, THIN_SPACE)
}

/** `1.46 GB`: three significant digits, in steps of 1024. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let step = 0
  // 1023.5 would be shown as 1024
  while (Math.abs(value) >= 1023.5 && step < UNITS.length - 1) {
    value /= 1024
    step++
  }
  const digits = step === 0 || Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2
  return `${value.toFixed(digits)} ${UNITS[step]}`
}

/** `350 ms`, `4.2 s`, `5 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 10_000) return `${Math.floor(ms / 100) / 10} s`
  const s = Math.round(ms / 1000)
  if (s < 60) return `${s} s`
  if (s < 3600) return parts(s, 60, 'min', 's')
  const min = Math.round(s / 60)
  if (min < 1440) return parts(min, 60, 'h', 'min')
  return parts(Math.round(min / 60), 24, 'd', 'h')
}

/** Date and time in the reader's language and time zone, to the minute. */
export function formatTime(ms: number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(ms)
}

function parts(value: number, size: number, big: string, small: string): string {
  const rest = value % size
  const whole = `${Math.floor(value / size)} ${big}`
  return rest === 0 ? whole : `${whole} ${rest} ${small}`
}

/** `1 file`, `2 files`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

export interface Column {
  readonly title: string
  /** Numbers stand right. */
  readonly align?: 'left' | 'right'
}

/** A table without lines; columns two blanks apart, no blanks at line ends. Cells may be painted. Ends with a line break. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const titles = columns.map((column) => column.title)
  const lines = titles.some((title) => title !== '') ? [titles, ...rows] : rows
  const widths = columns.map((_, i) => Math.max(0, ...lines.map((line) => width(line[i] ?? ''))))
  return lines
    .map((line) => {
      const cells = columns.map((column, i) => {
        const cell = line[i] ?? ''
        const padding = ' '.repeat((widths[i] ?? 0) - width(cell))
        return column.align === 'right' ? padding + cell : cell + padding
      })
      return `${cells.join('  ').trimEnd()}\n`
    })
    .join('')
}

/** Lines of at most that many characters, broken between words; a longer word stays whole. For unpainted text. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || width(last) + 1 + width(word) > columns) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

/** Characters a text takes on screen, colours not counted. */
function width(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length
}

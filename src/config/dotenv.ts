/**
 * Reads a `.env.production` the way Mastodon does, with line numbers.
 *
 * Mastodon loads it with the Ruby gem `dotenv`, whose rules differ from those of the npm package of that name: single
 * quotes keep everything, double quotes and bare values know `\` and `$NAME`/`${NAME}` (the real environment wins over
 * earlier lines), a bare value ends at `#`, `KEY: value` is allowed. The gem also runs `$(command)`; this reader never
 * does and marks such a value instead.
 */

/** One assignment; a later one of the same name replaces an earlier one. */
export interface Assignment {
  readonly value: string
  /** Line of the name, from 1. */
  readonly line: number
  /** The value asks for a command to be run, so it is not known. */
  readonly wantsCommand: boolean
  /** The value refers to a variable that is set nowhere; it became empty. */
  readonly refersToUnset: boolean
}

export interface Dotenv {
  readonly assignments: ReadonlyMap<string, Assignment>
  /** Lines that are neither an assignment, a comment, `export NAME` nor blank; Mastodon ignores them. */
  readonly ignoredLines: readonly number[]
}

const NAME = /[ \t]*(?:export[ \t]+)?([\w.]+)(?:[ \t]*=|:(?=[ \t]))[ \t]*/y
const SINGLE_QUOTED = /'((?:\\'|[^'])*)'[ \t]*(?:#.*)?(?=\n|$)/y
const DOUBLE_QUOTED = /"((?:\\"|[^"])*)"[ \t]*(?:#.*)?(?=\n|$)/y
const BARE = /[^#\n]*/y
const MEANINGLESS = /^[ \t]*(?:#.*|export[ \t][\w \t.]*)?$/

/** Never fails: what cannot be read as an assignment is listed in `ignoredLines`. */
export function parseDotenv(
  source: string,
  environment: Readonly<Record<string, string | undefined>>,
): Dotenv {
  const text = source.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n')
  const assignments = new Map<string, Assignment>()
  const ignoredLines: number[] = []
  const lookUp = (name: string): string | undefined => environment[name] ?? assignments.get(name)?.value
  let line = 1
  let at = 0
  while (at < text.length) {
    const start = at
    const name = matchAt(NAME, text, at)
    if (name !== null) {
      at += name[0].length
      const read = readValue(text, at, lookUp)
      assignments.set(name[1] ?? '', { ...read.value, line })
      at = read.end
    }
    const end = text.indexOf('\n', at)
    at = end === -1 ? text.length : end + 1
    if (name === null && !MEANINGLESS.test(text.slice(start, end === -1 ? undefined : end))) {
      ignoredLines.push(line)
    }
    line += countLines(text, start, at)
  }
  return { assignments, ignoredLines }
}

type LookUp = (name: string) => string | undefined

interface ReadValue {
  readonly value: Omit<Assignment, 'line'>
  readonly end: number
}

/** A quote that nobody closes on its line's end belongs to the value, as in Mastodon. */
function readValue(text: string, at: number, lookUp: LookUp): ReadValue {
  const single = matchAt(SINGLE_QUOTED, text, at)
  if (single !== null) {
    const value = { value: single[1] ?? '', wantsCommand: false, refersToUnset: false }
    return { value, end: at + single[0].length }
  }
  const double = matchAt(DOUBLE_QUOTED, text, at)
  if (double !== null) return { value: expand(double[1] ?? '', true, lookUp), end: at + double[0].length }
  const bare = matchAt(BARE, text, at)?.[0] ?? ''
  return { value: expand(bare.trim(), false, lookUp), end: at + bare.length }
}

const EXPANDED = /\\(\$)|\\([^])|(\$\()|\$\{?([A-Za-z0-9_]+)\}?/g

function expand(raw: string, quoted: boolean, lookUp: LookUp): Omit<Assignment, 'line'> {
  let wantsCommand = false
  let refersToUnset = false
  const value = raw.replaceAll(EXPANDED, (whole, dollar, escaped, command, name) => {
    if (dollar !== undefined) return '$'
    // Line breaks are written out only in the gem's legacy mode: `\n` in double quotes stays two characters.
    if (escaped !== undefined) return quoted && /[nr]/.test(escaped) ? whole : escaped
    if (command !== undefined) {
      wantsCommand = true
      return whole
    }
    const known = lookUp(name)
    refersToUnset ||= known === undefined
    return known ?? ''
  })
  return { value, wantsCommand, refersToUnset }
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  // Own copy: the `lastIndex` of a shared pattern would be state.
  const sticky = new RegExp(pattern.source, 'y')
  sticky.lastIndex = at
  return sticky.exec(text)
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) lines++
  return lines
}

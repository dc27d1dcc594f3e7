import { parse, type ParsedScript } from 'unbash'

/** Longer scripts are not read: real ones have a few hundred lines. */
export const LONGEST_SCRIPT = 128 * 1024

/** More here-documents than this is no script anybody wrote; the parser takes quadratic time for them. */
const MOST_HEREDOCS = 400

/** Nor are so many substitutions; nested, each of them costs the parser kilobytes. */
const MOST_SUBSTITUTIONS = 2_000

/** Null if there is too much of it to be parsed in time. Tolerant: what is wrong is left out. */
export function parseShell(text: string): ParsedScript | null {
  if (tooMany(text, '$(', MOST_SUBSTITUTIONS) || tooMany(text, '`', 2 * MOST_SUBSTITUTIONS)) return null
  if (text.length > LONGEST_SCRIPT || tooMany(text, '<<', MOST_HEREDOCS)) return null
  try {
    return parse(text)
  } catch {
    // the parser promises not to throw; a stack that is too deep is nobody's promise
    return null
  }
}

function tooMany(text: string, what: string, most: number): boolean {
  let count = 0
  for (let at = text.indexOf(what); at !== -1; at = text.indexOf(what, at + what.length))
    if (++count > most) return true
  return false
}

import { parse, type ParsedScript } from 'unbash'

/** Longer scripts are not read: real ones have a few hundred lines. */
export const LONGEST_SCRIPT = 128 * 1024

/** More here-documents than this is no script anybody wrote; the parser takes quadratic time for them. */
const MOST_HEREDOCS = 400

/** Null if there is too much of it to be parsed in time. Tolerant: what is wrong is left out. */
export function parseShell(text: string): ParsedScript | null {
  if (text.length > LONGEST_SCRIPT || countOf(text, '<<') > MOST_HEREDOCS) return null
  try {
    return parse(text)
  } catch {
    // the parser promises not to throw; a stack that is too deep is nobody's promise
    return null
  }
}

function countOf(text: string, what: string): number {
  let count = 0
  for (let at = text.indexOf(what); at !== -1 && count <= MOST_HEREDOCS; at = text.indexOf(what, at + 2))
    count++
  return count
}
